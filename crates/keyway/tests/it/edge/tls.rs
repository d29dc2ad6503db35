//! TLS at the front door.

use super::streams::{Client, run};
use crate::scene::{CHAT, HI, HI_STREAM};
use crate::stage;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use testkit::tls::Pair;
use testkit::{Answer, Keyway, Upstream, eventually};

fn served(pair: &Pair) -> Keyway {
    stage::bare().tls(pair).start()
}

#[test]
fn both_protocols_as_the_handshake_says() {
    let pair = Pair::make();
    let keyway = served(&pair);
    assert_eq!(keyway.get("/healthz", "").status, 200);
    run(async {
        for (offered, taken) in
            [(&["h2", "http/1.1"][..], "h2"), (&["http/1.1"], "http/1.1"), (&["h2"], "h2")]
        {
            let stream = pair.connect_async(keyway.address(), offered).await.unwrap();
            let chosen = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            assert_eq!(chosen.as_deref(), Some(taken.as_bytes()), "{offered:?}");
            if taken == "h2" {
                let mut client = Client::over(stream, keyway.address()).await;
                assert_eq!(client.get("/healthz", "").await.status, 200);
            }
        }
        // Nothing but what the handshake offers.
        assert!(pair.connect_async(keyway.address(), &["spdy/3"]).await.is_err());
    });
    let here = format!("https://{}/v1", keyway.address());
    testkit::eventually("the line that says where it is", || keyway.stdout().contains(&here).then_some(()));
}

#[test]
fn answers_small_and_large_whole_and_streamed() {
    let (pair, upstream) = (Pair::make(), Upstream::start());
    let scene = stage::Scene::start(stage::builder(&upstream).tls(&pair));
    let (_, key) = scene.make_key();
    scene.chat(&key).expect_status(200);
    let large = "word ".repeat(400_000);
    upstream.push(Answer::ok().text(&large));
    let answer = scene.chat(&key).expect_status(200);
    assert_eq!(answer.json()["choices"][0]["message"]["content"].as_str().map(str::len), Some(large.len()));
    upstream.push(Answer::ok().text("one two three").frame_gap(Duration::from_millis(5)));
    let (head, mut connection) = scene.keyway.stream(CHAT, &key, &stage::hello(true));
    assert_eq!(head.status, 200);
    let events = stage::events(&mut connection);
    assert_eq!(events.last().map(|last| last.trim()), Some("data: [DONE]"));
    // A body larger than any buffer on the way.
    let long = HI.replace("hi", &"x".repeat(3_000_000)).replace("mine/small", stage::MODEL);
    scene.keyway.post_bytes(CHAT, &key, long.as_bytes()).expect_status(200);
    run(async {
        let stream = pair.connect_async(scene.keyway.address(), &["h2"]).await.unwrap();
        let mut client = Client::over(stream, scene.keyway.address()).await;
        upstream.push(Answer::ok().text(&large));
        assert_eq!(client.post(CHAT, &key, HI).await.status, 200);
        assert!(client.post(CHAT, &key, HI_STREAM).await.body.ends_with("[DONE]\n\n"));
        assert_eq!(client.post(CHAT, &key, &long).await.status, 200);
    });
}

#[test]
fn a_new_pair_is_taken_up_and_open_connections_go_on() {
    let mut pair = Pair::make();
    let keyway = served(&pair);
    let mut before = keyway.connect();
    before.send("GET", "/healthz", &[], b"").unwrap();
    before.response().unwrap().expect_status(200);
    pair.renew();
    eventually("the new certificate", || pair.connect(keyway.address(), &[]).ok());
    before.send("GET", "/healthz", &[], b"").unwrap();
    before.response().unwrap().expect_status(200);
    assert!(keyway.open().is_err(), "the old certificate is still shown");
    assert!(keyway.stderr().contains("a new TLS certificate is in use"), "{}", keyway.stderr());
}

#[test]
fn a_pair_that_does_not_work_leaves_the_old_one_in_use() {
    let (pair, other) = (Pair::make(), Pair::make());
    let keyway = served(&pair);
    let certificate = std::fs::read_to_string(pair.certificate_file()).unwrap();
    let key = std::fs::read_to_string(pair.key_file()).unwrap();
    let other_key = std::fs::read_to_string(other.key_file()).unwrap();
    let warned = |count: usize| {
        eventually(&format!("warning {count}"), || {
            (keyway.stderr().matches("not taken up").count() >= count).then_some(())
        });
    };
    pair.write(&certificate, &other_key);
    warned(1);
    assert_eq!(keyway.get("/healthz", "").status, 200);
    pair.write("nothing", &key);
    warned(2);
    std::fs::remove_file(pair.key_file()).unwrap();
    warned(3);
    assert_eq!(keyway.get("/healthz", "").status, 200);
    assert!(!keyway.stderr().contains(key.lines().nth(1).unwrap()), "the key is in the log");
    pair.write(&certificate, &key);
    eventually("the pair again", || {
        keyway.stderr().contains("a new TLS certificate is in use").then_some(())
    });
    assert_eq!(keyway.get("/healthz", "").status, 200);
}

