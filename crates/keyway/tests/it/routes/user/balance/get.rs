//! GET `/user/balance`, also at `/v1/user/balance`

use crate::stage::{Scene, bare};
use testkit::json;

#[test]
fn the_shape_of_deepseek() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    let ask = |path: &str| scene.keyway.get(path, &key).expect_status(200).text();
    let nothing = r#"{"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"0.00","granted_balance":"0.00","topped_up_balance":"0.00"}]}"#;
    assert_eq!(ask("/user/balance"), nothing);
    for (amount, kind) in [("10", "granted"), ("100.5", "topped_up")] {
        let body = json!({"amount_usd": amount, "kind": kind});
        scene.post("/v1/organization/credit/grants", &body).expect_status(200);
    }
    let filled = r#"{"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"110.50","granted_balance":"10.00","topped_up_balance":"100.50"}]}"#;
    for path in ["/user/balance", "/v1/user/balance", "/openai/v1/user/balance"] {
        assert_eq!(ask(path), filled);
    }
    assert_eq!(scene.get("/user/balance").code(), "wrong_key_type");
    assert_eq!(scene.keyway.get("/user/balance", "sk-kw-live-nobody").status, 401);
}

#[test]
fn an_empty_balance_is_not_available() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    scene.post("/v1/organization/credit", &json!({"prepaid": true})).expect_status(200);
    let shown = scene.keyway.get("/user/balance", &key).expect_status(200).json();
    assert_eq!(shown["is_available"], false);
}
