//! However a request ends, it is one line of the log and one in the sums, on either engine.

use crate::stage::{self, MODEL, Scene, events, hello, total};
use std::collections::HashMap;
use testkit::{Answer, Response, Upstream, Usage, UsageAt, Value, json};

fn id(answer: &Response) -> (String, u16) {
    (answer.header("x-request-id").unwrap_or_default().to_owned(), answer.status)
}

/// Names that people and programs send, and that a database may not like.
const NAMES: [&str; 9] = [
    "nobody/knows",
    "a\0b",
    "\0",
    "line\nbreak",
    "tab\t",
    "\u{1F600}",
    "quo\"te'); DROP TABLE keys; --",
    "%s%n",
    "\u{202e}x",
];

fn named(name: &str) -> Value {
    let mut body = hello(false);
    body["model"] = json!(name);
    body
}

#[test]
fn every_ending_is_one_line_and_one_in_the_sums() {
    let upstream = Upstream::start();
    let mut scene = Scene::start(stage::builder(&upstream).env("KEYWAY_DRAIN_NOTICE_MS", "0"));
    let (_, key) = scene.make_key();
    let ask = |body: &Value| scene.keyway.post_json("/v1/chat/completions", &key, body);
    let mut expected: HashMap<String, u16> = HashMap::new();
    expected.extend([id(&ask(&hello(false)).expect_status(200))]);
    for name in NAMES {
        expected.extend([id(&ask(&named(name)).expect_status(404))]);
    }
    expected.extend([id(&ask(&named(&"long".repeat(5000))))]);
    for answer in [
        Answer::error(400, "invalid_request_error", "bad\0code", "no\0thing"),
        Answer::rate_limited(1),
        Answer::html(500),
        Answer::unauthorized(),
        Answer::two_in_one(),
        Answer::ok().usage_at(UsageAt::Nowhere),
        Answer::ok().usage(Usage::new(4_000_000_000, 4_000_000_000)),
    ] {
        upstream.push(answer);
        expected.extend([id(&ask(&hello(false)))]);
    }
    for answer in
        [Answer::ok(), Answer::ok().fails_at_frame(2, "fell over"), Answer::ok().usage_at(UsageAt::Twice)]
    {
        upstream.push(answer);
        let (head, mut connection) = scene.keyway.stream("/v1/chat/completions", &key, &hello(true));
        let _ = events(&mut connection);
        expected.insert(head.header("x-request-id").unwrap_or_default().to_owned(), 0);
    }
    scene.keyway.restart();
    let rows = scene.requests();
    let found: HashMap<&str, &Value> =
        rows.iter().map(|row| (row["id"].as_str().unwrap_or_default(), row)).collect();
    for (request, status) in &expected {
        let row =
            found.get(request.as_str()).unwrap_or_else(|| panic!("{request} ({status}) is not in the log"));
        assert!(*status == 0 || row["status"] == *status, "{status}: {row}");
    }
    assert_eq!((rows.len(), found.len()), (expected.len(), expected.len()));
    let usage = scene.usage();
    assert_eq!(usage["num_model_requests"], rows.len());
    let sum =
        |field: &str| rows.iter().map(|row| row["usage"][field].as_i64().unwrap_or_default()).sum::<i64>();
    assert_eq!(
        (&usage["input_tokens"], &usage["output_tokens"]),
        (&json!(sum("input_tokens")), &json!(sum("output_tokens")))
    );
    let cost: i64 = rows.iter().map(|row| stage::nanousd(&row["cost_usd"])).sum();
    assert_eq!(usage["cost_nanousd"], cost);
    assert_eq!(total(&scene.keyway.json(&["usage", "--by", "model,key,day"])), usage);
    let quarantined =
        crate::database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM usage_quarantine");
    assert_eq!(quarantined, "0", "a line could not be stored");
}

#[test]
fn what_is_refused_before_it_is_a_request_costs_and_reaches_nothing() {
    let upstream = Upstream::start();
    let mut scene = Scene::start(stage::builder(&upstream).env("KEYWAY_DRAIN_NOTICE_MS", "0"));
    let (_, key) = scene.make_key();
    let stranger = "sk-kw-live-27lCu1Buucl5dYDd4XzplAzIwSeoS9qI0Yaw4aqIOzow8B8ub5uUyvE1VQChK";
    for path in
        ["/v1/chat/completions", "/openai/v1/chat/completions", "/chat/completions", "/beta/chat/completions"]
    {
        for wrong in ["", "nonsense", stranger, &key[..key.len() - 1]] {
            let answer = scene.keyway.post_json(path, wrong, &hello(false));
            assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_api_key"), "{path}");
        }
        assert_eq!(scene.keyway.post_json(path, &scene.admin, &hello(false)).code(), "wrong_key_type");
    }
    assert_eq!((upstream.count(), upstream.links().len()), (0, 0), "somebody unknown reached a provider");
    scene.keyway.restart();
    assert_eq!(scene.requests(), Vec::<Value>::new());
    assert_eq!(scene.usage()["num_model_requests"], 0);
    assert_eq!(MODEL, "mine/small");
}
