//! Streams that go wrong on their way.

use crate::scene::{HI_STREAM_USAGE, Scene, assert_cut, last_event};
use testkit::upstream::Step;
use testkit::{Answer, json};

const TEXT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n";

fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

#[test]
fn a_stream_that_is_cut_says_so() {
    let scene = Scene::start();
    let table = [
        ("a proper end without a stop reason", vec![send(TEXT)]),
        ("an empty stream", vec![]),
        ("comments alone", vec![send(": keep-alive\n\n")]),
        ("closed", vec![send(TEXT), Step::Close]),
        ("reset", vec![send(TEXT), Step::Reset]),
        ("closed in a chunk", vec![send(TEXT), Step::CloseMidChunk]),
        ("closed in an event", vec![send(TEXT), send("data: {\"choices\":["), Step::Close]),
        ("ended in an event", vec![send(TEXT), send("data: {\"choices\":[")]),
        ("ended in a line", vec![send(TEXT), send("data: {\"choices\":[]}\n")]),
        ("ended in a comment", vec![send(TEXT), send(": keep-al")]),
        ("usage without a stop", vec![send(TEXT), send(USAGE)]),
        ("a bad chunk", vec![Step::Wire(b"zz\r\n".to_vec())]),
    ];
    for (count, (what, steps)) in (1..).zip(table) {
        let begins = steps.iter().any(|step| matches!(step, Step::Send(text) if text == TEXT.as_bytes()));
        scene.upstream.push(Answer::events(steps));
        let answer = scene.chat(HI_STREAM_USAGE).expect_status(200).text();
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
        ("at once", vec![send(error)]),
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

#[test]
fn an_endless_line_is_bounded() {
    let scene = Scene::start();
    let answer = scene.streamed(Answer::huge_line(12 << 20)).expect_status(200);
    assert!(answer.body.len() < 64 * 1024, "{} bytes", answer.body.len());
    assert_cut("an endless line", &answer.text(), "upstream_error");
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
