//! Providers that lie, flood or smuggle. Whatever they do, the client has a clear error or its answer,
//! the books have one line, nothing of theirs leaks and a connection that went wrong is never used again.

use crate::scene::{HI, HI_STREAM, HI_STREAM_USAGE, PROVIDER_SECRET, Scene, assert_cut, assert_error};
use std::time::Duration;
use testkit::upstream::Step;
use testkit::{Answer, Response, Usage, UsageAt, Value, json};

const PATIENCE: Duration = Duration::from_secs(10);
/// What the server may grow by while a provider floods it, bytes.
const GROWTH_BYTES_MAX: u64 = 48 << 20;

fn wire(text: &str) -> Step {
    Step::Wire(text.as_bytes().to_vec())
}

/// Asks with `body`, and sees the connection that was answered so to its end: it is closed, and no
/// later request is on it.
fn meets(scene: &Scene, what: &str, body: &str, answer: Answer) -> Response {
    // A connection of its own, so that nothing of the one before is on it.
    scene.upstream.push(Answer::ok().header("connection", "close"));
    assert_eq!(scene.chat(HI).status, 200, "before {what}");
    let number = scene.upstream.links().len() as u64;
    scene.upstream.push(answer);
    let answer = scene.chat(body);
    assert_eq!(scene.chat(HI).status, 200, "after {what}");
    let closed = testkit::within(PATIENCE, || {
        let link = scene.upstream.links().into_iter().find(|link| link.number == number)?;
        (link.closed_by_peer.is_some() || link.closed_by_us.is_some()).then_some(link.requests)
    });
    assert_eq!(closed, Some(1), "{what}: its connection is left open or used again");
    answer
}

/// Asserts that each answer has its one line in the books; what they say, in the answers' order.
fn booked(scene: &Scene, answers: &[Response]) -> Vec<Value> {
    let (_, admin) = scene.keyway.make_admin_key("auditor");
    let list = || {
        let list = scene.keyway.get("/v1/organization/requests?limit=100", &admin).expect_status(200);
        list.json()["data"].as_array().cloned().unwrap_or_default()
    };
    let of = |answer: &Response, log: &[Value]| -> Vec<Value> {
        let id = answer.header("x-request-id").unwrap_or("none");
        log.iter().filter(|line| line["id"] == id).cloned().collect()
    };
    let log = testkit::eventually("a line of each answer", || {
        let log = list();
        answers.iter().all(|answer| !of(answer, &log).is_empty()).then_some(log)
    });
    let line = |answer: &Response| {
        let mut lines = of(answer, &log);
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    };
    answers.iter().map(line).collect()
}

fn resident_bytes(scene: &Scene) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", scene.keyway.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn an_encoded_answer_is_refused_undecoded() {
    let scene = Scene::start();
    let before = resident_bytes(&scene);
    // What gzip makes of a gigabyte of zeros is as long as this and as quickly sent.
    let bomb = vec![0x1f; 1 << 20];
    let codings = ["gzip", "x-gzip", "deflate", "br", "zstd", "identity, gzip"];
    let mut answers = Vec::new();
    for coding in codings {
        let whole = Answer::bytes(200, "application/json", bomb.clone()).header("content-encoding", coding);
        answers.push(meets(&scene, coding, HI, whole));
        let stream = Answer::events(vec![Step::Send(bomb.clone())]).header("content-encoding", coding);
        answers.push(meets(&scene, coding, HI_STREAM, stream));
        let error = Answer::bytes(500, "text/html", bomb.clone()).header("content-encoding", coding);
        answers.push(meets(&scene, coding, HI, error));
    }
    for answer in &answers {
        assert_error("an encoded answer", answer, 502, "upstream_error");
        assert_eq!(answer.header("content-encoding"), None);
    }
    for line in booked(&scene, &answers) {
        assert_eq!((&line["status"], &line["error"]), (&json!(502), &json!("upstream_error")));
        // It was sent: what it cost can only be estimated.
        assert_eq!(line["usage_origin"], "estimated");
    }
    let asked = scene.upstream.last();
    assert_eq!(asked.header("accept-encoding"), Some("identity"), "nothing else was asked for");
    assert!(resident_bytes(&scene) < before + GROWTH_BYTES_MAX);
}

