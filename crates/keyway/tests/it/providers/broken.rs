//! Providers that break HTTP: the client is told so, and no later request meets what was left over.

use crate::scene::{CHAT, HI, PROVIDER_SECRET, Scene, assert_error};
use testkit::upstream::Step;
use testkit::{Answer, Port, Upstream, json};

fn raw(text: &str) -> Answer {
    Answer::raw(vec![Step::Wire(text.as_bytes().to_vec())])
}

#[test]
fn what_is_no_answer_is_an_error() {
    let scene = Scene::start();
    let fields = |text: &str| raw(&format!("HTTP/1.1 200 OK\r\n{text}\r\n\r\n{{}}"));
    let many: String = (0..300).map(|number| format!("x-{number}: 1\r\n")).collect();
    let table = [
        ("nothing", Answer::raw(vec![Step::Close])),
        ("a reset", Answer::raw(vec![Step::Reset])),
        ("another protocol", raw("SSH-2.0-OpenSSH_9.9\r\n")),
        ("noise", raw("\0\u{1}\u{2}\u{3}")),
        ("HTTP/2", raw("HTTP/2 200\r\n\r\n")),
        ("half a head", raw("HTTP/1.1 200 OK\r\ncontent-type: appli")),
        ("bare line feeds", raw("HTTP/1.1 200 OK\ncontent-length: 2\n\n{}")),
        ("two framings", fields("content-length: 2\r\ntransfer-encoding: chunked")),
        ("two lengths", fields("content-length: 2\r\ncontent-length: 3")),
        ("a signed length", fields("content-length: +2")),
        ("a negative length", fields("content-length: -2")),
        ("a coding unasked for", fields("content-encoding: gzip\r\ncontent-length: 2")),
        ("a transfer coding", fields("transfer-encoding: gzip, chunked")),
        ("another protocol unasked for", fields("upgrade: x\r\nconnection: upgrade").status(101)),
        ("a huge field", fields(&format!("x-huge: {}\r\ncontent-length: 2", "x".repeat(100_000)))),
        ("many fields", fields(&format!("{many}content-length: 2"))),
        ("a field without a name", fields(": x\r\ncontent-length: 2")),
        ("a short body", raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"choices\":[")),
        ("half a chunk", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{\"choi")),
        ("no last chunk", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n")),
        ("a bad chunk", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")),
        ("a huge chunk", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}")),
    ];
    for (what, answer) in table {
        let answer = scene.answered(answer);
        assert_error(what, &answer, 502, "upstream_error");
        assert!(answer.text().contains("`mine`"), "{}", answer.text());
        // The next request is served, and leaves no connection behind: one that has been used before may
        // die without harm, and the row after this would be asked again.
        let next = scene.answered(Answer::ok().header("connection", "close"));
        assert_eq!(next.status, 200, "after {what}");
    }
}

trait WithStatus {
    fn status(self, status: u16) -> Self;
}

impl WithStatus for Answer {
    /// Not of the answer as a whole, but of a head that was written out.
    fn status(self, status: u16) -> Self {
        raw(&format!("HTTP/1.1 {status} X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"))
    }
}

#[test]
fn interim_answers_are_passed_over() {
    let scene = Scene::start();
    let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n\
                HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let answer = scene.answered(raw(text));
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
    let endless = scene.answered(raw(&"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000)));
    assert_error("endless", &endless, 502, "upstream_error");
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let scene = Scene::start();
    for head in ["HTTP/1.1 200 OK\r\n", "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n"] {
        let answer =
            scene.answered(raw(&format!("{head}content-type: application/json\r\n\r\n{{\"a\": 1}}")));
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"a\": 1}"));
    }
    assert_eq!(scene.chat(HI).status, 200);
    assert_eq!(scene.upstream.links().len(), 3, "such a connection is not used again");
}

#[test]
fn a_second_answer_is_nobodys() {
    let scene = Scene::start();
    let first = scene.answered(Answer::two_in_one()).expect_status(200);
    assert!(first.text().contains("first") && !first.text().contains("smuggled"), "{}", first.text());
    for _ in 0..3 {
        let next = scene.chat(HI).expect_status(200).text();
        assert!(next.contains("Hello from the scripted upstream."), "{next}");
    }
    assert_eq!(scene.upstream.links().len(), 2);
}

#[test]
fn a_provider_that_cannot_be_reached_was_sent_nothing() {
    let nobody = Port::claim();
    let url = format!("http://{}/v1", nobody.address());
    let scene = Scene::around(Upstream::start(), &url, PROVIDER_SECRET, "");
    let answer = scene.chat(HI);
    assert_error("refused", &answer, 502, "upstream_error");
    assert!(!answer.text().contains(url.trim_end_matches("/v1").trim_start_matches("http://")));
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["status"], &entry["cost_usd"]), (&json!(502), &json!(0)));
    assert_eq!(entry["attempts"][0]["outcome"], "connect");
}

#[test]
fn an_answer_beyond_the_bound_is_refused() {
    let scene = Scene::with("upstream_answer_bytes_max = \"1 MiB\"");
    let large = vec![b' '; 3 << 20];
    let told = scene.answered(Answer::bytes(200, "application/json", large.clone()));
    assert_error("told", &told, 502, "upstream_error");
    let untold = Answer::events(vec![Step::Send(large.clone())]).header("x-kind", "json");
    assert_error("a stream", &scene.answered(untold), 502, "upstream_error");
    let mut text = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    text.extend_from_slice(&large);
    let untold = scene.answered(Answer::raw(vec![Step::Wire(text)]));
    assert_error("untold", &untold, 502, "upstream_error");
    assert_eq!(scene.chat(HI).status, 200);
}

#[test]
fn a_connection_that_died_in_the_pool_is_noticed() {
    let scene = Scene::start();
    for _ in 0..5 {
        assert_eq!(scene.answered(Answer::ok().header("connection", "keep-alive")).status, 200);
        // Dies with the next request on it, before a byte of an answer: nothing was lost but time.
        let answer = scene.answered(Answer::raw(vec![Step::Close]));
        assert!(answer.status == 200 || answer.status == 502, "{}", answer.text());
    }
    assert_eq!(scene.chat(HI).status, 200);
}

#[test]
fn a_large_answer_that_is_cut_is_cut_for_the_client() {
    let scene = Scene::start();
    let mut text = b"HTTP/1.1 200 OK\r\ncontent-length: 99000000\r\n\r\n{".to_vec();
    text.resize(12 << 20, b' ');
    scene.upstream.push(Answer::raw(vec![Step::Wire(text)]));
    let bearer = format!("Bearer {}", scene.key);
    let answer = scene.keyway.try_request("POST", CHAT, &[("authorization", &bearer)], HI.as_bytes());
    assert!(answer.is_err(), "it looked whole");
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["status"], &entry["error"]), (&json!(502), &json!("upstream_error")));
}