#[test]
fn mistakes_are_found_at_the_start() {
    let (pair, other) = (Pair::make(), Pair::make());
    let certificate = std::fs::read_to_string(pair.certificate_file()).unwrap();
    let key = std::fs::read_to_string(pair.key_file()).unwrap();
    let other_key = std::fs::read_to_string(other.key_file()).unwrap();
    let keyway = stage::bare().tls(&pair).prepare();
    let address = keyway.address().to_string();
    let start = |certificate: &str, key: &str| {
        pair.write(certificate, key);
        keyway.cli(&["serve", "--listen", &address]).expect_code(78).stderr
    };
    let table = [
        ("", key.as_str(), "tls.crt holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", &key, "tls.crt is not PEM"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            &key,
            "tls.crt holds no usable certificate",
        ),
        (&certificate, "", "tls.key holds no private key"),
        (&certificate, &certificate, "tls.key holds no private key"),
        (&certificate, &other_key, "tls.key is not the key of the certificate in"),
    ];
    for (certificate, key, expected) in table {
        let said = start(certificate, key);
        assert!(said.contains(expected), "{expected} in {said}");
    }
    std::fs::remove_file(pair.certificate_file()).unwrap();
    let said = keyway.cli(&["serve", "--listen", &address]).expect_code(78).stderr;
    assert!(said.contains("tls.crt") && said.contains("No such file"), "{said}");
}

#[test]
fn doctor_looks_at_the_certificate() {
    let pair = Pair::make();
    let keyway = stage::bare().tls(&pair).prepare();
    let look = || {
        let report = keyway.cli(&["doctor", "--json"]).json();
        let checks = report["checks"].as_array().unwrap().clone();
        checks.into_iter().filter(|check| check["name"] == "tls").collect::<Vec<_>>()
    };
    let fine = look();
    assert_eq!((fine.len(), fine[0]["state"].as_str()), (1, Some("ok")), "{fine:?}");
    assert!(fine[0]["detail"].as_str().unwrap().contains("4096-01-01"), "{fine:?}");
    std::fs::set_permissions(pair.key_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(look()[1]["state"], "warn");
    std::fs::remove_file(pair.key_file()).unwrap();
    assert_eq!(look()[0]["state"], "fail");
}

#[test]
fn a_key_that_others_may_read_is_told_of() {
    let pair = Pair::make();
    std::fs::set_permissions(pair.key_file(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let keyway = served(&pair);
    assert!(keyway.stderr().contains("can be read by others (mode 640)"), "{}", keyway.stderr());
}

/// A ClientHello of TLS 1.0 or 1.1: this version, one old cipher suite, no extension.
fn old_hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![3, minor];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0xc0, 0x14, 0x00, 0x35, 1, 0]);
    let mut message = vec![1, 0, 0, u8::try_from(hello.len()).unwrap()];
    message.extend(hello);
    let mut record = vec![22, 3, 1, 0, u8::try_from(message.len()).unwrap()];
    record.extend(message);
    record
}

#[test]
fn old_versions_and_plain_http_get_no_answer() {
    let pair = Pair::make();
    let keyway = served(&pair);
    let answer_to = |bytes: &[u8]| {
        let mut tcp = TcpStream::connect(keyway.address()).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        tcp.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        let _ = tcp.read_to_end(&mut answer);
        answer
    };
    for minor in [0, 1, 2] {
        let answer = answer_to(&old_hello(minor));
        // A fatal alert, and nothing else.
        assert_eq!((answer.len(), answer[0], answer[5]), (7, 21, 2), "TLS 3.{minor}: {answer:?}");
    }
    let plain = answer_to(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(!String::from_utf8_lossy(&plain).contains("HTTP/1.1"), "{plain:?}");
    assert_eq!(keyway.get("/healthz", "").status, 200);
}

#[test]
fn a_handshake_that_does_not_come_is_not_waited_for_timed() {
    let pair = Pair::make();
    let keyway = served(&pair);
    let from = Instant::now();
    let mut tcp = TcpStream::connect(keyway.address()).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    tcp.write_all(&old_hello(3)[..9]).unwrap();
    let mut rest = Vec::new();
    let _ = tcp.read_to_end(&mut rest);
    assert!((4..8).contains(&from.elapsed().as_secs()), "{:?}", from.elapsed());
}

#[test]
fn a_drain_lets_a_stream_over_tls_finish() {
    let (pair, upstream) = (Pair::make(), Upstream::start());
    let mut scene = stage::Scene::start(stage::builder(&upstream).tls(&pair));
    let (_, key) = scene.make_key();
    upstream.push(Answer::ok().text(&"word ".repeat(40)).frame_gap(Duration::from_millis(40)));
    let (_, mut connection) = scene.keyway.stream(CHAT, &key, &stage::hello(true));
    connection.event().unwrap();
    scene.keyway.ask_to_end();
    let events = stage::events(&mut connection);
    assert_eq!(events.last().map(|last| last.trim()), Some("data: [DONE]"));
    assert!(scene.keyway.wait_end(Duration::from_secs(20)).is_some());
}