#[test]
fn a_gigabyte_of_head_is_not_read() {
    let scene = Scene::start();
    let before = resident_bytes(&scene);
    let part = vec![b'x'; 1 << 20];
    let heads = [
        ("one field", vec![wire("HTTP/1.1 200 OK\r\nx-huge: "), Step::Flood(part.clone(), 1024)]),
        ("a status line", vec![wire("HTTP/1.1 200 "), Step::Flood(part, 1024)]),
        ("many fields", vec![wire("HTTP/1.1 200 OK\r\n"), Step::Flood(b"x-a: b\r\n".repeat(1 << 17), 1024)]),
        ("interim heads", vec![Step::Flood(b"HTTP/1.1 100 C\r\n\r\n".repeat(1 << 16), 1024)]),
        (
            "a chunk extension",
            vec![
                wire("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;"),
                Step::Flood(b"e=x;".repeat(1 << 18), 1024),
            ],
        ),
        (
            "trailers",
            vec![
                wire("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"),
                Step::Flood(b"x-a: b\r\n".repeat(1 << 17), 1024),
            ],
        ),
    ];
    let mut answers = Vec::new();
    for (what, steps) in heads {
        answers.push(meets(&scene, what, HI, Answer::raw(steps)));
        assert_error(what, &answers[answers.len() - 1], 502, "upstream_error");
    }
    booked(&scene, &answers);
    assert!(resident_bytes(&scene) < before + GROWTH_BYTES_MAX);
}

#[test]
fn an_endless_stream_ends_at_the_bound() {
    let scene = Scene::with("upstream_answer_bytes_max = \"1 MiB\"");
    let before = resident_bytes(&scene);
    let event = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n".repeat(64);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let mut answers = Vec::new();
    for (what, flood) in
        [("events", event), ("comments", b": x\n\n".repeat(512)), ("lines", b"\n".repeat(4096))]
    {
        let endless = Answer::raw(vec![wire(head), Step::Flood(flood, 1 << 20)]);
        let answer = meets(&scene, what, HI_STREAM, endless);
        assert!(answer.body.len() < 2 << 20, "{what}: {} bytes", answer.body.len());
        match answer.status {
            200 => assert_cut(what, &answer.text(), "upstream_error"),
            _ => assert_error(what, &answer, 502, "upstream_error"),
        }
        answers.push(answer);
    }
    for line in booked(&scene, &answers) {
        assert_eq!((&line["status"], &line["error"]), (&json!(502), &json!("upstream_error")));
    }
    assert!(resident_bytes(&scene) < before + GROWTH_BYTES_MAX);
}

#[test]
fn of_two_usage_events_the_last_counts_once() {
    let scene = Scene::start();
    let text =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    let usage = |prompt: u64, completion: u64| {
        format!("data: {{\"choices\":[],\"usage\":{}}}\n\n", Usage::new(prompt, completion).json())
    };
    let stream = |reports: &[String]| {
        let text = format!("{text}{}data: [DONE]\n\n", reports.concat());
        Answer::events(vec![Step::Send(text.into_bytes())])
    };
    let ask = |answer: Answer| {
        scene.upstream.push(answer);
        scene.chat(HI_STREAM_USAGE).expect_status(200)
    };
    let answers = [
        ask(stream(&[usage(10, 5), usage(20, 7)])),
        ask(stream(&[usage(20, 7), usage(10, 5)])),
        ask(stream(&[usage(20, 7), usage(0, 0)])),
        ask(Answer::ok().usage(Usage::new(20, 7)).usage_at(UsageAt::Twice)),
        ask(Answer::ok().usage(Usage::new(20, 7)).usage_at(UsageAt::EveryChunk)),
    ];
    let lines = booked(&scene, &answers);
    for (line, (input, output)) in lines.iter().zip([(20, 7), (10, 5), (20, 7), (20, 7), (20, 7)]) {
        assert_eq!(
            (&line["usage"]["input_tokens"], &line["usage"]["output_tokens"]),
            (&json!(input), &json!(output))
        );
        assert_eq!((&line["usage_origin"], &line["status"]), (&json!("reported"), &json!(200)));
    }
    for answer in &answers[..4] {
        let told = answer.text().matches("\"keyway\":{\"cost_usd\":").count();
        assert_eq!(told, 1, "the cost is told once: {}", answer.text());
    }
}

/// A report that cannot be true is passed on, for it is the provider's, and not booked.
#[test]
fn false_usage_is_not_booked() {
    let scene = Scene::start();
    let text = "seven words of a longer answer ".repeat(40);
    let with = |usage: Value| {
        json!({"object": "chat.completion", "usage": usage, "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": text}}]})
    };
    let table = [
        ("the truth", json!({"prompt_tokens": 16, "completion_tokens": 280}), "reported"),
        ("hidden reasoning", json!({"prompt_tokens": 16, "completion_tokens": 90_000}), "reported"),
        ("nothing", json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}), "estimated"),
        ("a long answer of a token", json!({"prompt_tokens": 16, "completion_tokens": 1}), "estimated"),
        ("less than nothing", json!({"prompt_tokens": -5, "completion_tokens": -280}), "estimated"),
        ("a billion and more", json!({"prompt_tokens": 16, "completion_tokens": 1e12}), "estimated"),
        ("no numbers", json!({"prompt_tokens": "many", "completion_tokens": [1]}), "estimated"),
    ];
    let mut answers = Vec::new();
    for (_, usage, _) in &table {
        answers.push(scene.answered(Answer::json(200, &with(usage.clone()))).expect_status(200));
        assert_eq!(&answers[answers.len() - 1].json()["usage"], usage, "passed on as it came");
    }
    let bytes = text.len() as u64;
    for (line, (what, usage, origin)) in booked(&scene, &answers).iter().zip(&table) {
        assert_eq!(line["usage_origin"], *origin, "{what}");
        let output = line["usage"]["output_tokens"].as_u64();
        match *origin {
            "reported" => assert_eq!(output, usage["completion_tokens"].as_u64(), "{what}"),
            _ => assert_eq!(output, Some(bytes.div_ceil(4)), "{what}"),
        }
        assert!(line["usage"]["input_tokens"].as_u64() > Some(0), "{what}: {line}");
    }
}

