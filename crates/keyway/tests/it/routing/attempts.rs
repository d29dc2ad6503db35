//! One request, several attempts: which failures lead to another provider, and what is told of it.

use super::{Providers, answered, nobody};
use std::fmt::Write as _;
use testkit::upstream::Step;
use testkit::{Answer, Upstream, json};

/// Each row has providers of its own, so that what one does to health is nothing to the next.
fn failures() -> Vec<(&'static str, Answer, bool)> {
    let error = |status, code| Answer::error(status, "x", code, "no");
    let in_answer = json!({"error": {"message": "no", "type": "server_error", "code": "server_error"}});
    vec![
        ("500", error(500, "server_error"), true),
        ("502", Answer::html(502), true),
        ("503", error(503, "overloaded"), true),
        ("529", error(529, "overloaded_error"), true),
        ("408", error(408, "timeout"), true),
        ("429", Answer::rate_limited(7), true),
        ("429, no money", error(429, "insufficient_quota"), true),
        ("401", Answer::unauthorized(), true),
        ("402", Answer::payment_required(), true),
        ("403", error(403, "forbidden"), true),
        ("404", error(404, "model_not_found"), true),
        ("413", error(413, "too_large"), true),
        ("too long", error(400, "context_length_exceeded"), true),
        ("half a head", Answer::raw(vec![Step::Wire(b"HTTP/1.1 200 OK\r\nconten".to_vec())]), true),
        ("no HTTP", Answer::raw(vec![Step::Wire(b"SSH-2.0-x\r\n".to_vec())]), true),
        (
            "half a body",
            Answer::raw(vec![Step::Wire(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec())]),
            true,
        ),
        ("a page", Answer::html(200), true),
        ("a failure in a success", Answer::json(200, &in_answer), true),
        ("400", error(400, "invalid_value"), false),
        ("422", error(422, "invalid_value"), false),
        ("the content", error(400, "content_filter"), false),
        ("451", error(451, "x"), false),
    ]
}

#[test]
fn each_class_of_failure_goes_on_or_is_told() {
    let rows = failures();
    let failing = Upstream::start();
    let well = Upstream::start();
    let mut urls = vec![well.base_url()];
    let mut routes = String::new();
    for number in 1..=rows.len() * 2 {
        urls.push(failing.base_url());
        let targets = format!("[{{ model = \"p{number}/m\" }}, {{ model = \"p0/m\" }}]");
        let _ = writeln!(routes, "[routes.r{number}]\ntargets = {targets}");
    }
    let it = Providers::at(vec![well, failing], &urls, &routes);
    let mut expected = 0;
    let both = rows.into_iter().flat_map(|row| [(row.clone(), false), (row, true)]);
    for (number, ((what, answer, goes_on), stream)) in (1..).zip(both) {
        it.upstreams[1].push(answer);
        let answer = it.ask_with(&format!("r{number}"), &[], &json!({"stream": stream}));
        if goes_on {
            let told = (answer.status, answered(&answer));
            assert_eq!(told, (200, ("p0".to_owned(), "2".to_owned())), "{what}: {}", answer.text());
            expected += 1;
        } else {
            assert!((400..500).contains(&answer.status), "{what}: {}", answer.text());
            assert_eq!(answer.header("x-keyway-attempts"), Some("1"), "{what}");
        }
        assert_eq!(it.upstreams[0].count(), expected, "{what}");
    }
}

#[test]
fn nothing_is_retried_once_the_client_has_a_byte() {
    let it = Providers::start(2, "[routes.r]\ntargets = [{ model = \"p0/m\" }, { model = \"p1/m\" }]\n");
    let stream = json!({"stream": true});
    let failures = [
        Answer::ok().fails_at_frame(2, "broke down"),
        Answer::ok().at_frame(2, Step::Close),
        Answer::ok().at_frame(2, Step::Reset),
        // A comment keeps the client waiting for this answer.
        Answer::events(vec![Step::Send(b": keep-alive\n\n".to_vec()), Step::Close]),
    ];
    for answer in failures {
        it.upstreams[0].push(answer);
        let answer = it.ask_with("r", &[], &stream);
        assert_eq!(answered(&answer), ("p0".to_owned(), "1".to_owned()));
        assert!(answer.text().contains("error"), "{}", answer.text());
    }
    assert_eq!(it.counts(), [4, 0]);
    // Before the first byte, it is.
    let error = json!({"error": {"message": "no", "type": "server_error"}});
    let first = Answer::events(vec![Step::Send(format!("data: {error}\n\n").into_bytes())]);
    it.upstreams[0].push(first);
    let answer = it.ask_with("r", &[], &stream);
    assert_eq!((answer.status, answered(&answer)), (200, ("p1".to_owned(), "2".to_owned())));
    let log = it.log(5);
    let attempts = &log[0]["attempts"];
    assert_eq!(
        (&attempts[0]["outcome"], &attempts[1]["outcome"]),
        (&json!("in_answer"), &json!("ok")),
        "{attempts}"
    );
}

