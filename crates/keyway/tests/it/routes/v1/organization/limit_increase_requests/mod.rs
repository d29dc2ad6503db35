//! GET and POST `/v1/organization/limit_increase_requests[/{limit_increase_request}]`

use crate::stage::{Scene, bare, text};
use testkit::{Value, json};

const PATH: &str = "/v1/organization/limit_increase_requests";

fn limits(scene: &Scene) -> Value {
    scene.get_json("/v1/organization/rate_limits")["data"].clone()
}

#[test]
fn what_is_approved_is_what_was_asked_or_what_the_operator_says() {
    let scene = Scene::start(bare());
    let asked =
        json!({"purpose": "a launch", "rate_limits": {"requests_per_minute": 900, "concurrency": 40}});
    let made = scene.post(PATH, &asked).expect_status(200).json();
    assert_eq!(made["rate_limits"], json!({"requests_per_minute": 900, "concurrency": 40}));
    let id = text(&made["id"]);
    assert!(id.starts_with("lrq_"), "{id}");
    scene.post(&format!("{PATH}/{id}"), &json!({"decision": "approve"})).expect_status(200);
    let found = limits(&scene).to_string();
    assert!(found.contains("900") && found.contains("40"), "{found}");
    let second = text(&scene.post(PATH, &asked).expect_status(200).json()["id"]);
    let body = json!({"decision": "approve", "rate_limits": {"requests_per_minute": 700}});
    scene.post(&format!("{PATH}/{second}"), &body).expect_status(200);
    let found = limits(&scene).to_string();
    assert!(found.contains("700") && !found.contains("900"), "{found}");
}

#[test]
fn limits_are_named_or_nothing_is_asked() {
    let scene = Scene::start(bare());
    for limits in [json!(null), json!({}), json!({"requests_per_minute": 0}), json!({"rpm": 3})] {
        let refused =
            scene.post(PATH, &json!({"purpose": "a launch", "rate_limits": limits})).expect_status(400);
        let param = text(&refused.json()["error"]["param"]);
        assert!(param.starts_with("rate_limits"), "{limits}: {param}");
    }
    assert_eq!(scene.get_json(PATH)["data"], json!([]));
}
