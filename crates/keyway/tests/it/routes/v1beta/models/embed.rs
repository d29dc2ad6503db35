//! POST `:embedContent` and `:batchEmbedContents`

use crate::scene::{PROVIDER_SECRET, Scene};
use testkit::{Answer, Upstream, Value, json};

/// One host that speaks every shape of vectors, and a model of each.
fn scene() -> Scene {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let rows = ["cohere-embed", "voyage-embeddings", "gemini-embeddings"].map(|word| {
        let name = word.split('-').next().unwrap_or_default();
        format!(
            "[providers.{name}-like]\nbase_url = {{ {word} = \"{base}\" }}\nspeaks = [\"{word}\"]\nauth = \"none\"\n\
             [models.\"{name}-like/embed\"]\nkind = \"embedding\"\nupstream = \"embed-9\"\nprice = {{ input = 1.0 }}\n"
        )
    });
    Scene::around(upstream, &base, PROVIDER_SECRET, &rows.concat())
}

fn one() -> Value {
    json!({"content": {"parts": [{"text": "hi"}]}, "taskType": "CODE_RETRIEVAL_QUERY", "title": "t"})
}

#[test]
fn google_itself_gets_all_that_was_said_and_tells_it_back() {
    let scene = scene();
    let vector =
        json!({"embeddings": [{"values": [0.25, -0.5]}], "usageMetadata": {"promptTokenCount": 1000}});
    let mut asked = one();
    asked["model"] = json!("models/embed-9");
    for (verb, body, told) in [
        ("embedContent", one(), json!({"embedding": {"values": [0.25, -0.5]}})),
        ("batchEmbedContents", json!({"requests": [one()]}), vector.clone()),
    ] {
        scene.upstream.push(Answer::json(200, &vector));
        let path = format!("/v1beta/models/gemini-like/embed:{verb}");
        let answer = scene.keyway.post_json(&path, &scene.key, &body).expect_status(200);
        assert_eq!((answer.json(), answer.header("x-keyway-cost-usd")), (told, Some("0.001")));
        assert_eq!(answer.header("x-keyway-losses"), None);
        let sent = scene.upstream.last();
        assert_eq!(sent.path, "/v1/models/embed-9:batchEmbedContents");
        assert_eq!(sent.json(), json!({"requests": [asked]}));
    }
}

#[test]
fn another_vendor_is_asked_in_its_own_shape() {
    let scene = scene();
    scene.upstream.push(Answer::json(
        200,
        &json!({"embeddings": {"float": [[0.25, -0.5]]}, "meta": {"billed_units": {"input_tokens": 1000}}}),
    ));
    let path = "/v1/models/cohere-like/embed:embedContent";
    let answer = scene.keyway.post_json(path, &scene.key, &one()).expect_status(200);
    assert_eq!(answer.json(), json!({"embedding": {"values": [0.25, -0.5]}}));
    assert_eq!(answer.header("x-keyway-losses"), Some("taskType;adjusted, title;unsupported"));
    assert_eq!(answer.header("x-keyway-cost-usd"), Some("0.001"));
    assert_eq!(
        scene.upstream.last().json(),
        json!({"model": "embed-9", "texts": ["hi"], "input_type": "search_document", "embedding_types": ["float"]})
    );
    let strict =
        [("authorization", format!("Bearer {}", scene.key)), ("x-keyway-on-loss", "reject".to_owned())];
    let strict: Vec<(&str, &str)> = strict.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = scene.keyway.request("POST", path, &strict, one().to_string().as_bytes());
    assert_eq!((refused.status, refused.code().as_str()), (400, "lossy_translation"));
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn clients_of_openai_get_base64_whoever_answers() {
    let scene = scene();
    let voyage = json!({"object": "list", "data": [{"object": "embedding", "embedding": [0.25, -0.5], "index": 0}],
        "model": "embed-9", "usage": {"total_tokens": 1000}});
    let gemini = json!({"embeddings": [{"values": [0.25, -0.5]}]});
    for (name, answer, tokens) in [("voyage", voyage, 1000), ("gemini", gemini, 18)] {
        scene.upstream.push(Answer::json(200, &answer));
        let body = json!({"model": format!("{name}-like/embed"), "input": "hi", "encoding_format": "base64"});
        let told = scene.keyway.post_json("/v1/embeddings", &scene.key, &body).expect_status(200).json();
        assert_eq!(told["data"][0]["embedding"], "AACAPgAAAL8=", "{name}");
        assert_eq!((&told["model"], &told["object"]), (&body["model"], &json!("list")));
        assert!(
            told["usage"]["prompt_tokens"].as_u64().is_some_and(|count| count.abs_diff(tokens) < 3),
            "{told}"
        );
    }
    scene.upstream.push(Answer::json(200, &json!({"nothing": 1})));
    let body = json!({"model": "voyage-like/embed", "input": "hi"});
    assert_eq!(scene.keyway.post_json("/v1/embeddings", &scene.key, &body).status, 502);
    let tokens = json!({"model": "voyage-like/embed", "input": [1, 2, 3]});
    let refused = scene.keyway.post_json("/v1/embeddings", &scene.key, &tokens);
    assert_eq!((refused.status, refused.code().as_str()), (400, "unsupported_parameter"));
}