#[test]
fn false_usage_of_a_stream_is_not_booked() {
    let scene = Scene::start();
    let text = "word ".repeat(400);
    let mut answers = Vec::new();
    for usage in [Usage::new(0, 0), Usage::new(16, 1), Usage::new(16, 400)] {
        scene.upstream.push(Answer::ok().text(&text).usage(usage));
        answers.push(scene.chat(HI_STREAM).expect_status(200));
    }
    let lines = booked(&scene, &answers);
    let said: Vec<_> = lines.iter().map(|line| &line["usage_origin"]).collect();
    assert_eq!(said, ["estimated", "estimated", "reported"]);
    for line in &lines[..2] {
        // By bytes, and never less than an event each.
        assert_eq!(line["usage"]["output_tokens"], (text.len() as u64).div_ceil(4).max(400), "{line}");
    }
}

#[test]
fn what_is_no_completion_is_an_error_under_a_200_too() {
    let scene = Scene::start();
    let page = "<html><body><h1>Welcome to the router</h1></body></html>";
    let table = [
        ("a page", Answer::bytes(200, "text/html", page)),
        ("a page said to be JSON", Answer::bytes(200, "application/json", page)),
        ("half an object", Answer::bytes(200, "application/json", "{\"choices\":[")),
        ("two objects", Answer::bytes(200, "application/json", "{}{}")),
        ("no text", Answer::bytes(200, "application/json", vec![0xff, 0xfe, b'{', b'}'])),
        ("nothing", Answer::bytes(200, "application/json", "")),
        ("no content", Answer::raw(vec![wire("HTTP/1.1 204 No Content\r\n\r\n")])),
    ];
    let mut answers = Vec::new();
    for (what, answer) in table {
        for body in [HI, HI_STREAM] {
            scene.upstream.push(answer.clone());
            answers.push(scene.chat(body));
            let answer = &answers[answers.len() - 1];
            assert_error(what, answer, 502, "upstream_error");
            assert!(
                !answer.text().contains("router") && answer.text().contains("`mine`"),
                "{}",
                answer.text()
            );
        }
    }
    for line in booked(&scene, &answers) {
        assert_eq!((&line["status"], &line["error"]), (&json!(502), &json!("upstream_error")));
        assert_eq!(line["usage_origin"], "estimated", "it was sent: {line}");
    }
}

#[test]
fn a_page_under_any_failure_is_an_error_of_ours() {
    let scene = Scene::start();
    let mut answers = Vec::new();
    for (status, code, told) in
        [(500, "upstream_error", 502), (502, "upstream_error", 502), (504, "upstream_timeout", 504)]
    {
        for body in [HI, HI_STREAM] {
            scene.upstream.push(Answer::html(status));
            answers.push(scene.chat(body));
            assert_error("a page", &answers[answers.len() - 1], told, code);
            assert!(!answers[answers.len() - 1].text().contains('<'));
        }
    }
    booked(&scene, &answers);
}

