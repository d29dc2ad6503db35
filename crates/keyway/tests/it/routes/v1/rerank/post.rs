//! Texts in the order of their worth for a question.

use crate::scene::Scene;
use testkit::{Answer, json};

const PATH: &str = "/v1/rerank";
const BODY: &str = r#"{"model":"mine/small","query":"q","documents":["a","b"],"top_n":1}"#;

#[test]
fn an_order_goes_through_and_its_tokens_are_booked() {
    let scene = Scene::start();
    let key = scene.keyway.make_key_with("rerank", &["--scope", "create:rerank"]);
    let results = json!([{"index": 1, "relevance_score": 0.9}]);
    for (body, input, origin) in [
        (json!({"results": results, "usage": {"total_tokens": 40, "prompt_tokens": 40}}), 40, "reported"),
        (json!({"results": results, "meta": {"tokens": {"input_tokens": 30}}}), 30, "reported"),
        (json!({"results": results}), BODY.len().div_ceil(4), "estimated"),
    ] {
        scene.upstream.push(Answer::json(200, &body));
        let answer = scene.keyway.post_bytes(PATH, &key, BODY.as_bytes()).expect_status(200);
        assert_eq!(answer.text(), body.to_string());
        assert_eq!(scene.upstream.last().path, "/v1/rerank");
        let entry = &scene.log(usize::try_from(scene.upstream.count()).unwrap())[0];
        assert_eq!((&entry["usage"]["in_uncached"], &entry["usage_origin"]), (&json!(input), &json!(origin)));
    }
    let without = scene.keyway.post_bytes(PATH, &scene.key, BODY.as_bytes());
    assert_eq!((without.status, without.code().as_str()), (403, "missing_scope"));
}
