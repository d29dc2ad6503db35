//! What a chat completion looks like from both ends: addresses, header fields, labels.

use crate::scene::{CHAT, HI, HI_STREAM, PROVIDER_SECRET, Scene};
use std::io::{Read, Write};
use testkit::{Answer, Canary, Upstream, Usage, UsageAt, Value, json};

#[test]
fn every_path_is_the_same_route() {
    let scene = Scene::start();
    let paths = [
        "/v1/chat/completions",
        "/chat/completions",
        "/beta/chat/completions",
        "/openai/v1/chat/completions",
        "/v1/chat/completions?api-version=2024-10-21",
    ];
    for (count, path) in (1..).zip(paths) {
        let answer = scene.keyway.post_bytes(path, &scene.key, HI.as_bytes()).expect_status(200);
        assert_eq!(
            answer.json()["choices"][0]["message"]["content"],
            "Hello from the scripted upstream.",
            "{path}"
        );
        assert_eq!(scene.upstream.count(), count);
        assert_eq!(scene.upstream.last().path, "/v1/chat/completions", "{path}");
    }
}

#[test]
fn an_answer_says_who_served_it_and_what_it_cost() {
    let scene = Scene::start();
    let answer = scene
        .answered(Answer::ok().usage(Usage { prompt: 1000, completion: 200, cached: 400 }))
        .expect_status(200);
    let field = |name: &str| answer.header(name).unwrap_or("absent").to_owned();
    assert_eq!(field("x-keyway-model"), "mine/small");
    assert_eq!(field("x-keyway-provider"), "mine");
    assert_eq!(field("x-keyway-attempts"), "1");
    // 600 at 1, 400 at 0.1, 200 at 2 dollars per million.
    assert_eq!(field("x-keyway-cost-usd"), "0.00104");
    assert_eq!(field("content-type"), "application/json");
    assert!(answer.header("x-keyway-notice").is_none());
    let entry = &scene.log(1)[0];
    assert_eq!(entry["id"], field("x-request-id"));
    assert_eq!(entry["cost_usd"], json!(0.00104));
    let usage = &entry["usage"];
    assert_eq!(
        (&usage["in_uncached"], &usage["cache_read"], &usage["out_text"]),
        (&json!(600), &json!(400), &json!(200))
    );
}

#[test]
fn an_answer_without_a_price_has_no_cost() {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let any = format!("[providers.any]\nbase_url = \"{base}\"\nauth = \"none\"\nmodels_any = true\n");
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, &any);
    let answer = scene.chat(HI.replace("mine/small", "any/thing")).expect_status(200);
    assert_eq!(answer.header("x-keyway-model"), Some("any/thing"));
    assert_eq!(answer.header("x-keyway-cost-usd"), None);
    let sent = scene.upstream.last();
    assert_eq!((sent.json()["model"].as_str(), sent.header("authorization")), (Some("thing"), None));
    scene.upstream.push(Answer::ok().usage_at(UsageAt::Nowhere));
    assert_eq!(scene.chat(HI).status, 200);
    let log = scene.log(2);
    assert_eq!((&log[1]["cost_usd"], &log[1]["usage_origin"]), (&Value::Null, &json!("reported")));
    // Nothing was reported: what is booked is an estimate, and says so.
    assert_eq!(log[0]["usage_origin"], "estimated");
}

