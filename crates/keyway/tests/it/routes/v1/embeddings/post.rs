//! Texts to vectors.

use crate::scene::{PROVIDER_SECRET, Scene, assert_error};
use testkit::{Answer, Upstream, json};

const PATH: &str = "/v1/embeddings";
const BODY: &str = r#"{"input":["a","b"],"model":"mine/small","encoding_format":"base64","dimensions":3}"#;

#[test]
fn vectors_go_through_and_their_tokens_are_booked() {
    let scene = Scene::start();
    let vectors = json!({"object": "list", "model": "small-v2",
        "data": [{"object": "embedding", "index": 0, "embedding": "AACAPgAAAL8="}],
        "usage": {"prompt_tokens": 1000, "total_tokens": 1000}});
    scene.upstream.push(Answer::json(200, &vectors));
    let answer = scene.keyway.post_bytes(PATH, &scene.key, BODY.as_bytes()).expect_status(200);
    assert_eq!(answer.text(), vectors.to_string());
    assert_eq!(answer.header("x-keyway-cost-usd"), Some("0.001"));
    let sent = scene.upstream.last();
    assert_eq!(sent.path, "/v1/embeddings");
    assert_eq!(String::from_utf8_lossy(&sent.body), BODY.replace("mine/small", "small-v2"));
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["usage"]["in_uncached"], &entry["usage_origin"]), (&json!(1000), &json!("reported")));
}

#[test]
fn an_address_of_their_own_is_used() {
    let (chat, vectors) = (Upstream::start(), Upstream::start());
    let row = format!(
        "[providers.two]\nbase_url = {{ openai-chat = \"{}\", openai-embeddings = \"{}/vectors\" }}\n\
         speaks = [\"openai-chat\", \"openai-embeddings\"]\nauth = \"none\"\nmodels_any = true\n",
        chat.base_url(),
        vectors.base_url()
    );
    let base = chat.base_url();
    let scene = Scene::around(chat, &base, PROVIDER_SECRET, &row);
    let body = BODY.replace("mine/small", "two/small");
    scene.keyway.post_bytes(PATH, &scene.key, body.as_bytes()).expect_status(200);
    assert_eq!((scene.upstream.count(), vectors.last().path.as_str()), (0, "/v1/vectors/embeddings"));
}

#[test]
fn what_is_no_answer_is_an_error() {
    let scene = Scene::start();
    for (answer, what) in [
        (Answer::bytes(200, "application/json", "<html>no</html>"), "html"),
        (Answer::unauthorized(), "credential"),
    ] {
        scene.upstream.push(answer);
        let answer = scene.keyway.post_bytes(PATH, &scene.key, BODY.as_bytes());
        assert_eq!(answer.status, 502, "{what}: {}", answer.text());
    }
    scene.upstream.push(Answer::error(400, "invalid_request_error", "too_long", "Too long."));
    assert_error("400", &scene.keyway.post_bytes(PATH, &scene.key, BODY.as_bytes()), 400, "too_long");
}