#[test]
fn the_log_has_every_attempt_and_the_client_pays_one() {
    let it = Providers::start(
        3,
        "[routes.r]\ntargets = [{ model = \"p0/m\" }, { model = \"p1/m\" }, { model = \"p2/m\" }]\n",
    );
    it.upstreams[0].push(Answer::error(500, "x", "x", "no"));
    it.upstreams[1].push(Answer::raw(vec![Step::Close]));
    let answer = it.ask("r");
    assert_eq!((answer.status, answered(&answer)), (200, ("p2".to_owned(), "3".to_owned())));
    assert_eq!(answer.header("x-keyway-model"), Some("p2/m"));
    let log = it.log(1);
    let row = &log[0];
    let outcome = |number: usize| {
        (row["attempts"][number]["provider"].clone(), row["attempts"][number]["outcome"].clone())
    };
    assert_eq!(outcome(0), (json!("p0"), json!("status")));
    assert_eq!(outcome(1), (json!("p1"), json!("closed")));
    assert_eq!(outcome(2), (json!("p2"), json!("ok")));
    assert_eq!((&row["model"], &row["model_served"]), (&json!("r"), &json!("p2/m")), "{row}");
    // One line, and one answer that is paid for.
    assert_eq!(log.len(), 1);
    let billed: Vec<usize> = it.upstreams.iter().map(|upstream| upstream.billed().len()).collect();
    assert_eq!(billed, [0, 0, 1]);
    let usage = it.upstreams[2].billed()[0].usage;
    let cost = (usage.prompt + 2 * usage.completion) as f64 / 1e6;
    assert_eq!(answer.header("x-keyway-cost-usd").and_then(|text| text.parse::<f64>().ok()), Some(cost));
}

#[test]
fn when_all_fail_the_last_failure_is_told_and_libraries_are_not_to_repeat_it() {
    let it = Providers::start(2, "[routes.r]\ntargets = [{ model = \"p0/m\" }, { model = \"p1/m\" }]\n");
    for upstream in &it.upstreams {
        upstream.always(|_| Answer::error(500, "x", "x", "no"));
    }
    let answer = it.ask("r");
    assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_error"), "{}", answer.text());
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    // Three attempts, the last one after a wait.
    assert_eq!(answer.header("x-keyway-attempts"), Some("3"));
    assert_eq!(it.counts(), [2, 1]);
    // Alone, nobody is asked twice: the client's library does that.
    let answer = it.ask("p1/m");
    assert_eq!((answer.status, answer.header("x-keyway-attempts")), (502, Some("1")));
    assert_eq!(answer.header("x-should-retry"), None);
}

#[test]
fn a_name_that_several_serve_fails_over_without_any_route() {
    let alive = Upstream::start();
    let url = alive.base_url();
    let it = Providers::at(vec![alive], &[nobody(), url], "");
    let mut at_once = 0;
    for _ in 0..20 {
        let answer = it.ask("m");
        assert_eq!((answer.status, answer.header("x-keyway-provider")), (200, Some("p1")));
        at_once += usize::from(answered(&answer).1 == "1");
    }
    // Who is dead is not asked for long, but now and then.
    assert!(at_once >= 10, "{at_once}");
}

#[test]
fn a_cooldown_is_as_long_as_its_provider_says() {
    let it = Providers::start(2, "[routes.r]\ntargets = [{ model = \"p0/m\" }, { model = \"p1/m\" }]\n");
    it.upstreams[0].push(Answer::rate_limited(60));
    assert_eq!(answered(&it.ask("r")), ("p1".to_owned(), "2".to_owned()));
    for _ in 0..5 {
        assert_eq!(answered(&it.ask("r")), ("p1".to_owned(), "1".to_owned()));
    }
    assert_eq!(it.counts(), [1, 6]);
    // Who asks for that very provider gets its own answer.
    assert_eq!(it.ask("p0/m").status, 200);
    assert_eq!(answered(&it.ask("r")), ("p0".to_owned(), "1".to_owned()), "it has room again");
}

#[test]
fn a_second_attempt_takes_no_second_request_of_a_limit() {
    let it = Providers::start(2, "[routes.r]\ntargets = [{ model = \"p0/m\" }, { model = \"p1/m\" }]\n");
    let key = it.keyway.make_key_with("limited", &["--rpm", "2"]);
    let it = Providers { key, ..it };
    it.upstreams[0].push(Answer::error(500, "x", "x", "no"));
    assert_eq!(answered(&it.ask("r")), ("p1".to_owned(), "2".to_owned()));
    assert_eq!(it.ask("r").status, 200);
    assert_eq!(it.ask("r").status, 429);
}
