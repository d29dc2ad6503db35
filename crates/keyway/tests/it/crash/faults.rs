//! Faults of the disk under a running server: a full one, and one that fails a sync.

use super::strace::{attach, detach, may_trace, threads_of};
use crate::stage::{self, MODEL, Scene};
use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::upstream::Step;
use testkit::{Answer, Upstream, Value, json, within};

fn stream_of(marker: &str) -> Value {
    json!({"model": MODEL, "stream": true, "messages": [{"role": "user", "content": format!("marker:{marker}")}]})
}

#[test]
fn a_full_disk_stops_new_work_within_a_second_and_loses_no_line_timed() {
    if !may_trace() {
        return;
    }
    let upstream = Upstream::scripted(|request| match request.marker().as_deref() {
        // Long enough that the disk is full when it ends.
        Some("running") => Answer::ok().at_frame(3, Step::Wait(Duration::from_secs(2))),
        _ => Answer::ok(),
    });
    let builder = stage::builder(&upstream).env("KEYWAY_LOG", "warn").env("KEYWAY_WORKERS", "1");
    let scene = Scene::start(builder);
    let (_, key) = scene.make_key();
    scene.chat(&key).expect_status(200);
    let (head, mut running) = scene.keyway.stream("/v1/chat/completions", &key, &stream_of("running"));
    let running_id = head.header("x-request-id").unwrap_or_default().to_owned();
    let writers: Vec<u32> =
        ["worker-", "keyway-journal"].iter().flat_map(|name| threads_of(scene.keyway.pid(), name)).collect();
    let full = ["-e", "trace=pwrite64,fallocate", "-e", "inject=pwrite64,fallocate:error=ENOSPC"];
    let strace = attach(&writers, Path::new("/dev/null"), &full).expect("strace is attached");
    let asked = Instant::now();
    let refused = scene.chat(&key);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "metering_unavailable"),
        "{}",
        refused.text()
    );
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    // What was admitted goes on to its end, though its line cannot be written yet.
    let said = stage::events(&mut running).concat();
    assert!(said.contains("[DONE]"), "{said}");
    assert_eq!(scene.chat(&key).code(), "metering_unavailable");
    assert_eq!(upstream.count(), 2, "what cannot be recorded is not sent");
    detach(strace);
    let again = Instant::now();
    let served =
        within(Duration::from_secs(10), || (scene.chat(&key).status == 200).then(|| again.elapsed()));
    assert!(served.is_some_and(|after| after < Duration::from_secs(2)), "{served:?}");
    let line = scene.request(&running_id);
    assert_eq!((&line["status"], &line["usage_origin"]), (&json!(200), &json!("reported")), "{line}");
    let bills = upstream.billed().len();
    testkit::eventually("a line of each", || {
        let sent = scene.requests().iter().filter(|row| row["attempts"] != json!([])).count();
        (sent == bills).then_some(())
    });
}

/// Linux reports a failed sync once and calls the next one a success: it must not be asked again, and
/// what is only in the journal for sure has to stay there.
#[test]
fn a_failed_sync_is_not_tried_again_and_the_journal_is_kept() {
    if !may_trace() {
        return;
    }
    let upstream = Upstream::start();
    let builder = stage::builder(&upstream)
        .sqlite()
        .env("KEYWAY_LOG", "warn")
        .env("KEYWAY_WORKERS", "1")
        .env("KEYWAY_JOURNAL_SEGMENT_BYTES", "64 KiB");
    let mut scene = Scene::start(builder);
    let (_, key) = scene.make_key();
    let trace = scene.keyway.data_dir().with_file_name("syncs");
    let failing = ["-y", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"];
    let threads = threads_of(scene.keyway.pid(), "sqlx-sqlite");
    let strace = attach(&threads, &trace, &failing).expect("strace is attached");
    let first = || scene_journal(&scene).into_iter().find(|name| name.ends_with("0000-0000000000.kwj"));
    assert!(first().is_some());
    let mut asked = 1;
    let mut ask = |count: usize| {
        for _ in 0..count {
            scene.chat(&key).expect_status(200);
            asked += 1;
        }
    };
    // More than a segment holds, twice, with the time between that two checkpoints are apart.
    ask(200);
    let failed = within(Duration::from_secs(20), || {
        std::fs::read_to_string(&trace).ok().filter(|text| text.contains("EIO"))
    });
    assert!(failed.is_some(), "no checkpoint was made");
    ask(200);
    std::thread::sleep(Duration::from_millis(6_500));
    let text = std::fs::read_to_string(&trace).expect("what strace saw");
    let files: Vec<&str> = text.lines().filter_map(|line| line.split(['<', '>']).nth(1)).collect();
    let distinct: HashSet<&&str> = files.iter().collect();
    assert_eq!(files.len(), distinct.len(), "a file was synced again:\n{text}");
    assert!(first().is_some(), "a journal file was deleted that may be all there is");
    assert!(scene.keyway.stderr().contains("failed a checkpoint"), "{}", scene.keyway.stderr());
    detach(strace);
    scene.keyway.kill9();
    scene.keyway.start();
    let rows =
        testkit::eventually("every line", || Some(scene.requests()).filter(|rows| rows.len() >= asked - 1));
    assert_eq!(rows.len(), asked - 1);
}

fn scene_journal(scene: &Scene) -> Vec<String> {
    let mut all = Vec::new();
    for boot in std::fs::read_dir(scene.keyway.data_dir().join("journal")).into_iter().flatten().flatten() {
        for file in std::fs::read_dir(boot.path()).into_iter().flatten().flatten() {
            all.push(file.path().display().to_string());
        }
    }
    all
}
