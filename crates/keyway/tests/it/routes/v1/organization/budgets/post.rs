//! POST `/v1/organization/budgets`

use super::super::{NOBODY, key_of, member, refused};
use crate::database;
use crate::stage::{Scene, bare, fields, text};
use testkit::{Value, json};

pub const PATH: &str = "/v1/organization/budgets";

/// A good budget with these fields besides.
pub fn with(more: &Value) -> Value {
    let mut body = json!({"name": "b", "limit_usd": 1, "window": "month"});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn the_answer_as_documented() {
    let scene = Scene::start(bare());
    let made =
        scene.post(PATH, &json!({"name": "all", "limit_usd": "12.5", "window": "day"})).expect_status(200);
    assert_eq!(
        fields(&made.text()),
        [
            "object",
            "id",
            "name",
            "limit_usd",
            "window",
            "time_zone",
            "selector",
            "enforcement",
            "reserve",
            "alert_thresholds",
            "source",
            "created_at",
            "spent_usd",
            "held_usd",
            "remaining_usd",
            "window_start",
            "resets_at"
        ]
    );
    let made = made.json();
    assert!(text(&made["id"]).starts_with("bud_") && made["object"] == "organization.budget");
    assert_eq!((&made["limit_usd"], &made["remaining_usd"]), (&json!(12.5), &json!(12.5)));
    assert_eq!((&made["spent_usd"], &made["held_usd"]), (&json!(0), &json!(0)));
    assert_eq!((&made["time_zone"], &made["enforcement"]), (&json!("UTC"), &json!("hard")));
    assert_eq!(made["alert_thresholds"], json!([50, 80, 100]));
    let organization = text(&made["selector"]["organization"]);
    assert!(organization.starts_with("org_"), "{made}");
    let (begins, ends) = (made["window_start"].as_i64().unwrap(), made["resets_at"].as_i64().unwrap());
    assert_eq!((begins % 86_400, ends - begins), (0, 86_400));

    let total = with(
        &json!({"window": "total", "limit_usd": 0.000000001, "selector": {"organization": organization},
        "enforcement": "soft", "reserve": "full", "alert_thresholds": [100, 1, 100]}),
    );
    let total = scene.post(PATH, &total).expect_status(200);
    assert!(total.text().contains(r#""limit_usd":0.000000001"#), "{}", total.text());
    let total = total.json();
    assert_eq!((&total["resets_at"], &total["alert_thresholds"]), (&Value::Null, &json!([1, 100])));
    assert_eq!((&total["enforcement"], &total["reserve"]), (&json!("soft"), &json!("full")));
    let audit = "SELECT CAST(COUNT(*) AS TEXT) FROM audit_log WHERE event = 'budget.created'";
    assert_eq!(database::one(&scene.keyway, audit), "2");
}

#[test]
fn what_it_selects() {
    let scene = Scene::start(bare());
    let (key, _) = scene.make_key();
    let user = member(&scene, "one@example.com", "developer");
    for selector in [
        json!({"project": scene.project}),
        json!({"key": key}),
        json!({"user": user}),
        json!({"model": "mine/*"}),
        json!({"label": "team=a"}),
        json!({"end_user": "ada"}),
        json!({"project": scene.project, "model": "small", "label": "team=a", "end_user": "bob"}),
    ] {
        let made = scene.post(PATH, &with(&json!({"selector": selector}))).expect_status(200).json();
        assert_eq!(made["selector"], selector);
    }
    let both = with(&json!({"selector": {"project": scene.project, "key": key}}));
    assert_eq!(scene.post(PATH, &both).expect_status(200).json()["selector"], json!({"key": key}));
}

#[test]
fn mistakes_name_their_field_and_make_nothing() {
    let scene = Scene::start(bare());
    let table = [
        (json!({"name": ""}), "name"),
        (json!({"name": null}), "name"),
        (json!({"limit_usd": 0}), "limit_usd"),
        (json!({"limit_usd": -1}), "limit_usd"),
        (json!({"limit_usd": null}), "limit_usd"),
        (json!({"limit_usd": "1e3"}), "limit_usd"),
        (json!({"limit_usd": "0.0000000001"}), "limit_usd"),
        (json!({"limit_usd": 10_000_000_000_i64}), "limit_usd"),
        (json!({"limit_usd": true}), "limit_usd"),
        (json!({"window": "year"}), "window"),
        (json!({"window": null}), "window"),
        (json!({"window": 1}), "window"),
        (json!({"time_zone": "Mars/Base"}), "time_zone"),
        (json!({"time_zone": "../etc/passwd"}), "time_zone"),
        (json!({"enforcement": "maybe"}), "enforcement"),
        (json!({"reserve": "half"}), "reserve"),
        (json!({"alert_thresholds": [0]}), "alert_thresholds"),
        (json!({"alert_thresholds": [1.5]}), "alert_thresholds"),
        (json!({"alert_thresholds": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}), "alert_thresholds"),
        (json!({"colour": 1}), "colour"),
        (json!({"spent_usd": 0}), "spent_usd"),
        (json!({"selector": []}), "selector"),
        (json!({"selector": {"colour": "red"}}), "selector.colour"),
        (json!({"selector": {"organization": format!("org_{NOBODY}")}}), "selector.organization"),
        (json!({"selector": {"project": format!("proj_{NOBODY}")}}), "selector.project"),
        (json!({"selector": {"key": format!("key_{NOBODY}")}}), "selector.key"),
        (json!({"selector": {"user": format!("user_{NOBODY}")}}), "selector.user"),
        (json!({"selector": {"model": " "}}), "selector.model"),
        (json!({"selector": {"label": "team"}}), "selector.label"),
        (json!({"selector": {"end_user": "a\u{7}"}}), "selector.end_user"),
        (json!({"selector": {"token": "x"}}), "selector.token"),
    ];
    for (more, param) in &table {
        refused(&scene.post(PATH, &with(more)), 400, "invalid_request", Some(param));
    }
    // An admin key spends nothing.
    let admin = scene.get_json("/v1/organization/admin_api_keys")["data"][0]["id"].clone();
    let answer = scene.post(PATH, &with(&json!({"selector": {"key": admin}})));
    refused(&answer, 400, "invalid_request", Some("selector.key"));
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM budgets"), "0");
}

#[test]
fn a_key_comes_with_its_budget() {
    let scene = Scene::start(bare());
    let budget = json!({"limit_usd": 0.021, "window": "total", "time_zone": "Europe/Berlin"});
    let made = scene.create_key(&json!({"name": "held", "budget": budget}));
    let id = text(&made["id"]);
    let listed = scene.get_json(&format!("{PATH}?api_key_id={id}"));
    let found = &listed["data"][0];
    assert_eq!((&found["name"], &found["selector"]), (&json!("held"), &json!({"key": id})));
    assert_eq!((&found["limit_usd"], &found["window"]), (&json!(0.021), &json!("total")));
    assert_eq!((&found["enforcement"], &found["time_zone"]), (&json!("hard"), &json!("Europe/Berlin")));
    // What replaces a key takes its budget over.
    let incident = scene.post(&format!("{}/compromised", scene.key_path(&id)), &json!({"replace": true}));
    let replacement = text(&incident.expect_status(200).json()["replacement"]["id"]);
    let moved = scene.get_json(&format!("{PATH}?api_key_id={replacement}"));
    assert_eq!(moved["data"][0]["id"], found["id"]);
    assert_eq!(scene.get_json(&format!("{PATH}?api_key_id={id}"))["data"], json!([]));
}

#[test]
fn there_is_an_end_of_them() {
    let scene = Scene::start(bare());
    let (key, _) = scene.make_key();
    let of_key = with(&json!({"selector": {"key": key}}));
    for _ in 0..8 {
        scene.post(PATH, &of_key).expect_status(200);
    }
    refused(&scene.post(PATH, &of_key), 409, "conflict", None);
    for _ in 0..200 {
        scene.post(PATH, &with(&json!({}))).expect_status(200);
    }
    refused(&scene.post(PATH, &with(&json!({}))), 409, "conflict", None);
}

#[test]
fn owners_of_a_project_make_budgets_in_it_alone() {
    let scene = Scene::start(bare());
    let other = scene.post("/v1/organization/projects", &json!({"name": "other"})).expect_status(200).json();
    let (key, _) = scene.make_key();
    let user = member(&scene, "one@example.com", "viewer");
    let place = json!({"user_id": user, "role": "owner"});
    scene.post(&format!("{}/users", scene.project_path), &place).expect_status(200);
    let (_, admin) = key_of(&scene, &user);
    let ask = |selector: Value| scene.keyway.post_json(PATH, &admin, &with(&json!({"selector": selector})));
    ask(json!({"project": scene.project})).expect_status(200);
    ask(json!({"key": key})).expect_status(200);
    refused(&ask(json!({})), 403, "missing_scope", None);
    refused(&ask(json!({"label": "team=a"})), 403, "missing_scope", None);
    refused(&ask(json!({"user": user})), 403, "missing_scope", None);
    refused(&ask(json!({"project": other["id"]})), 404, "not_found", None);
    // They see those of their projects.
    scene.post(PATH, &with(&json!({}))).expect_status(200);
    scene.post(PATH, &with(&json!({"selector": {"project": other["id"]}}))).expect_status(200);
    let seen = scene.keyway.get(PATH, &admin).expect_status(200).json();
    assert_eq!(seen["data"].as_array().map(Vec::len), Some(2), "{seen}");
}

#[test]
fn a_repeated_call_makes_one() {
    let scene = Scene::start(bare());
    let bearer = format!("Bearer {}", scene.admin);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
    let body = with(&json!({})).to_string();
    let ask = || scene.keyway.request("POST", PATH, &headers, body.as_bytes()).expect_status(200).text();
    assert_eq!(ask(), ask());
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM budgets"), "1");
}
