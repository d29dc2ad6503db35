//! GET, POST and DELETE `/v1/organization/alerts[/{alert}]`

use super::super::{NOBODY, key_of, member, refused, walk};
use crate::stage::{Scene, bare, fields, text};
use testkit::{Value, json};

const PATH: &str = "/v1/organization/alerts";

#[test]
fn sensible_ones_are_there_changed_and_removed() {
    let scene = Scene::start(bare());
    let (all, _) = walk(&scene, PATH, 5, "&order=asc");
    let on = |all: &[Value]| all.iter().map(|it| text(&it["on"])).collect::<Vec<_>>();
    assert_eq!(all.len(), 12);
    assert!(all.iter().all(|it| it["preset"] == true && it["enabled"] == true), "{all:?}");
    let (backwards, _) = walk(&scene, PATH, 5, "&order=desc");
    assert_eq!(on(&backwards).into_iter().rev().collect::<Vec<_>>(), on(&all));
    let budget = all.iter().find(|it| it["on"] == "budget").unwrap();
    let path = format!("{PATH}/{}", text(&budget["id"]));
    assert_eq!(&scene.get_json(&path), budget);
    let changed = scene.post(&path, &json!({"threshold": 80, "enabled": false, "snooze_seconds": 60}));
    let changed = changed.expect_status(200).json();
    assert_eq!(
        (&changed["threshold"], &changed["enabled"], &changed["preset"]),
        (&json!(80), &json!(false), &json!(true))
    );
    assert!(changed["snoozed_until"].is_i64());
    assert_eq!(scene.get_json(&path), changed);
    let again = scene.post(&path, &json!({"threshold": null, "snooze_seconds": 0})).expect_status(200).json();
    assert_eq!((&again["threshold"], &again["snoozed_until"]), (&Value::Null, &Value::Null));
    scene.delete(&path).expect_status(200);
    refused(&scene.get(&path), 404, "not_found", None);
    assert_eq!(walk(&scene, PATH, 100, "").0.len(), 11);
    assert_eq!(scene.get(&path).text(), scene.get(&format!("{PATH}/alert_{NOBODY}")).text());
}

#[test]
fn the_answer_as_documented() {
    let scene = Scene::start(bare());
    let (key, _) = scene.make_key();
    member(&scene, "ada@example.com", "viewer");
    let hook = scene.post("/v1/organization/webhooks", &json!({"name": "w", "url": "https://x.example/"}));
    let hook = text(&hook.expect_status(200).json()["id"]);
    let body = json!({"name": "dear", "on": "cost", "api_key_id": key, "threshold": "12.5", "window": "hour",
        "channels": [{"type": "email", "to": "Ada@Example.com"}, {"type": "webhook", "webhook_id": hook}],
        "act": {"type": "limit_key", "requests_per_minute": 5}});
    let made = scene.post(PATH, &body).expect_status(200);
    assert_eq!(
        fields(&made.text()),
        [
            "object",
            "id",
            "name",
            "on",
            "project_id",
            "api_key_id",
            "threshold",
            "unit",
            "window",
            "events",
            "channels",
            "act",
            "preset",
            "enabled",
            "snoozed_until",
            "created_at"
        ]
    );
    let made = made.json();
    assert_eq!(
        (&made["threshold"], &made["unit"], &made["window"]),
        (&json!(12.5), &json!("usd"), &json!("hour"))
    );
    assert_eq!((&made["project_id"], &made["api_key_id"]), (&json!(scene.project), &json!(key)));
    assert_eq!(made["channels"][0], json!({"type": "email", "to": "ada@example.com"}));
    assert_eq!(made["act"], json!({"type": "limit_key", "requests_per_minute": 5}));
    let test =
        scene.post(&format!("{PATH}/{}/test", text(&made["id"])), &json!({})).expect_status(200).json();
    assert_eq!(test["messages"], 2);
    let preview = scene.get_json(&format!("{PATH}/{}/preview", text(&made["id"])));
    assert_eq!((&preview["days"], &preview["would_have_fired"]), (&json!(30), &json!(0)));
}

