//! Ways to show who sends a request that are more than a header field.

use crate::scene::{PROVIDER_SECRET, Scene};
use testkit::{Answer, Upstream, json};

const SERVICE_ACCOUNT_KEY: &str = include_str!("../../../src/upstream/auth/tests/service_account.pem");

fn chat(model: &str) -> testkit::Value {
    json!({"model": model, "messages": [{"role": "user", "content": "hi"}]})
}

#[test]
fn a_key_in_the_query_and_a_version_of_azures() {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let rows = format!(
        "[providers.asks]\nbase_url = \"{base}\"\nauth = \"query\"\ncredential = \"env:MINE_CREDENTIAL\"\nmodels_any = true\n\
         [providers.classic]\nbase_url = \"http://{}\"\nauth = \"azure\"\napi_version = \"2024-10-21\"\n\
         credential = \"env:MINE_CREDENTIAL\"\nmodels_any = true\n",
        upstream.address()
    );
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, &rows);
    scene.keyway.post_json("/v1/chat/completions", &scene.key, &chat("asks/m")).expect_status(200);
    let sent = scene.upstream.last();
    assert_eq!(sent.path, format!("/v1/chat/completions?key={PROVIDER_SECRET}"));
    assert_eq!(sent.header("authorization"), None);
    for (path, model, there) in [
        (
            "/v1/chat/completions",
            "my:gpt",
            "/openai/deployments/my%3Agpt/chat/completions?api-version=2024-10-21",
        ),
        ("/v1/embeddings", "ada", "/openai/deployments/ada/embeddings?api-version=2024-10-21"),
    ] {
        let mut body = chat(&format!("classic/{model}"));
        body["input"] = json!("a");
        let _ = scene.keyway.post_json(path, &scene.key, &body);
        let sent = scene.upstream.last();
        assert_eq!((sent.path.as_str(), sent.header("api-key")), (there, Some(PROVIDER_SECRET)));
    }
}

#[test]
fn a_request_to_aws_is_signed() {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let rows = format!(
        "[providers.signed]\nbase_url = \"{base}\"\nauth = \"sigv4\"\nregion = \"eu-west-1\"\nmodels_any = true\n\
         credential = \"env:SIGNING_KEYS\"\n"
    );
    let keys = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY:session-token-canary";
    let scene = Scene::around_with(upstream, &base, &rows, &[("SIGNING_KEYS", keys)]);
    scene.keyway.post_json("/v1/chat/completions", &scene.key, &chat("signed/m")).expect_status(200);
    let sent = scene.upstream.last();
    let day = &sent.header("x-amz-date").unwrap()[..8];
    let authorization = sent.header("authorization").unwrap();
    let head = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{day}/eu-west-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
    );
    assert_eq!(authorization.strip_prefix(&head).map(str::len), Some(64), "{authorization}");
    assert_eq!(sent.header("x-amz-security-token"), Some("session-token-canary"));
    // What a provider repeats of it stays here.
    scene.upstream.push(Answer::error(400, "bad", "bad", "you are session-token-canary"));
    let answer = scene.keyway.post_json("/v1/chat/completions", &scene.key, &chat("signed/m"));
    assert!(answer.status == 400 && !answer.text().contains("canary"), "{}", answer.text());
}

#[test]
fn a_service_account_asks_vertex() {
    let upstream = Upstream::scripted(|request| match request.path.as_str() {
        "/token" => Answer::json(200, &json!({"access_token": "ya29.token", "expires_in": 3600})),
        _ => Answer::json(
            200,
            &json!({"id": "m", "type": "message", "role": "assistant", "model": "c",
            "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 1, "output_tokens": 1}}),
        ),
    });
    let (base, host) = (upstream.base_url(), format!("http://{}", upstream.address()));
    let rows = format!(
        "[providers.cloud]\nbase_url = {{ anthropic-messages = \"{base}/publishers/anthropic\" }}\n\
         speaks = [\"anthropic-messages\"]\nauth = \"google-oauth\"\ntoken_url = \"{host}/token\"\n\
         quirks = [\"raw-predict\"]\nmodels_any = true\ncredential = \"env:ACCOUNT_FILE\"\n"
    );
    let file = json!({"type": "service_account", "client_email": "robot@project.iam.gserviceaccount.com",
        "private_key_id": "k1", "private_key": SERVICE_ACCOUNT_KEY});
    let folder = std::env::temp_dir().join(format!("keyway-account-{}", std::process::id()));
    std::fs::write(&folder, file.to_string()).unwrap();
    let scene = Scene::around_with(upstream, &base, &rows, &[("ACCOUNT_FILE", folder.to_str().unwrap())]);
    std::fs::remove_file(&folder).unwrap();
    let body =
        json!({"model": "cloud/claude-x", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    for _ in 0..2 {
        scene.keyway.post_json("/v1/messages", &scene.key, &body).expect_status(200);
    }
    let sent = scene.upstream.requests();
    let paths: Vec<&str> = sent.iter().map(|request| request.path.as_str()).collect();
    let there = "/v1/publishers/anthropic/models/claude-x:rawPredict";
    assert_eq!(paths, ["/token", there, there]);
    assert_eq!(sent[2].header("authorization"), Some("Bearer ya29.token"));
    assert_eq!(
        sent[2].text(),
        body.to_string().replace(r#""model":"cloud/claude-x""#, r#""anthropic_version":"vertex-2023-10-16""#)
    );
}
