//! SIGKILL before every system call of one request that changes anything outside the process, from its
//! arrival until it is in the database. What lies between two such calls is one and the same state, so
//! this is a kill at any instruction.
//!
//! The calls are counted by `strace`, thread by thread, attached to a server that is up.

use super::strace::{attach, may_trace, threads_of};
use super::{Complete, compare};
use crate::stage::{self, MODEL, Scene};
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;
use testkit::{Answer, Connection, Keyway, Upstream, json};

/// `all`: every call of every thread, not a sample.
const POINTS_VARIABLE: &str = "KEYWAY_TEST_KILL_POINTS";
/// Calls that write. The plain `write`s of other threads than the worker's are wake-ups and log lines.
const WORKER_CALLS: &str = "write,pwrite64,pwritev,writev,sendto,sendmsg,fdatasync,fsync,ftruncate,fallocate";
const OTHER_CALLS: &str = "pwrite64,pwritev,writev,sendto,sendmsg,fdatasync,fsync,ftruncate,fallocate,\
    rename,renameat,renameat2,unlink,unlinkat";
/// How long a request has, once answered, until it is in the database for sure.
const SHIPPING: Duration = Duration::from_millis(900);
/// More calls than any thread makes for one request, with what it does for others in that time: the first
/// look over the alert rules is a hundred calls, on PostgreSQL.
const CALLS_MAX: usize = 500;

/// Threads whose calls are counted, by the beginning of their names.
struct Threads {
    name: &'static str,
    calls: &'static str,
    /// Every how many calls the server is killed, unless all are asked for.
    stride: usize,
}

const WORKER: Threads = Threads { name: "worker-", calls: WORKER_CALLS, stride: 1 };
const SQLITE: Threads = Threads { name: "sqlx-sqlite", calls: OTHER_CALLS, stride: 4 };
const CONTROL: Threads = Threads { name: "control", calls: OTHER_CALLS, stride: 6 };

/// Asks once; its answer, if its last byte came.
fn ask(keyway: &Keyway, key: &str, marker: &str, stream: bool) -> Option<Complete> {
    let body = json!({"model": MODEL, "stream": stream,
        "messages": [{"role": "user", "content": format!("marker:{marker}")}]});
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("x-request-id", marker)];
    let mut connection = Connection::open(keyway.address()).ok()?;
    connection.send("POST", "/v1/chat/completions", &headers, body.to_string().as_bytes()).ok()?;
    let answer = connection.response().ok()?;
    let request = answer.header("x-request-id").unwrap_or_default().to_owned();
    Some(Complete { marker: marker.to_owned(), request, status: answer.status })
}

/// Markers of the requests that the journals on the disk know of.
fn noted(keyway: &Keyway) -> HashSet<String> {
    let mut all = HashSet::new();
    for boot in std::fs::read_dir(keyway.data_dir().join("journal")).into_iter().flatten().flatten() {
        for file in std::fs::read_dir(boot.path()).into_iter().flatten().flatten() {
            let bytes = std::fs::read(file.path()).unwrap_or_default();
            for found in ledger::record::Scanner::new(&bytes, None) {
                match found.record {
                    ledger::record::Record::Sent(sent) => all.insert(sent.entry.client_request.to_owned()),
                    ledger::record::Record::Settle(entry) => all.insert(entry.client_request.to_owned()),
                    ledger::record::Record::Void(_) | ledger::record::Record::Progress(_) => false,
                };
            }
        }
    }
    all
}

/// What has been seen over all kills.
#[derive(Default)]
struct Seen {
    complete: Vec<Complete>,
    noted: HashSet<String>,
    kills: usize,
}

/// Kills before call `number` of any of the threads; whether there was one so late.
fn kill_at(
    scene: &mut Scene,
    key: &str,
    threads: &Threads,
    number: usize,
    stream: bool,
    seen: &mut Seen,
) -> bool {
    let found = threads_of(scene.keyway.pid(), threads.name);
    assert!(!found.is_empty(), "no thread is called {}", threads.name);
    let inject = format!("inject={}:signal=KILL:when={number}", threads.calls);
    let trace = format!("trace={}", threads.calls);
    let marker = format!("{}{number}{}", threads.name, if stream { "s" } else { "w" });
    let strace = attach(&found, Path::new("/dev/null"), &["-e", &trace, "-e", &inject]);
    if strace.is_some() {
        seen.complete.extend(ask(&scene.keyway, key, &marker, stream));
    }
    // Threads that look after other things too may come to that call before anybody asks.
    let died = scene.keyway.wait_end(SHIPPING).is_some();
    assert!(died || strace.is_some(), "strace is not attached");
    // The process goes first: once strace lets go of it, a worker would run on.
    scene.keyway.kill9();
    if let Some(mut strace) = strace {
        let _ = strace.wait();
    }
    seen.noted.extend(noted(&scene.keyway));
    seen.kills += usize::from(died);
    scene.keyway.start();
    died
}

fn kill_all_along(scene: &mut Scene, key: &str, threads: &Threads, seen: &mut Seen) {
    let all = std::env::var(POINTS_VARIABLE).is_ok_and(|value| value == "all");
    let stride = if all { 1 } else { threads.stride };
    for stream in [false, true] {
        // Samples of whole answers and of streams lie between each other.
        let first = if stream { 1 + stride / 2 } else { 1 };
        let mut numbers = (first..CALLS_MAX).step_by(stride);
        assert!(numbers.any(|number| !kill_at(scene, key, threads, number, stream, seen)), "no end of calls");
    }
}

#[test]
fn a_kill_before_every_write_of_a_request_loses_and_doubles_nothing() {
    if !may_trace() {
        return;
    }
    let upstream = Upstream::scripted(|_| Answer::ok().frame_gap(Duration::from_millis(2)));
    let builder = stage::builder(&upstream).env("KEYWAY_LOG", "warn").env("KEYWAY_WORKERS", "1");
    let mut scene = Scene::start(builder);
    let (_, key) = scene.make_key();
    let mut seen = Seen::default();
    kill_all_along(&mut scene, &key, &WORKER, &mut seen);
    // The statements that take it into the database are made on other threads.
    let shipping = if scene.keyway.postgres_url().is_some() { CONTROL } else { SQLITE };
    kill_all_along(&mut scene, &key, &shipping, &mut seen);
    eprintln!("{} kills, {} answers that were whole all the same", seen.kills, seen.complete.len());
    assert!(seen.kills >= 8, "hardly any call was met: {}", seen.kills);
    scene.keyway.restart();
    compare(&scene, &upstream, &seen.complete);
    let booked: HashSet<String> =
        scene.requests().iter().map(|row| stage::text(&row["client_request_id"])).collect();
    assert_eq!(booked, seen.noted, "a line for each SENT, and none without");
}
