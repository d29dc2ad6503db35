//! GET and POST `/v1/organization/verification_requests[/{verification_request}]`

use crate::stage::{Scene, bare, text};
use testkit::json;

const PATH: &str = "/v1/organization/verification_requests";

#[test]
fn a_verified_developer_gets_the_developers_tier() {
    let scene = Scene::start(bare());
    let asked = json!({"purpose": "a shop's assistant", "expected_volume": "2M tokens a day"});
    let made = scene.post(PATH, &asked).expect_status(200).json();
    assert_eq!(
        (&made["object"], &made["status"], &made["purpose"]),
        (&json!("organization.verification_request"), &json!("pending"), &json!("a shop's assistant"))
    );
    let id = text(&made["id"]);
    assert!(id.starts_with("vrq_"), "{id}");
    let pending = scene.get_json(&format!("{PATH}?status=pending"));
    assert_eq!(pending["data"], json!([made]));
    let decided = scene.post(&format!("{PATH}/{id}"), &json!({"decision": "approve", "note": "welcome"}));
    let decided = decided.expect_status(200).json();
    assert_eq!((&decided["status"], &decided["note"]), (&json!("approved"), &json!("welcome")));
    assert_eq!(scene.get_json("/v1/organizations")["data"][0]["tier_id"], "tier_developer");
    assert_eq!(scene.get_json(&format!("{PATH}/{id}")), decided);
    // What is decided stays so.
    let again = scene.post(&format!("{PATH}/{id}"), &json!({"decision": "reject"}));
    assert_eq!((again.status, again.code().as_str()), (409, "conflict"));
    let log = scene.get_json("/v1/organization/audit_logs?limit=100");
    let types: Vec<&str> =
        log["data"].as_array().into_iter().flatten().filter_map(|it| it["type"].as_str()).collect();
    for event in ["verification_request.created", "verification_request.decided"] {
        assert!(types.contains(&event), "{event}: {types:?}");
    }
}

#[test]
fn one_that_is_rejected_changes_nothing_and_no_more_than_three_wait() {
    let scene = Scene::start(bare());
    for _ in 0..3 {
        scene.post(PATH, &json!({"purpose": "more"})).expect_status(200);
    }
    let fourth = scene.post(PATH, &json!({"purpose": "more"}));
    assert_eq!((fourth.status, fourth.code().as_str()), (409, "conflict"));
    let id = text(&scene.get_json(PATH)["data"][0]["id"]);
    scene.post(&format!("{PATH}/{id}"), &json!({"decision": "reject", "note": "no"})).expect_status(200);
    assert_eq!(scene.get_json("/v1/organizations")["data"][0]["tier_id"], json!(null));
    let again = text(&scene.post(PATH, &json!({"purpose": "again"})).expect_status(200).json()["id"]);
    for (body, field) in [
        (json!({}), "purpose"),
        (json!({"purpose": " "}), "purpose"),
        (json!({"purpose": "x".repeat(2_001)}), "purpose"),
        (json!({"purpose": "x", "rate_limits": {}}), "rate_limits"),
    ] {
        let refused = scene.post(PATH, &body).expect_status(400).json();
        assert_eq!(refused["error"]["param"], field, "{body}");
    }
    let refused =
        scene.post(&format!("{PATH}/{again}"), &json!({"decision": "approve", "tier_id": "tier_none"}));
    assert_eq!(refused.expect_status(400).json()["error"]["param"], "tier_id");
    assert_eq!(scene.get_json(&format!("{PATH}/{again}"))["status"], "pending");
}
