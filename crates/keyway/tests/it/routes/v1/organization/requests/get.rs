//! GET `/v1/organization/requests` and `/v1/organization/requests/{request}`

use super::super::usage::counted;
use super::super::{NOBODY, refused, walk};
use crate::database;
use crate::stage::{self, MODEL, Scene, bare, fields, hello, text};
use testkit::{Answer, Response, Upstream, Usage, Value, json};

const PATH: &str = "/v1/organization/requests";

fn id(answer: &Response) -> String {
    answer.header("x-request-id").unwrap_or_default().to_owned()
}

#[test]
fn a_line_as_documented() {
    let upstream =
        Upstream::scripted(|_| Answer::ok().usage(Usage { prompt: 1000, completion: 200, cached: 400 }));
    let scene = Scene::start(stage::builder(&upstream));
    let (key_id, key) = scene.make_key();
    let bearer = format!("Bearer {key}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("x-request-id", "caller-7"),
        ("x-keyway-labels", "team=a,run=7"),
    ];
    let answer = scene
        .keyway
        .request("POST", "/v1/chat/completions", &headers, hello(false).to_string().as_bytes())
        .expect_status(200);
    assert_eq!(answer.header("x-client-request-id"), Some("caller-7"));
    let id = id(&answer);
    assert!(id.starts_with("req_") && id.len() == 30, "{id}");
    let row = scene.request(&id);
    let expected = json!({"object": "organization.request", "id": id, "created_at": row["created_at"],
        "project_id": scene.project, "api_key_id": key_id, "user_id": null, "test": false,
        "kind": "chat_completions", "model": MODEL, "model_served": MODEL, "provider": "mine", "stream": false,
        "status": 200, "error": null,
        "attempts": [{"provider": "mine", "model": "small-v2", "status": 200, "ms": row["attempts"][0]["ms"],
            "outcome": "ok", "credential_id": "config"}],
        "losses": [],
        "usage": {"input_tokens": 1000, "output_tokens": 200, "in_uncached": 600, "cache_read": 400,
            "cache_write_5m": 0, "cache_write_1h": 0, "in_audio": 0, "in_image": 0, "out_text": 200,
            "out_reasoning": 0, "out_audio": 0},
        "usage_origin": "reported", "price_version": row["price_version"], "cost_usd": 0.00062, "provider_cost_usd": 0.00062, "cache_saved_usd": null,
        "latency_ms": row["latency_ms"], "first_token_ms": row["first_token_ms"],
        "labels": ["run=7", "team=a"], "ip": "127.0.0.1", "client_request_id": "caller-7"});
    assert_eq!(row, expected);
    let text = scene.get(&format!("{PATH}/{id}")).text();
    assert!(!text.contains("Hello"), "prompt or answer is in the log: {text}");
    assert_eq!(fields(&text).len(), 27);
    assert_eq!(scene.get_json(PATH)["data"], json!([row]));
}

#[test]
fn an_answer_that_its_cap_cut_is_told_apart() {
    let upstream =
        Upstream::scripted(|_| Answer::ok().usage(Usage { prompt: 10, completion: 200, cached: 0 }));
    let scene = Scene::start(stage::builder(&upstream));
    let (_, key) = scene.make_key();
    let ask = |cap: Value, answers: u64, stream: bool| {
        let mut body = hello(stream);
        (body["max_tokens"], body["n"]) = (cap, json!(answers));
        let answer = scene.keyway.post_json("/v1/chat/completions", &key, &body).expect_status(200);
        text(&scene.request(&id(&answer))["attempts"][0]["outcome"])
    };
    // One of so few tokens is meant, two answers share the tokens, and without a cap nothing is cut.
    for (cap, answers, expected) in [
        (json!(200), 1, "truncated"),
        (json!(201), 1, "ok"),
        (json!(100), 2, "truncated"),
        (json!(150), 2, "ok"),
        (json!(15), 1, "ok"),
        (Value::Null, 1, "ok"),
    ] {
        for stream in [false, true] {
            assert_eq!(ask(cap.clone(), answers, stream), expected, "{cap} {answers} {stream}");
        }
    }
    for table in ["usage_rollup", "usage_total", "usage_member"] {
        let sum = format!("SELECT CAST(SUM(truncated_requests) AS TEXT) FROM {table} WHERE width = 'd'");
        assert_eq!(database::one(&scene.keyway, &sum), "4", "{table}");
    }
}

