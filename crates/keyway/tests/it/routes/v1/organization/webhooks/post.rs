//! GET, POST and DELETE `/v1/organization/webhooks[/{webhook}]`

use super::super::{NOBODY, key_of, member, refused, walk};
use crate::database;
use crate::stage::{Scene, bare, fields, text};
use testkit::json;

const PATH: &str = "/v1/organization/webhooks";

#[test]
fn made_changed_and_removed() {
    let scene = Scene::start(bare());
    let body = json!({"name": "chat", "url": "https://hooks.example.com:8443/T1/x?y=z", "format": "slack"});
    let made = scene.post(PATH, &body).expect_status(200);
    assert_eq!(
        fields(&made.text()),
        ["object", "id", "name", "redacted_url", "format", "enabled", "created_at", "secret"]
    );
    let made = made.json();
    assert!(text(&made["id"]).starts_with("wh_") && text(&made["secret"]).starts_with("whsec_"));
    assert_eq!(
        (&made["redacted_url"], &made["enabled"]),
        (&json!("https://hooks.example.com:8443/..."), &json!(true))
    );
    let path = format!("{PATH}/{}", text(&made["id"]));
    let mut shown = made;
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(scene.get_json(&path), shown);
    let edited =
        scene.post(&path, &json!({"name": "b", "url": "https://other.example.com/", "enabled": false}));
    let edited = edited.expect_status(200).json();
    assert_eq!((&edited["name"], &edited["enabled"]), (&json!("b"), &json!(false)));
    assert_eq!(edited["redacted_url"], "https://other.example.com/...");
    scene.delete(&path).expect_status(200);
    for answer in [scene.get(&path), scene.delete(&path), scene.post(&path, &json!({"name": "x"}))] {
        refused(&answer, 404, "not_found", None);
    }
    assert_eq!(scene.get(&path).text(), scene.get(&format!("{PATH}/wh_{NOBODY}")).text());
    let audit = "SELECT CAST(COUNT(*) AS TEXT) FROM audit_log WHERE event LIKE 'webhook.%'";
    assert_eq!(database::one(&scene.keyway, audit), "3");
}

#[test]
fn mistakes_name_their_field_and_make_nothing() {
    let scene = Scene::start(bare());
    for (more, param) in [
        (json!({"name": ""}), "name"),
        (json!({"url": null}), "url"),
        (json!({"url": "ftp://x.example/"}), "url"),
        (json!({"url": "https://user:pw@x.example/"}), "url"),
        (json!({"url": "https://x y/"}), "url"),
        (json!({"format": "teams"}), "format"),
        (json!({"secret": "whsec_mine"}), "secret"),
    ] {
        let mut body = json!({"name": "n", "url": "https://x.example/"});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        refused(&scene.post(PATH, &body), 400, "invalid_request", Some(param));
    }
    assert_eq!(scene.get_json(PATH)["data"], json!([]));
}

#[test]
fn pages_and_an_end_of_them() {
    let scene = Scene::start(bare());
    for number in 0..50 {
        scene
            .post(PATH, &json!({"name": format!("w{number}"), "url": "https://x.example/"}))
            .expect_status(200);
    }
    refused(&scene.post(PATH, &json!({"name": "w", "url": "https://x.example/"})), 409, "conflict", None);
    assert_eq!(walk(&scene, PATH, 20, "&order=asc").0.len(), 50);
}

#[test]
fn who_looks_only_changes_nothing() {
    let scene = Scene::start(bare());
    let made = scene.post(PATH, &json!({"name": "w", "url": "https://x.example/"})).expect_status(200).json();
    let user = member(&scene, "auditor@example.com", "auditor");
    let (_, key) = key_of(&scene, &user);
    let path = format!("{PATH}/{}", text(&made["id"]));
    scene.keyway.get(&path, &key).expect_status(200);
    let ask = |path: &str| scene.keyway.post_json(path, &key, &json!({}));
    for path in [PATH.to_owned(), path.clone(), format!("{path}/test")] {
        refused(&ask(&path), 403, "missing_scope", None);
    }
}
