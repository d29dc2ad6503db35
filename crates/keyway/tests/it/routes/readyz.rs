//! `GET /readyz`

use crate::database::execute;
use crate::scene::{CHAT, HI, HI_STREAM, Scene, assert_error};
use testkit::upstream::Step;
use testkit::{Answer, Response, eventually, json};

#[test]
fn it_is_ready_until_it_drains() {
    let scene = Scene::with("drain_notice_ms = 20000");
    assert_eq!(scene.keyway.get("/readyz", "").expect_status(200).json(), json!({"status": "ready"}));
    scene.upstream.push(Answer::ok().at_frame(2, Step::Wait(std::time::Duration::from_millis(300))));
    let (_, mut running) = scene.keyway.stream(CHAT, &scene.key, &serde_json::from_str(HI_STREAM).unwrap());
    scene.keyway.ask_to_end();
    let answer = eventually("a server that drains", || {
        let answer = scene.keyway.get("/readyz", "");
        (answer.status != 200).then_some(answer)
    });
    assert_eq!((answer.status, answer.json()), (503, json!({"status": "not_ready", "reason": "draining"})));
    assert_eq!(answer.header("connection"), Some("close"));
    // It is alive all the same, and ends what it has begun.
    assert_eq!(scene.keyway.get("/healthz", "").status, 200);
    let rest = String::from_utf8(running.body().unwrap()).unwrap();
    assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
}

/// Waits until it says no, and for this reason.
fn not_ready(scene: &Scene) -> Response {
    eventually("a server that is not ready", || {
        let answer = scene.keyway.get("/readyz", "");
        (answer.status != 200).then_some(answer)
    })
}

#[test]
fn it_is_not_ready_without_its_database() {
    let scene = Scene::with("sync_age_seconds_max = 2");
    assert_eq!(scene.chat(HI).status, 200);
    execute(&scene.keyway, "ALTER TABLE changes RENAME TO changes_away;");
    let answer = not_ready(&scene);
    assert_eq!(
        (answer.status, answer.json()),
        (503, json!({"status": "not_ready", "reason": "database_lost"}))
    );
    assert_eq!(scene.chat(HI).status, 503);
    execute(&scene.keyway, "ALTER TABLE changes_away RENAME TO changes;");
    eventually("a server that is ready again", || scene.keyway.is_ready().then_some(()));
    assert_eq!(scene.chat(HI).status, 200);
}

/// As on a full disk: what is there can be written, and there is no more. It comes back by itself, for a
/// server that is not ready gets no requests that would try.
#[test]
fn it_is_not_ready_without_room_in_its_journal() {
    let scene = Scene::with("journal_segment_bytes = \"64 KiB\"");
    let journal = scene.keyway.data_dir().join("journal");
    let away = scene.keyway.data_dir().join("away");
    std::fs::rename(&journal, &away).unwrap();
    std::fs::write(&journal, "in the way").unwrap();
    let refused = eventually("a full journal", || {
        let answer = scene.chat(HI);
        (answer.status != 200).then_some(answer)
    });
    assert_error("a full journal", &refused, 503, "metering_unavailable");
    let answer = not_ready(&scene);
    assert_eq!(answer.json(), json!({"status": "not_ready", "reason": "journal_not_writable"}));
    std::fs::remove_file(&journal).unwrap();
    std::fs::rename(&away, &journal).unwrap();
    eventually("a server that is ready again", || scene.keyway.is_ready().then_some(()));
    assert_eq!(scene.chat(HI).status, 200);
}