#[test]
fn mistakes_name_their_field_and_make_nothing() {
    let scene = Scene::start(bare());
    for (body, param) in [
        (json!({"on": "cost"}), "name"),
        (json!({"name": "a"}), "on"),
        (json!({"name": "a", "on": "weather"}), "on"),
        (json!({"name": "a", "on": "cost", "threshold": 0}), "threshold"),
        (json!({"name": "a", "on": "cost", "threshold": -1}), "threshold"),
        (json!({"name": "a", "on": "usage", "threshold": 1.5}), "threshold"),
        (json!({"name": "a", "on": "errors", "threshold": 101}), "threshold"),
        (json!({"name": "a", "on": "new_address", "threshold": 1}), "threshold"),
        (json!({"name": "a", "on": "rotation_due", "threshold": 366}), "threshold"),
        (json!({"name": "a", "on": "cost", "window": "year"}), "window"),
        (json!({"name": "a", "on": "errors", "window": "day"}), "window"),
        (json!({"name": "a", "on": "audit_event"}), "events"),
        (json!({"name": "a", "on": "audit_event", "events": ["<b>"]}), "events"),
        (json!({"name": "a", "on": "cost", "events": ["api_key.created"]}), "events"),
        (json!({"name": "a", "on": "cost", "channels": [{"type": "pager"}]}), "channels"),
        (json!({"name": "a", "on": "cost", "channels": [{"type": "email", "to": "nobody"}]}), "channels"),
        (json!({"name": "a", "on": "cost", "channels": [{"type": "email", "colour": 1}]}), "channels"),
        (
            json!({"name": "a", "on": "cost", "channels": [{"type": "email", "to": "stranger@example.com"}]}),
            "channels",
        ),
        (
            json!({"name": "a", "on": "cost", "channels": [{"type": "webhook", "webhook_id": format!("wh_{NOBODY}")}]}),
            "channels",
        ),
        (json!({"name": "a", "on": "budget", "act": {"type": "disable_key"}}), "act"),
        (json!({"name": "a", "on": "cost", "act": {"type": "limit_key"}}), "act"),
        (json!({"name": "a", "on": "cost", "threshold": 1, "act": {"type": "disable_key"}}), "act"),
        (json!({"name": "a", "on": "cost", "act": {"type": "shout"}}), "act"),
        (json!({"name": "a", "on": "cost", "api_key_id": format!("key_{NOBODY}")}), "api_key_id"),
        (json!({"name": "a", "on": "cost", "project_id": format!("proj_{NOBODY}")}), "project_id"),
        (json!({"name": "a", "on": "cost", "snooze_seconds": 1_000_000_000}), "snooze_seconds"),
    ] {
        refused(&scene.post(PATH, &body), 400, "invalid_request", Some(param));
    }
    assert_eq!(walk(&scene, PATH, 100, "").0.len(), 12);
}

#[test]
fn owners_of_a_project_make_alerts_in_it_alone_and_see_no_others() {
    let scene = Scene::start(bare());
    let user = member(&scene, "one@example.com", "viewer");
    let place = json!({"user_id": user, "role": "owner"});
    scene.post(&format!("{}/users", scene.project_path), &place).expect_status(200);
    let (_, admin) = key_of(&scene, &user);
    let ask = |body: Value| scene.keyway.post_json(PATH, &admin, &body);
    let here = json!({"name": "a", "on": "usage", "project_id": scene.project});
    let made = ask(here).expect_status(200).json();
    refused(&ask(json!({"name": "a", "on": "usage"})), 403, "missing_scope", None);
    let seen = scene.keyway.get(PATH, &admin).expect_status(200).json();
    assert_eq!(seen["data"].as_array().map(Vec::len), Some(1), "{seen}");
    assert_eq!(seen["data"][0]["id"], made["id"]);
    let preset = walk(&scene, PATH, 100, "").0[0].clone();
    let path = format!("{PATH}/{}", text(&preset["id"]));
    refused(&scene.keyway.get(&path, &admin), 404, "not_found", None);
}