#[test]
fn the_providers_own_header_fields_stay_behind() {
    let scene = Scene::start();
    let theirs = [
        ("set-cookie", "session=1; path=/"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-remaining-tokens", "9"),
        ("anthropic-ratelimit-requests-limit", "50"),
        ("ratelimit-remaining", "3"),
        ("retry-after", "77"),
        ("retry-after-ms", "77000"),
        ("x-should-retry", "true"),
        ("openai-organization", "org-secret"),
        ("openai-processing-ms", "12"),
        ("server", "scripted"),
        ("via", "1.1 cache"),
        ("alt-svc", "h3=\":443\""),
        ("x-request-id", "req_theirs"),
        ("x-client-request-id", "theirs"),
        ("x-keyway-cost-usd", "99"),
        ("x-keyway-model", "theirs"),
        ("keep-alive", "timeout=5"),
        ("strict-transport-security", "max-age=1"),
        ("access-control-allow-origin", "*"),
        ("content-type-options", "x"),
    ];
    for body in [HI, HI_STREAM] {
        let with = theirs.iter().fold(Answer::ok(), |answer, (name, value)| answer.header(name, value));
        scene.upstream.push(with);
        let answer = scene.chat(body).expect_status(200);
        for (name, value) in theirs {
            assert_ne!(answer.header(name), Some(value), "{name}");
        }
        let mut names: Vec<_> = answer.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
        names.retain(|name| !name.starts_with("x-keyway-"));
        names.retain(|name| {
            let ours = ["content-type", "x-request-id", "date", "connection", "content-length"];
            let of_streams = ["cache-control", "transfer-encoding"];
            !(ours.contains(&name.as_str()) || body == HI_STREAM && of_streams.contains(&name.as_str()))
        });
        assert!(names.is_empty(), "passed on: {names:?}");
    }
}

#[test]
fn the_clients_own_header_fields_stay_here() {
    let scene = Scene::start();
    let bearer = format!("Bearer {}", scene.key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-api-key", scene.key.as_str()),
        ("content-type", "application/json; charset=utf-8"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, br"),
        ("user-agent", "client/1.0"),
        ("cookie", "session=1"),
        ("x-stainless-lang", "python"),
        ("x-stainless-retry-count", "2"),
        ("openai-organization", "org-client"),
        ("openai-project", "proj-client"),
        ("x-request-id", "client-id-1"),
        ("idempotency-key", "once"),
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("referer", "http://localhost/"),
        ("x-keyway-labels", "team=a"),
        ("te", "trailers"),
    ];
    let answer = scene.keyway.request("POST", CHAT, &headers, HI.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.upstream.last();
    let mut names: Vec<_> = sent.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    let expected = [
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    ];
    assert_eq!(names, expected);
    let credential = format!("Bearer {PROVIDER_SECRET}");
    assert_eq!(sent.header("authorization"), Some(credential.as_str()));
    assert_eq!(sent.header("accept-encoding"), Some("identity"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_ne!(sent.header("user-agent"), Some("client/1.0"));
    let mut canary = Canary::new();
    canary.add("the client's key", &scene.key);
    assert_eq!(canary.search("head", &sent.head), []);
    assert_eq!(canary.search("body", &sent.body), []);
}

#[test]
fn a_clients_request_id_is_echoed_and_identifies_nothing() {
    let scene = Scene::start();
    let long = "x".repeat(4096);
    let table = [
        ("x-request-id", "my-own_id.1", Some("my-own_id.1")),
        ("x-request-id", "my-own_id.1", Some("my-own_id.1")),
        ("x-client-request-id", "theirs", Some("theirs")),
        ("x-request-id", "two words", None),
        ("x-request-id", "", None),
        ("x-request-id", &long, None),
    ];
    let bearer = format!("Bearer {}", scene.key);
    let mut ids = Vec::new();
    for (name, sent, echoed) in table {
        let headers = [("authorization", bearer.as_str()), (name, sent)];
        let answer = scene.keyway.request("POST", CHAT, &headers, HI.as_bytes()).expect_status(200);
        assert_eq!(answer.header("x-client-request-id"), echoed, "{name}: {sent}");
        let id = answer.header("x-request-id").unwrap_or_default().to_owned();
        assert!(id.starts_with("req_") && id.len() == 30, "{id}");
        ids.push(id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), table.len(), "an id was given twice");
    let log = scene.log(table.len());
    assert_eq!(log.len(), table.len());
    let mine = log.iter().filter(|entry| entry["client_request_id"] == "my-own_id.1");
    assert_eq!(mine.count(), 2);
}

#[test]
fn labels_are_taken_out_and_recorded() {
    let scene = Scene::start();
    let bearer = format!("Bearer {}", scene.key);
    let table = [
        ("team=a, run=7", r#""keyway":{"labels":{"run":"8","x":"é"}},"#, json!(["run=8", "team=a", "x=é"])),
        ("team=a", "", json!(["team=a"])),
        ("", r#""keyway":{},"#, json!([])),
    ];
    for (count, (header, member, recorded)) in (1..).zip(table) {
        let body = HI.replacen('{', &format!("{{{member}"), 1);
        let mut headers = vec![("authorization", bearer.as_str())];
        if !header.is_empty() {
            headers.push(("x-keyway-labels", header));
        }
        let answer = scene.keyway.request("POST", CHAT, &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(scene.upstream.last().text(), HI.replace("mine/small", "small-v2"));
        assert_eq!(scene.log(count)[0]["labels"], recorded);
    }
    let wrong = [
        ("team", "", "x-keyway-labels"),
        ("", r#""keyway":[],"#, "keyway"),
        ("", r#""keyway":{"labels":{"a":1}},"#, "keyway"),
        ("", r#""keyway":{"lables":{}},"#, "keyway"),
        ("", r#""keyway":{},"keyway":{},"#, "keyway"),
    ];
    for (header, member, param) in wrong {
        let body = HI.replacen('{', &format!("{{{member}"), 1);
        let mut headers = vec![("authorization", bearer.as_str())];
        if !header.is_empty() {
            headers.push(("x-keyway-labels", header));
        }
        let answer = scene.keyway.request("POST", CHAT, &headers, body.as_bytes());
        crate::scene::assert_error(&body, &answer, 400, "invalid_request");
        assert_eq!(answer.json()["error"]["param"], param, "{body}");
    }
    assert_eq!(scene.upstream.count(), 3);
}

#[test]
fn tools_make_a_round_trip() {
    let scene = Scene::start();
    let tools =
        r#""tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]"#;
    let ask = HI.replacen('{', &format!("{{{tools},"), 1);
    let answer = scene.chat(&ask).expect_status(200).json();
    let call = &answer["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["function"]["arguments"], r#"{"city":"Lisbon"}"#);
    let result = format!(
        r#"{{"model":"mine/small",{tools},"messages":[{{"role":"user","content":"hi"}},{{"role":"assistant","tool_calls":[{call}]}},{{"role":"tool","tool_call_id":"call_1","content":"21"}}]}}"#
    );
    let answer = scene.chat(&result).expect_status(200).json();
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(scene.upstream.last().text(), result.replace("mine/small", "small-v2"));
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let scene = Scene::start();
    let bearer = format!("Bearer {}", scene.key);
    let mut connection = scene.keyway.connect();
    for body in [HI, HI_STREAM, "{", HI] {
        connection.send("POST", CHAT, &[("authorization", &bearer)], body.as_bytes()).unwrap();
        let answer = connection.response().unwrap();
        assert_eq!(answer.status, if body == "{" { 400 } else { 200 }, "{}", answer.text());
    }
    assert_eq!(scene.upstream.links().len(), 1, "the provider's connection is used again");
}

#[test]
fn requests_that_come_together_are_answered_in_order() {
    let scene = Scene::start();
    let one = |model: &str| {
        let body = HI.replace("mine/small", model);
        let head = format!("POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n", scene.key);
        format!("{head}content-length: {}\r\n\r\n{body}", body.len())
    };
    let mut connection = scene.keyway.connect();
    let text = one("mine/small") + &one("mine/none") + &one("mine/small");
    connection.raw().write_all(text.as_bytes()).unwrap();
    for status in [200, 404, 200] {
        assert_eq!(connection.response().unwrap().status, status);
    }
}

#[test]
fn a_client_that_waits_for_leave_to_send_is_told_to() {
    let scene = Scene::start();
    let head = |key: &str| {
        format!(
            "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nexpect: 100-continue\r\n\
             content-length: {}\r\n\r\n",
            HI.len()
        )
    };
    let mut connection = scene.keyway.connect();
    connection.raw().write_all(head(&scene.key).as_bytes()).unwrap();
    let mut leave = [0; 25];
    connection.raw().read_exact(&mut leave).unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.raw().write_all(HI.as_bytes()).unwrap();
    assert_eq!(connection.response().unwrap().status, 200);
    // One that is refused by its head alone need not send the rest.
    let mut connection = scene.keyway.connect();
    connection.raw().write_all(head("sk-kw-live-nonsense").as_bytes()).unwrap();
    assert_eq!(connection.response().unwrap().status, 401);
}

#[test]
fn a_client_of_http_1_0_is_served() {
    let scene = Scene::start();
    for (body, end) in [(HI, "}"), (HI_STREAM, "data: [DONE]\n\n")] {
        let mut connection = scene.keyway.connect();
        let head = format!("POST {CHAT} HTTP/1.0\r\nauthorization: Bearer {}\r\n", scene.key);
        let text = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        connection.raw().write_all(text.as_bytes()).unwrap();
        let answer = connection.response().unwrap();
        assert_eq!((answer.status, answer.header("transfer-encoding")), (200, None));
        assert!(answer.text().ends_with(end), "{}", answer.text());
    }
}
