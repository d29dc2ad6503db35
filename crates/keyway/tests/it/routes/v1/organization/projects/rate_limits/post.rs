//! POST `/v1/organization/projects/{project}/rate_limits/{id}` and `/v1/organization/rate_limits/{id}`

use super::super::super::refused;
use crate::database;
use crate::stage::{Scene, bare};
use testkit::{Value, json};

fn rows(scene: &Scene) -> String {
    database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM rate_limits")
}

#[test]
fn what_is_named_changes_and_the_rest_stays() {
    let scene = Scene::start(bare());
    for (path, object) in [
        (format!("{}/rate_limits", scene.project_path), "project.rate_limit"),
        ("/v1/organization/rate_limits".to_owned(), "organization.rate_limit"),
    ] {
        let edit =
            |id: &str, body: Value| scene.post(&format!("{path}/{id}"), &body).expect_status(200).json();
        let row =
            edit("rl-all", json!({"max_requests_per_1_minute": 1, "max_tokens_per_1_day": 1_000_000_000}));
        assert_eq!(
            row,
            json!({"object": object, "id": "rl-all", "model": null, "max_requests_per_1_minute": 1,
                "max_tokens_per_1_minute": null, "max_requests_per_1_day": null,
                "max_tokens_per_1_day": 1_000_000_000, "max_concurrent_requests": null})
        );
        let row = edit("rl-all", json!({"max_requests_per_1_minute": null, "max_concurrent_requests": 9}));
        assert_eq!(
            (&row["max_requests_per_1_minute"], &row["max_concurrent_requests"]),
            (&Value::Null, &json!(9))
        );
        assert_eq!(row["max_tokens_per_1_day"], 1_000_000_000);
        // A slash may be escaped; what has no limit left is gone.
        let row = edit("rl-sandbox%2Fecho", json!({"max_tokens_per_1_minute": 7}));
        assert_eq!((&row["id"], &row["model"]), (&json!("rl-sandbox/echo"), &json!("sandbox/echo")));
        edit("rl-sandbox/echo", json!({"max_tokens_per_1_minute": null}));
        let listed = scene.get_json(&path);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{listed}");
    }
    let audit = "SELECT CAST(COUNT(*) AS TEXT) FROM audit_log WHERE event = 'rate_limit.updated'";
    assert_eq!(database::one(&scene.keyway, audit), "8");
}

#[test]
fn mistakes_name_their_field_and_change_nothing() {
    let scene = Scene::start(bare());
    let path = format!("{}/rate_limits", scene.project_path);
    let field = "max_requests_per_1_minute";
    for value in [json!(0), json!(-1), json!(1.5), json!("1"), json!(1_000_000_001), json!([]), json!(true)] {
        let answer =
            scene.post(&format!("{path}/rl-all"), &json!({field: value, "max_concurrent_requests": 1}));
        refused(&answer, 400, "invalid_request", Some(field));
    }
    let table = [
        (json!({"colour": 1}), 400, "invalid_request", Some("colour")),
        (
            json!({"max_images_per_1_minute": 1}),
            400,
            "unsupported_parameter",
            Some("max_images_per_1_minute"),
        ),
        (json!([]), 400, "invalid_request", None),
    ];
    for (body, status, code, param) in table {
        refused(&scene.post(&format!("{path}/rl-all"), &body), status, code, param);
    }
    for (id, code) in [
        ("all", "not_found"),
        ("rl-", "not_found"),
        ("rl-echo", "not_found"),
        ("rl-nobody/knows", "model_not_found"),
        ("rl-sandbox/nothing", "model_not_found"),
        ("rl-sandbox/%25", "model_not_found"),
    ] {
        refused(&scene.post(&format!("{path}/{id}"), &json!({field: 1})), 404, code, None);
    }
    let twice = br#"{"max_concurrent_requests":1,"max_concurrent_requests":2}"#;
    let answer = scene.keyway.post_bytes(&format!("{path}/rl-all"), &scene.admin, twice);
    refused(&answer, 400, "invalid_request", Some("max_concurrent_requests"));
    assert_eq!(rows(&scene), "0");
}
