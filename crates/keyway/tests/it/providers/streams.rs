//! Streams that go wrong on their way.

use crate::scene::{HI_STREAM_USAGE, PROVIDER_SECRET, Scene, assert_cut, assert_error, last_event};
use testkit::upstream::Step;
use testkit::{Answer, json};

const TEXT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n";

/// Long enough that what came before it has gone on.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

#[test]
fn a_stream_that_is_cut_says_so() {
    let scene = Scene::start();
    let table = [
        ("a proper end without a stop reason", vec![send(TEXT)]),
        ("comments alone", vec![send(": keep-alive\n\n")]),
        ("closed", vec![send(TEXT), Step::Close]),
        ("reset", vec![send(TEXT), Step::Reset]),
        ("closed in a chunk", vec![send(TEXT), Step::CloseMidChunk]),
        ("closed in an event", vec![send(TEXT), send("data: {\"choices\":["), Step::Close]),
        ("ended in an event", vec![send(TEXT), send("data: {\"choices\":[")]),
        ("ended in a line", vec![send(TEXT), send("data: {\"choices\":[]}\n")]),
        ("ended in a comment", vec![send(TEXT), send(": keep-al")]),
        ("usage without a stop", vec![send(TEXT), send(USAGE)]),
        ("a bad chunk", vec![send(TEXT), Step::Wire(b"zz\r\n".to_vec())]),
    ];
    for (count, (what, steps)) in (1..).zip(table) {
        let begins = steps.iter().any(|step| matches!(step, Step::Send(text) if text == TEXT.as_bytes()));
        // Both can overtake the event before them.
        let abrupt = steps.iter().any(|step| matches!(step, Step::Reset | Step::Wire(_)));
        scene.upstream.push(Answer::events(steps));
        let answer = scene.chat(HI_STREAM_USAGE);
        if abrupt && answer.status != 200 {
            assert_error(what, &answer, 502, "upstream_error");
            continue;
        }
        let answer = answer.expect_status(200).text();
        assert_cut(what, &answer, "upstream_error");
        assert_eq!(answer.starts_with(TEXT), begins, "{what}: {answer}");
        // What every SSE client sees: the error as an event of its own.
        let events: Vec<_> = answer.split("\n\n").filter(|event| !event.is_empty()).collect();
        assert!(
            events.last().is_some_and(|event| event.starts_with("data: {\"error\":")),
            "{what}: {answer}"
        );
        let names: Vec<_> = last_event(&answer)["error"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["code", "message", "param", "type"]);
        if count == 1 {
            let entry = &scene.log(1)[0];
            assert_eq!((&entry["status"], &entry["error"]), (&json!(502), &json!("upstream_error")));
            assert!(entry["usage"]["out_text"].as_u64() > Some(0), "what came is booked: {entry}");
        }
    }
}

#[test]
fn an_error_within_a_stream_passes_through() {
    let scene = Scene::start();
    let scripted =
        scene.streamed(Answer::ok().fails_at_frame(3, "engine overloaded")).expect_status(200).text();
    assert!(scripted.ends_with("\n\n") && !scripted.contains("[DONE]"), "{scripted}");
    let error =
        "data: {\"error\":{\"message\":\"engine overloaded\",\"type\":\"server_error\",\"code\":503}}\n\n";
    for (what, steps) in [
        ("and it ends", vec![send(TEXT), send(error)]),
        ("and it is cut", vec![send(TEXT), send(error), Step::Close]),
        (
            "after a comment that went on",
            vec![send(": wait\n\n"), Step::Wait(PAUSE), send(TEXT), send(error)],
        ),
    ] {
        let expected: String = steps
            .iter()
            .filter_map(|step| match step {
                Step::Send(text) => Some(String::from_utf8_lossy(text).into_owned()),
                _ => None,
            })
            .collect();
        assert_eq!(scene.streamed(Answer::events(steps)).expect_status(200).text(), expected, "{what}");
    }
    let log = scene.log(4);
    assert!(log.iter().all(|entry| entry["status"] == 502 && entry["error"] == "upstream_error"), "{log:?}");
}

