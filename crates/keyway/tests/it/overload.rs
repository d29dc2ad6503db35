//! Too much to do: what is beyond the caps is refused whole, at once and before its body is read; what is
//! not inference is served all the while.

use crate::stage::{self, Scene};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use testkit::{Answer, Connection, Response, Upstream, eventually};

const PATH: &str = "/v1/chat/completions";

fn gauge(scene: &Scene, name: &str) -> u64 {
    let metrics = scene.get("/metrics").text();
    let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or_default()
}

fn assert_shed(answer: &Response) {
    assert_eq!((answer.status, answer.code().as_str()), (503, "overloaded"), "{}", answer.text());
    assert!(answer.header("retry-after").is_some() && answer.header("x-request-id").is_some());
}

/// A request's head that announces a body, and nothing of the body.
fn announce(scene: &Scene, key: &str, bytes: usize) -> Connection {
    let mut connection = scene.keyway.connect();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {bytes}\r\n\r\n"
    );
    connection.raw().write_all(head.as_bytes()).expect("a head");
    connection
}

#[test]
fn what_is_too_much_is_refused_before_its_body_and_the_rest_is_served() {
    let open = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&open);
    let upstream = Upstream::scripted(move |_| {
        eventually("leave to answer", || seen.load(Ordering::SeqCst).then_some(()));
        Answer::ok()
    });
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_REQUESTS_RUNNING_MAX", "2"));
    let (_, key) = scene.make_key();
    let chat = || scene.keyway.post_json(PATH, &key, &stage::hello(false));
    std::thread::scope(|scope| {
        let running = [scope.spawn(chat), scope.spawn(chat)];
        upstream.wait_for(2);
        let mut third = announce(&scene, &key, 1_000_000);
        assert_shed(&third.response().expect("an answer without a body"));
        assert_shed(&chat());
        for path in ["/healthz", "/v1/organization/projects", "/metrics"] {
            assert_eq!(scene.get(path).status, 200, "{path}");
        }
        assert_eq!(scene.keyway.get("/v1/models", &key).status, 200);
        assert_eq!(gauge(&scene, "keyway_requests_shed_total"), 2);
        open.store(true, Ordering::SeqCst);
        for one in running {
            assert_eq!(one.join().expect("an answer").status, 200);
        }
    });
    assert_eq!(chat().status, 200);
    eventually("nothing that runs", || (gauge(&scene, "keyway_requests_running") == 0).then_some(()));
    assert_eq!(gauge(&scene, "keyway_request_body_bytes"), 0);
    assert_eq!(upstream.count(), 3, "what was refused was never sent");
}

#[test]
fn bodies_take_no_more_memory_than_they_may() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_REQUEST_BODIES_BYTES_MAX", "1 MiB"));
    let (_, key) = scene.make_key();
    let announced = announce(&scene, &key, 1_000_000);
    let mut slow = announce(&scene, &key, 1_000_000);
    slow.raw().write_all(&vec![b' '; 900_000]).expect("most of a body");
    eventually("the body's room", || (gauge(&scene, "keyway_request_body_bytes") > 900_000).then_some(()));
    let mut second = announce(&scene, &key, 400_000);
    // The server may answer, and close, before all of it is sent.
    let _ = second.raw().write_all(&vec![b' '; 300_000]);
    assert_shed(&second.response().expect("an answer before the body's end"));
    let small = scene.keyway.post_json(PATH, &key, &stage::hello(false));
    assert_eq!(small.status, 200, "what fits is served");
    drop((slow, announced));
    eventually("room again", || (gauge(&scene, "keyway_request_body_bytes") == 0).then_some(()));
    assert_eq!(scene.keyway.post_json(PATH, &key, &stage::hello(false)).status, 200);
}

/// Requests come from many at once, ten times as many as are served at a time: each is answered whole, with
/// an answer or a refusal, and as many are served as could be.
#[test]
fn at_ten_times_the_cap_every_request_has_a_whole_answer() {
    const CAP: usize = 4;
    const ROUNDS: usize = 10;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, peak) = (Arc::clone(&now), Arc::clone(&most));
    let upstream = Upstream::scripted(move |_| {
        peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(30));
        inside.fetch_sub(1, Ordering::SeqCst);
        Answer::ok()
    });
    let builder = stage::builder(&upstream).env("KEYWAY_WORKERS", "2");
    let scene = Scene::start(builder.env("KEYWAY_REQUESTS_RUNNING_MAX", &CAP.to_string()));
    let (_, key) = scene.make_key();
    let (served, shed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for client in 0..CAP * 10 {
            let (scene, key, served, shed) = (&scene, &key, &served, &shed);
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    let stream = client % 2 == 1;
                    let answer = scene.keyway.post_json(PATH, key, &stage::hello(stream));
                    if answer.status == 200 {
                        let whole = if stream {
                            answer.text().ends_with("data: [DONE]\n\n")
                        } else {
                            answer.json().is_object()
                        };
                        assert!(whole, "{}", answer.text());
                        served.fetch_add(1, Ordering::SeqCst);
                    } else {
                        assert_shed(&answer);
                        shed.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        for _ in 0..ROUNDS {
            assert_eq!(scene.get("/v1/organization/projects").status, 200);
        }
    });
    assert_eq!(served.load(Ordering::SeqCst) + shed.load(Ordering::SeqCst), CAP * 10 * ROUNDS);
    assert_eq!(upstream.count() as usize, served.load(Ordering::SeqCst), "each that was sent was answered");
    assert!(
        most.load(Ordering::SeqCst) <= CAP && served.load(Ordering::SeqCst) >= CAP,
        "{served:?} {most:?}"
    );
    assert!(shed.load(Ordering::SeqCst) > 0, "it was too much");
}