#[test]
fn pages_go_through_all_of_them_newest_first() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (_, key) = scene.make_key();
    let mut sent: Vec<String> = (0..7).map(|_| id(&scene.chat(&key).expect_status(200))).collect();
    counted(&scene, 7);
    // Newest first to the millisecond; within one, ids decide.
    sent.sort_by(|one, other| other.cmp(one));
    for limit in [1, 3, 7, 100] {
        let (all, _) = walk(&scene, PATH, limit, "");
        let ids: Vec<String> = all.iter().map(|row| text(&row["id"])).collect();
        assert_eq!(ids, sent, "limit {limit}");
    }
}

#[test]
fn filters_find_what_they_name() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let ((one, first), (two, second)) = (scene.make_key(), scene.make_key());
    scene.chat(&first).expect_status(200);
    upstream.push(Answer::rate_limited(7));
    scene.chat(&second).expect_status(429);
    let mut echo = hello(true);
    echo["model"] = json!("sandbox/echo");
    scene.keyway.post_json("/v1/chat/completions", &second, &echo).expect_status(200);
    let mut unknown = hello(false);
    unknown["model"] = json!("nobody/knows");
    scene.keyway.post_json("/v1/chat/completions", &first, &unknown).expect_status(404);
    counted(&scene, 4);
    let (past, now) = (stage::yesterday(), stage::now_seconds());
    for (query, count) in [
        (format!("api_key_ids={one}"), 2),
        (format!("api_key_ids[]={one}&api_key_ids[]={two}"), 4),
        ("status=429".to_owned(), 1),
        ("status=429&status=404".to_owned(), 2),
        ("status=500".to_owned(), 0),
        (format!("models={MODEL}"), 2),
        ("models=sandbox/echo".to_owned(), 1),
        ("models=nobody/knows".to_owned(), 1),
        (format!("models={MODEL}&status=200"), 1),
        ("providers=sandbox".to_owned(), 1),
        (format!("project_ids={}", scene.project), 4),
        ("project_ids=proj_other".to_owned(), 0),
        ("user_ids=user_other".to_owned(), 0),
        (format!("start_time={past}&end_time={}", now + 60), 4),
        (format!("end_time={past}"), 0),
        (format!("start_time={}", now + 60), 0),
    ] {
        let page = scene.get_json(&format!("{PATH}?limit=100&{query}"));
        assert_eq!(page["data"].as_array().map(Vec::len), Some(count), "{query}: {page}");
    }
    let limited = scene.get_json(&format!("{PATH}?status=429"));
    let row = &limited["data"][0];
    assert_eq!(
        (&row["error"], &row["usage_origin"]),
        (&json!("rate_limit_exceeded"), &json!("nothing")),
        "{row}"
    );
    assert_eq!(row["attempts"][0]["status"], 429, "{row}");
    let unknown = scene.get_json(&format!("{PATH}?status=404"));
    let row = &unknown["data"][0];
    assert_eq!((&row["error"], &row["model_served"]), (&json!("model_not_found"), &Value::Null), "{row}");
    assert_eq!(row["attempts"], json!([]), "{row}");
}

#[test]
fn parameters_are_read_or_refused_by_name() {
    let scene = Scene::start(bare());
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("status=ok", "status"),
        ("status=99", "status"),
        ("after=key_1", "after"),
        ("start_time=x", "start_time"),
        ("order=asc", "order"),
        ("models=%00", "models"),
        ("api_key_ids[]=a&api_key_ids[]=%0a", "api_key_ids"),
    ] {
        refused(&scene.get(&format!("{PATH}?{query}")), 400, "invalid_request", Some(param));
    }
}

#[test]
fn what_is_not_yours_is_not_there() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (_, key) = scene.make_key();
    let mine = id(&scene.chat(&key).expect_status(200));
    let _ = scene.request(&mine);
    let nobody = scene.get(&format!("{PATH}/req_{NOBODY}"));
    refused(&nobody, 404, "not_found", None);
    let answer = scene.get(&format!("{PATH}/nonsense"));
    assert_eq!((answer.status, answer.text()), (404, nobody.text()));
    // The same line under another organisation is nobody's here.
    database::execute(&scene.keyway, "UPDATE request_batches SET org_id = 'org_other'");
    database::execute(&scene.keyway, "UPDATE request_facets SET org_id = 'org_other'");
    let answer = scene.get(&format!("{PATH}/{mine}"));
    assert_eq!((answer.status, answer.text()), (404, nobody.text()));
    assert_eq!(scene.get_json(PATH)["data"], json!([]));
}