/// Official SDKs read an error by its status: as long as nothing has gone out, it is told so.
#[test]
fn a_stream_that_fails_before_its_first_event_is_an_error() {
    let scene = Scene::with("upstream_idle_timeout_ms = 150");
    let table = [
        ("an empty stream", vec![], 502, "upstream_error"),
        ("closed", vec![Step::Close], 502, "upstream_error"),
        ("reset", vec![Step::Reset], 502, "upstream_error"),
        ("closed in a chunk", vec![Step::CloseMidChunk], 502, "upstream_error"),
        ("ended in an event", vec![send("data: {\"choices\":[")], 502, "upstream_error"),
        ("a bad chunk", vec![Step::Wire(b"zz\r\n".to_vec())], 502, "upstream_error"),
        ("silence", vec![Step::Stall], 504, "upstream_timeout"),
        ("silence in an event", vec![send("data: {\"choices\":["), Step::Stall], 504, "upstream_timeout"),
    ];
    for (count, (what, steps, status, code)) in (1..).zip(table) {
        let answer = scene.streamed(Answer::events(steps));
        assert_error(what, &answer, status, code);
        let entry = &scene.log(count)[0];
        assert_eq!((&entry["status"], &entry["error"]), (&json!(status), &json!(code)), "{what}");
        // It had the whole request: it may have done its work.
        assert_eq!(entry["usage_origin"], "estimated", "{what}: {entry}");
    }
}

#[test]
fn an_error_instead_of_a_first_event_has_the_status_it_stands_for() {
    let scene = Scene::start();
    let said = |code: &str, kind: &str| {
        format!("data: {{\"error\":{{\"message\":\"no luck\",\"type\":{kind},\"code\":{code}}}}}\n\n")
    };
    let table = [
        (said("503", "\"server_error\""), 502, "upstream_error"),
        (said("null", "null"), 502, "upstream_error"),
        (said("502", "null"), 502, "upstream_error"),
        (said("504", "null"), 504, "upstream_timeout"),
        (said("401", "null"), 502, "upstream_auth"),
        (said("\"invalid_api_key\"", "\"invalid_request_error\""), 502, "upstream_auth"),
        (said("\"rate_limit_exceeded\"", "\"tokens\""), 429, "rate_limit_exceeded"),
        (said("null", "\"rate_limit_error\""), 429, "rate_limit_exceeded"),
        (said("\"bad_image\"", "\"invalid_request_error\""), 400, "bad_image"),
        (said("\"context_length_exceeded\"", "null"), 400, "context_length_exceeded"),
        (format!(": wait\n\n{}", said("429", "null")), 429, "429"),
    ];
    for (count, (event, status, code)) in (1..).zip(table) {
        let answer = scene.streamed(Answer::events(vec![send(&event)]));
        assert_error(&event, &answer, status, code);
        let entry = &scene.log(count)[0];
        assert_eq!(
            (&entry["status"], &entry["usage_origin"]),
            (&json!(status), &json!("nothing")),
            "{event}"
        );
    }
    // Behind an answer's beginning it stays an event.
    let late = format!("{TEXT}{}", said("429", "null"));
    assert_eq!(scene.streamed(Answer::events(vec![send(&late)])).expect_status(200).text(), late);
    let echoed = said("400", "null").replace("no luck", &format!("bad key {PROVIDER_SECRET}"));
    let answer = scene.streamed(Answer::events(vec![send(&echoed)]));
    assert!(answer.status == 400 && !answer.text().contains(PROVIDER_SECRET), "{}", answer.text());
}

#[test]
fn an_endless_line_is_bounded() {
    let scene = Scene::start();
    assert_error("an endless line", &scene.streamed(Answer::huge_line(12 << 20)), 502, "upstream_error");
    assert!(scene.upstream.closed_by_peer(0, std::time::Duration::from_secs(10)).is_some());
    // A long one within the bound is an event like any other.
    let long = scene.streamed(Answer::huge_line(1 << 20)).expect_status(200);
    assert!(long.body.len() > 1 << 20 && long.text().contains("xxxx"));
}

#[test]
fn a_whole_answer_to_a_request_for_a_stream_stays_whole() {
    let scene = Scene::start();
    let body = json!({"object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "a"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}});
    let answer = scene.streamed(Answer::json(200, &body)).expect_status(200);
    assert_eq!((answer.header("content-type"), answer.json()), (Some("application/json"), body));
    assert_eq!(scene.log(1)[0]["usage"]["out_text"], 1);
}
