//! `/v1beta/models/{model}:generateContent`

use super::{hi, native, piece};
use crate::scene::Scene;
use testkit::{Answer, json};

#[test]
fn a_provider_of_googles_is_passed_through() {
    let scene = native();
    let body = piece("Hello", Some("STOP"));
    scene.upstream.push(Answer::json(200, &body));
    let answer = scene.keyway.post_json("/v1beta/models/google/m:generateContent", &scene.key, &hi());
    assert_eq!(answer.expect_status(200).json(), body);
    let sent = scene.upstream.last();
    assert_eq!((sent.path.as_str(), sent.json()), ("/v1/models/m:generateContent", hi()));
}

#[test]
fn a_key_that_google_does_not_know_is_the_operators_affair() {
    let scene = native();
    let refused = |reason: &str| {
        json!({"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]}})
    };
    let asked = |body: &testkit::Value, verb: &str| {
        scene.upstream.push(Answer::json(400, body));
        scene.keyway.post_json(&format!("/v1beta/models/google/m:{verb}"), &scene.key, &hi())
    };
    let in_a_list = json!([refused("API_KEY_INVALID")]);
    for (body, verb) in
        [(&refused("API_KEY_INVALID"), "generateContent"), (&in_a_list, "streamGenerateContent?alt=sse")]
    {
        let answer = asked(body, verb).expect_status(502);
        assert!(answer.text().contains("upstream_auth"), "{}", answer.text());
    }
    assert_eq!(asked(&refused("FIELD_INVALID"), "generateContent").status, 400);
}

#[test]
fn a_provider_of_another_dialect_answers_in_googles() {
    let scene = Scene::start();
    let answer = scene.keyway.post_json("/v1beta/models/mine/small:generateContent", &scene.key, &hi());
    let answer = answer.expect_status(200).json();
    assert_eq!(answer["candidates"][0]["content"]["parts"][0]["text"], super::TEXT);
    assert_eq!(answer["candidates"][0]["finishReason"], "STOP");
}
