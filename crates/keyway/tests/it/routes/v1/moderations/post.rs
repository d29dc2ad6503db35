//! Texts judged.

use crate::scene::Scene;
use testkit::{Answer, json};

const PATH: &str = "/v1/moderations";

#[test]
fn a_judgement_goes_through_also_when_nobody_names_the_model() {
    let scene = Scene::with("[aliases.\"omni-moderation-latest\"]\ntarget = \"mine/small\"\n");
    let key = scene.keyway.make_key_with("moderate", &["--scope", "create:moderations"]);
    let judged = json!({"id": "modr-1", "model": "omni", "results": [{"flagged": false}]});
    for (body, sent) in [
        (r#"{"model":"mine/small","input":"x"}"#, r#"{"model":"small-v2","input":"x"}"#),
        (r#"{"input":"x"}"#, r#"{"input":"x"}"#),
    ] {
        scene.upstream.push(Answer::json(200, &judged));
        let answer = scene.keyway.post_bytes(PATH, &key, body.as_bytes()).expect_status(200);
        assert_eq!(answer.text(), judged.to_string());
        let last = scene.upstream.last();
        assert_eq!((last.path.as_str(), &*String::from_utf8_lossy(&last.body)), ("/v1/moderations", sent));
    }
}
