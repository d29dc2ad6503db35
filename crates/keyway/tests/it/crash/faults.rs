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
/// what is only in the journal for sure has to stay there. Until a new file can be synced nothing is spent.
#[test]
fn a_failed_sync_is_not_tried_again_stops_new_work_and_keeps_the_journal_timed() {
    if !may_trace() {
        return;
    }
    let upstream = Upstream::scripted(|request| match request.marker().as_deref() {
        Some("running") => Answer::ok().at_frame(3, Step::Wait(Duration::from_secs(15))),
        _ => Answer::ok(),
    });
    let builder = stage::builder(&upstream)
        .sqlite()
        .env("KEYWAY_LOG", "warn")
        .env("KEYWAY_WORKERS", "1")
        .env("KEYWAY_JOURNAL_SEGMENT_BYTES", "64 KiB");
    let mut scene = Scene::start(builder);
    let (_, key) = scene.make_key();
    let trace = scene.keyway.data_dir().with_file_name("syncs");
    // More than a segment holds: there is something to checkpoint.
    for _ in 0..200 {
        scene.chat(&key).expect_status(200);
    }
    let (head, mut running) = scene.keyway.stream("/v1/chat/completions", &key, &stream_of("running"));
    let running_id = head.header("x-request-id").unwrap_or_default().to_owned();
    let failing = ["-f", "-y", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"];
    let strace = attach(&[scene.keyway.pid()], &trace, &failing).expect("strace is attached");
    let synced = || std::fs::read_to_string(&trace).unwrap_or_default();
    let failed = within(Duration::from_secs(20), || {
        let _ = scene.chat(&key);
        synced().contains("EIO").then(Instant::now)
    });
    let failed = failed.expect("no checkpoint was made");
    let refused = within(Duration::from_secs(5), || {
        (scene.chat(&key).code() == "metering_unavailable").then(|| failed.elapsed())
    });
    assert!(refused.is_some_and(|after| after < Duration::from_secs(1)), "{refused:?}");
    let sent = upstream.count();
    let ready = scene.keyway.get("/readyz", "");
    assert_eq!(ready.status, 503, "{}", ready.text());
    // It goes on: no file is synced a second time, and new ones are tried.
    std::thread::sleep(Duration::from_millis(6_500));
    assert_eq!((scene.chat(&key).status, upstream.count()), (503, sent));
    let text = synced();
    let files: Vec<&str> = text.lines().filter_map(|line| line.split(['<', '>']).nth(1)).collect();
    let distinct: HashSet<&&str> = files.iter().collect();
    assert!(files.len() == distinct.len() && files.len() > 3, "a file was synced again:\n{text}");
    let journals: HashSet<String> = scene_journal(&scene).into_iter().collect();
    assert!(!journals.is_empty(), "a journal file was deleted that may be all there is");
    assert!(scene.keyway.stderr().contains("failed a checkpoint"), "{}", scene.keyway.stderr());
    // What was admitted goes on to its end and is booked.
    let said = stage::events(&mut running).concat();
    assert!(said.contains("[DONE]"), "{said}");
    assert_eq!(scene.request(&running_id)["status"], 200);
    detach(strace);
    let served = within(Duration::from_secs(2), || (scene.chat(&key).status == 200).then_some(()));
    assert!(served.is_some(), "it does not recover");
    let after = scene_journal(&scene);
    assert!(journals.iter().all(|file| after.contains(file)), "{journals:?} {after:?}");
    let bills = upstream.billed().len();
    scene.keyway.kill9();
    scene.keyway.start();
    testkit::eventually("a line of each", || {
        let sent = scene.requests().iter().filter(|row| row["attempts"] != json!([])).count();
        (sent == bills).then_some(())
    });
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
