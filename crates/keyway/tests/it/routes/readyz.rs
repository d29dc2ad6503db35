//! `GET /readyz`

use crate::scene::{CHAT, HI_STREAM, Scene};
use testkit::upstream::Step;
use testkit::{Answer, eventually, json};

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
