//! `:countTokens`, and the questions for tokens of the other dialects: a provider that speaks the client's
//! dialect is asked, without its answer it is an estimate that says so.

use super::hi;
use crate::scene::{PROVIDER_SECRET, Scene};
use testkit::{Answer, Upstream, json};

#[test]
fn a_provider_of_the_clients_dialect_counts_itself() {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let row = |name: &str, speaks: &str, auth: &str| {
        format!(
            "[providers.{name}]\nbase_url = {{ {speaks} = \"{base}\" }}\nspeaks = [\"{speaks}\"]\nauth = \"{auth}\"\n\
             credential = \"env:MINE_CREDENTIAL\"\n[models.\"{name}/m\"]\nprice = {{ input = 1.0, output = 2.0 }}\n"
        )
    };
    let rows = [
        row("google", "gemini", "x-goog-api-key"),
        row("claude", "anthropic-messages", "x-api-key"),
        row("open", "openai-responses", "bearer"),
    ];
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, &rows.concat());
    let message = json!({"model": "claude/m", "messages": [{"role": "user", "content": "hi"}]});
    let table = [
        ("/v1beta/models/google/m:countTokens", hi(), "/v1/models/m:countTokens", "totalTokens"),
        ("/v1/messages/count_tokens", message, "/v1/messages/count_tokens", "input_tokens"),
        (
            "/v1/responses/input_tokens",
            json!({"model": "open/m", "input": "hi", "store": false}),
            "/v1/responses/input_tokens",
            "input_tokens",
        ),
    ];
    for (path, body, asked, name) in &table {
        scene.upstream.push(Answer::json(200, &json!({ *name: 4711 })));
        let answer = scene.keyway.post_json(path, &scene.key, body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!((&answer.json()[*name], answer.header("x-keyway-notice")), (&json!(4711), None), "{path}");
        let sent = scene.upstream.last();
        assert_eq!(sent.path, *asked);
        assert!(sent.json()["model"].is_null() || sent.json()["model"] == "m", "{path}: {}", sent.text());
        // A host that cannot: estimated, and said so.
        for refused in
            [Answer::error(404, "not_found", "x", "no such path"), Answer::json(200, &json!({"no": 1}))]
        {
            scene.upstream.push(refused);
            let answer = scene.keyway.post_json(path, &scene.key, body).expect_status(200);
            assert!(
                answer.json()[*name].as_u64().is_some_and(|tokens| tokens < 50),
                "{path}: {}",
                answer.text()
            );
            assert!(answer.header("x-keyway-notice").is_some_and(|notice| notice.starts_with("estimated")));
        }
    }
    // Asking costs nothing.
    assert!(scene.log(9).iter().all(|entry| entry["cost_usd"].as_f64().is_none_or(|cost| cost == 0.0)));
}
