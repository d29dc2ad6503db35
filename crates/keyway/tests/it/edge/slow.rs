//! Clients that are slow on purpose: they are given up in time, hold up nobody, and cost no memory.

use crate::scene::{CHAT, HI, HI_STREAM, Scene};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use testkit::upstream::Step;
use testkit::{Answer, eventually, within};

const PATIENCE: Duration = Duration::from_secs(20);
/// Between two bytes of a client that dribbles.
const DRIP: Duration = Duration::from_millis(20);
/// Far less than what the slow clients of these tests could make a server hold.
const GROWTH_MIB_MAX: u64 = 64;

fn open(scene: &Scene) -> TcpStream {
    let stream = TcpStream::connect(scene.keyway.address()).expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

fn head(scene: &Scene, fields: &str) -> String {
    format!("POST {CHAT} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n{fields}\r\n", scene.key)
}

/// Sends bytes one by one until the server has had enough; what it says to that.
fn dribble(stream: &mut TcpStream, bytes: impl Iterator<Item = u8>) -> String {
    let mut said = Vec::new();
    stream.set_nonblocking(true).expect("a look at the socket");
    for byte in bytes {
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => said.extend_from_slice(&piece[..count]),
            Err(_) => {}
        }
        if stream.write_all(&[byte]).is_err() {
            break;
        }
        std::thread::sleep(DRIP);
    }
    stream.set_nonblocking(false).expect("a look at the socket");
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

fn rss_mib(scene: &Scene) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", scene.keyway.pid())).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

fn connections(scene: &Scene, admin: &str) -> u64 {
    let text = scene.keyway.get("/metrics", admin).expect_status(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix("keyway_connections_open ")).expect("a gauge");
    line.parse().expect("a number")
}

#[test]
fn a_dribbled_head_is_given_up_in_its_time() {
    let scene = Scene::with("header_timeout_ms = 300");
    let said = dribble(&mut open(&scene), std::iter::repeat_n(b'a', 10_000));
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("request_timeout"), "{said}");
    // The same in the middle of the fields, and behind a good request.
    let fields = "x-a: b\r\n".repeat(1000);
    let mut kept = open(&scene);
    kept.write_all(format!("{}{HI}", head(&scene, &format!("content-length: {}\r\n", HI.len()))).as_bytes())
        .unwrap();
    let mut first = [0; 12];
    kept.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let said = dribble(&mut kept, format!("GET / HTTP/1.1\r\nhost: a\r\n{fields}").into_bytes().into_iter());
    assert!(said.contains("HTTP/1.1 408 "), "{said}");
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn a_dribbled_body_is_given_up_by_its_rate() {
    let scene = Scene::with("body_rate_grace_ms = 300");
    for fields in ["content-length: 100000\r\n", "transfer-encoding: chunked\r\n"] {
        let mut stream = open(&scene);
        stream.write_all(head(&scene, fields).as_bytes()).unwrap();
        let chunk = b"1\r\n \r\n".iter().copied().cycle();
        let said = dribble(&mut stream, chunk.take(10_000));
        assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("request_timeout"), "{fields}: {said}");
    }
    assert_eq!(scene.upstream.count(), 0);
}

#[test]
fn an_idle_connection_is_closed_in_its_time() {
    let scene = Scene::with("idle_timeout_ms = 300");
    let mut stream = open(&scene);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

/// What a client does not take is not made: its provider waits, and is let go when the client is given up.
#[test]
fn a_client_that_takes_nothing_is_given_up_and_its_provider_let_go() {
    let scene = Scene::with("write_stall_timeout_ms = 500");
    scene.upstream.push(endless());
    let mut stream = open(&scene);
    let request = format!("{}{HI_STREAM}", head(&scene, &format!("content-length: {}\r\n", HI_STREAM.len())));
    stream.write_all(request.as_bytes()).unwrap();
    assert!(scene.upstream.closed_by_peer(0, PATIENCE).is_some(), "the provider goes on");
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["status"], &entry["usage_origin"]), (&499.into(), &"estimated".into()), "{entry}");
}

/// A stream of 64 MiB.
fn endless() -> Answer {
    let event = format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n",
        "x".repeat(64 << 10)
    );
    Answer::events(vec![Step::Send(event.into_bytes()); 1024])
}

/// A small version of `bench/slow`: what it measures in time is only counted here.
#[test]
fn slow_clients_hold_up_nobody_and_cost_no_memory() {
    let scene = Scene::start();
    let (_, admin) = scene.keyway.make_admin_key("reader");
    scene.upstream.always(|request| if request.streams() { endless() } else { Answer::ok() });
    for _ in 0..20 {
        assert_eq!(scene.chat(HI).status, 200);
    }
    let (before, open_before) = (rss_mib(&scene), connections(&scene, &admin));
    let mut slow = Vec::new();
    for number in 0..300 {
        let mut stream = open(&scene);
        let begun = match number % 3 {
            0 => "POST / HTTP/1.1\r\nhost: a\r\nx-".to_owned(),
            1 => format!("{}{{", head(&scene, "content-length: 30000000\r\n")),
            _ => format!("{}1;x", head(&scene, "transfer-encoding: chunked\r\n")),
        };
        stream.write_all(begun.as_bytes()).unwrap();
        slow.push(stream);
    }
    for _ in 0..30 {
        let mut stream = open(&scene);
        let fields = format!("content-length: {}\r\n", HI_STREAM.len());
        stream.write_all(format!("{}{HI_STREAM}", head(&scene, &fields)).as_bytes()).unwrap();
        slow.push(stream);
    }
    eventually("the slow ones", || (connections(&scene, &admin) >= open_before + 330).then_some(()));
    for round in 0..100 {
        assert_eq!(scene.chat(HI).status, 200, "{round}");
        for stream in slow.iter_mut().take(200) {
            stream.write_all(b"a").unwrap();
        }
    }
    let grown = rss_mib(&scene).saturating_sub(before);
    assert!(grown < GROWTH_MIB_MAX, "{grown} MiB more");
    drop(slow);
    let left = within(PATIENCE, || (connections(&scene, &admin) <= open_before).then_some(()));
    assert!(left.is_some(), "{} connections are still open", connections(&scene, &admin));
    assert!(rss_mib(&scene).saturating_sub(before) < GROWTH_MIB_MAX);
}
