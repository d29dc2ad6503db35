//! `/v1beta/models`: Google's paths.

mod count;
mod embed;
mod generate;
mod stream;

use crate::scene::{PROVIDER_SECRET, Scene};
use testkit::{Upstream, Value, json};

const TEXT: &str = "Hello from the scripted upstream.";

/// With a provider besides that speaks Google's dialect.
fn native() -> Scene {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let row = format!(
        "[providers.google]\nbase_url = {{ gemini = \"{base}\" }}\nspeaks = [\"gemini\"]\nauth = \"x-goog-api-key\"\n\
         credential = \"env:MINE_CREDENTIAL\"\n[models.\"google/m\"]\n"
    );
    Scene::around(upstream, &base, PROVIDER_SECRET, &row)
}

fn hi() -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]})
}

/// One piece of an answer.
fn piece(text: &str, finish: Option<&str>) -> Value {
    let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": [{"text": text}]}});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    json!({"candidates": [candidate], "modelVersion": "m",
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14}})
}
