//! GET and POST `/v1/organization/settings`

use super::super::refused;
use crate::stage::{Scene, bare};
use testkit::json;

const PATH: &str = "/v1/organization/settings";

#[test]
fn a_pattern_is_set_shown_and_taken_back() {
    let scene = Scene::start(bare());
    assert_eq!(scene.get(PATH).text(), r#"{"object":"organization.settings","key_name_pattern":null}"#);
    for pattern in [json!("*-prod"), json!(null)] {
        let set = scene.post(PATH, &json!({"key_name_pattern": pattern})).expect_status(200).json();
        assert_eq!(set, json!({"object": "organization.settings", "key_name_pattern": pattern}));
        assert_eq!(scene.get_json(PATH), set);
    }
}

#[test]
fn what_is_no_pattern_is_refused() {
    let scene = Scene::start(bare());
    for body in [
        json!({}),
        json!({"key_name_pattern": 1}),
        json!({"key_name_pattern": " "}),
        json!({"key_name_pattern": "x".repeat(129)}),
        json!({"key_name_pattern": "a\n"}),
    ] {
        refused(&scene.post(PATH, &body), 400, "invalid_request", Some("key_name_pattern"));
    }
    refused(
        &scene.post(PATH, &json!({"key_name_pattern": "a", "colour": 1})),
        400,
        "invalid_request",
        Some("colour"),
    );
    assert!(scene.get_json(PATH)["key_name_pattern"].is_null());
}