/// Behind whatever ends an answer, a second one is waiting to be taken for the next request's.
#[test]
fn a_second_answer_is_nobodys_wherever_it_hides() {
    let scene = Scene::start();
    let smuggled = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 24\r\n\r\n\
                    {\"choices\":[\"smuggled\"] }";
    let whole = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let refused = "HTTP/1.1 400 Bad\r\ncontent-length: 2\r\n\r\n{}";
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    let stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
                  e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let table = [
        ("behind a whole answer", HI, vec![wire(&format!("{whole}{smuggled}"))]),
        ("behind a chunked answer", HI, vec![wire(&format!("{chunked}{smuggled}"))]),
        ("behind a refusal", HI, vec![wire(&format!("{refused}{smuggled}"))]),
        ("behind no content", HI, vec![wire(&format!("{empty}{smuggled}"))]),
        ("behind a stream", HI_STREAM, vec![wire(&format!("{stream}{smuggled}"))]),
        ("behind an interim answer", HI, vec![wire(&format!("{interim}{smuggled}"))]),
    ];
    let mut answers = Vec::new();
    for (what, body, steps) in table {
        answers.push(meets(&scene, what, body, Answer::raw(steps)));
        assert!(!answers[answers.len() - 1].text().contains("smuggled"), "{what}");
        for _ in 0..2 {
            let next = scene.chat(HI).expect_status(200).text();
            assert!(next.contains("Hello from the scripted upstream."), "{what}: {next}");
        }
    }
    booked(&scene, &answers);
}

/// It comes when the connection is idle, between two requests.
#[test]
fn an_answer_that_nobody_asked_for_is_nobodys() {
    let scene = Scene::start();
    let whole = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let late = Step::Wait(Duration::from_millis(20));
    scene.upstream.push(Answer::raw(vec![wire(whole), late, wire(whole)]));
    let first = scene.chat(HI).expect_status(200);
    assert_eq!(first.text(), "{}");
    testkit::eventually("the second answer", || scene.upstream.links()[0].closed_by_us);
    let next = scene.chat(HI).expect_status(200);
    assert!(next.text().contains("Hello from the scripted upstream."), "{}", next.text());
    assert_eq!((scene.upstream.links().len(), scene.upstream.links()[0].requests), (2, 1));
    booked(&scene, &[first, next]);
}

#[test]
fn nothing_of_a_hostile_head_is_passed_on() {
    let scene = Scene::start();
    let fields = [
        ("set-cookie", "session=stolen; domain=localhost"),
        ("location", "https://elsewhere.example/"),
        ("refresh", "0; url=https://elsewhere.example/"),
        ("www-authenticate", "Basic realm=\"type your password\""),
        ("proxy-authenticate", "Basic"),
        ("clear-site-data", "\"*\""),
        ("access-control-allow-origin", "https://elsewhere.example"),
        ("access-control-allow-credentials", "true"),
        ("strict-transport-security", "max-age=1"),
        ("x-accel-redirect", "/etc/passwd"),
        ("x-sendfile", "/etc/passwd"),
        ("link", "<https://elsewhere.example>; rel=preload"),
        ("x-echo", PROVIDER_SECRET),
    ];
    let with =
        |answer: Answer| fields.iter().fold(answer, |answer, (name, value)| answer.header(name, value));
    let table = [
        (HI, with(Answer::ok())),
        (HI_STREAM, with(Answer::ok())),
        (HI, with(Answer::error(400, "t", "c", "m"))),
        (HI, with(Answer::error(401, "t", "c", "m"))),
        (HI, with(Answer::rate_limited(3))),
        (HI, with(Answer::html(500))),
        (HI, with(Answer::bytes(302, "text/html", ""))),
        (HI_STREAM, with(Answer::bytes(307, "text/html", ""))),
    ];
    let mut answers = Vec::new();
    for (body, answer) in table {
        scene.upstream.push(answer);
        answers.push(scene.chat(body));
        for (name, value) in &answers[answers.len() - 1].headers {
            let theirs = fields.iter().any(|(known, _)| name.eq_ignore_ascii_case(known));
            assert!(!theirs && !value.contains(PROVIDER_SECRET), "{name}: {value}");
        }
    }
    booked(&scene, &answers);
}

#[test]
fn stalls_and_cuts_lose_their_connection_and_are_booked_once() {
    let scene = Scene::with("upstream_first_byte_timeout_ms = 150\nupstream_idle_timeout_ms = 150");
    let event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";
    let half = |step: Step| Answer::events(vec![Step::Send(event.as_bytes().to_vec()), step]);
    let table = [
        ("before the head", HI, Answer::stalls(), 504),
        ("before the head of a stream", HI_STREAM, Answer::stalls(), 504),
        ("in a stream", HI_STREAM, half(Step::Stall), 504),
        ("cut in a chunk", HI_STREAM, half(Step::CloseMidChunk), 502),
        ("cut between chunks", HI_STREAM, half(Step::Close), 502),
        ("reset", HI_STREAM, half(Step::Reset), 502),
        ("an endless line", HI_STREAM, Answer::huge_line(12 << 20), 502),
    ];
    let (mut answers, mut expected) = (Vec::new(), Vec::new());
    for (what, body, answer, status) in table {
        let code = if status == 504 { "upstream_timeout" } else { "upstream_error" };
        let answer = meets(&scene, what, body, answer);
        match answer.status {
            200 => assert_cut(what, &answer.text(), code),
            _ => assert_error(what, &answer, status, code),
        }
        answers.push(answer);
        expected.push((json!(status), json!(code), json!("estimated")));
    }
    let lines = booked(&scene, &answers);
    let said: Vec<_> = lines
        .iter()
        .map(|line| (line["status"].clone(), line["error"].clone(), line["usage_origin"].clone()))
        .collect();
    assert_eq!(said, expected);
}
