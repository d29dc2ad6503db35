//! `/v1/messages/count_tokens`

use crate::scene::Scene;

#[test]
fn every_model_has_an_estimate_that_says_it_is_one() {
    let scene = Scene::start();
    let body = r#"{"model":"mine/small","messages":[{"role":"user","content":"hello there"}]}"#;
    for path in ["/v1/messages/count_tokens?beta=true", "/anthropic/v1/messages/count_tokens"] {
        let answer = scene.keyway.post_bytes(path, &scene.key, body.as_bytes()).expect_status(200);
        assert_eq!(answer.text(), r#"{"input_tokens":13}"#);
        assert!(answer.header("x-keyway-notice").is_some_and(|notice| notice.starts_with("estimated")));
    }
    assert_eq!(scene.upstream.count(), 0);
    let entry = &scene.log(2)[0];
    assert_eq!((entry["status"].as_u64(), entry["usage_origin"].as_str()), (Some(200), Some("nothing")));
    let unknown = body.replace("mine/small", "mine/none");
    let refused = scene.keyway.post_bytes("/v1/messages/count_tokens", &scene.key, unknown.as_bytes());
    assert_eq!((refused.status, refused.code().as_str()), (404, "model_not_found"));
}
