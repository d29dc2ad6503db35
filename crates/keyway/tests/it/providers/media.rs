//! Images that a request names by address, before a provider that takes bytes alone: the gateway fetches
//! them, and nothing else.

use crate::scene::{PROVIDER_SECRET, assert_error};
use std::net::TcpListener;
use testkit::{Answer, Keyway, Response, Upstream, Value, json};

/// Spellings of private addresses; `{}` is the port of a listener on this machine.
const SPELLINGS: &str = include_str!("../../../src/egress/spellings.json");
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";
const PNG_BASE64: &str = "iVBORw0KGgpub3QgbXVjaCBvZiBhIHBpY3R1cmU=";

struct Scene {
    gemini: Upstream,
    keyway: Keyway,
    key: String,
}

fn scene(settings: &str) -> Scene {
    let gemini = Upstream::scripted(|_| {
        Answer::json(
            200,
            &json!({"candidates": [{"index": 0, "finishReason": "STOP",
                "content": {"role": "model", "parts": [{"text": "A picture."}]}}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14}}),
        )
    });
    let row = format!(
        "[providers.google]\nbase_url = {{ gemini = \"{}\" }}\nspeaks = [\"gemini\"]\nauth = \"x-goog-api-key\"\n\
         credential = \"env:MINE_CREDENTIAL\"\n[models.\"google/m\"]\n",
        gemini.base_url()
    );
    let keyway = Keyway::builder(env!("CARGO_BIN_EXE_keyway"))
        .config(settings)
        .config(&row)
        .env("MINE_CREDENTIAL", PROVIDER_SECRET)
        .env("KEYWAY_WORKERS", "1")
        .start();
    let (_, key) = keyway.make_key("test");
    Scene { gemini, keyway, key }
}

/// A question about the pictures at these addresses.
fn about(urls: &[&str]) -> Value {
    let parts = urls.iter().map(|url| json!({"type": "image_url", "image_url": {"url": url}}));
    json!({"model": "google/m", "messages": [{"role": "user", "content": parts.collect::<Vec<_>>()}]})
}

impl Scene {
    fn ask(&self, body: &Value) -> Response {
        self.keyway.post_json("/v1/chat/completions", &self.key, body)
    }
}

#[test]
fn a_picture_by_address_reaches_a_provider_that_takes_bytes() {
    let scene = scene("egress_networks = [\"127.0.0.1/32\"]\n");
    let host = Upstream::scripted(|_| Answer::bytes(200, "application/octet-stream", PNG));
    let url = format!("http://{}/a.png?size=1", host.address());
    let bodies = [
        ("/v1/chat/completions", about(&[&url, &url])),
        (
            "/v1/messages",
            json!({"model": "google/m", "max_tokens": 9, "messages": [{"role": "user", "content": [
            {"type": "image", "source": {"type": "url", "url": url}}]}]}),
        ),
        (
            "/v1/responses",
            json!({"model": "google/m", "input": [{"role": "user", "content": [
            {"type": "input_image", "image_url": url}]}]}),
        ),
    ];
    for (number, (path, body)) in (1..).zip(&bodies) {
        let answer = scene.keyway.post_json(path, &scene.key, body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let part = &scene.gemini.last().json()["contents"][0]["parts"][0]["inlineData"];
        assert_eq!(part, &json!({"mimeType": "image/png", "data": PNG_BASE64}), "{path}");
        assert_eq!(host.count(), number, "{path}: once, however often it is named");
    }
    let asked = host.last();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/a.png?size=1"));
    assert!(["authorization", "x-goog-api-key", "cookie"].iter().all(|name| asked.header(name).is_none()));
}

#[test]
fn no_spelling_of_a_private_address_is_fetched() {
    let spellings: Vec<String> = serde_json::from_str(SPELLINGS).unwrap();
    let trap = TcpListener::bind("0.0.0.0:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let port = trap.local_addr().unwrap().port().to_string();
    let scene = scene("");
    for spelling in &spellings {
        let url = spelling.replace("{}", &port);
        let answer = scene.ask(&about(&[&url]));
        assert_error(&url, &answer, 400, "invalid_request");
        let reached = trap.accept();
        assert!(reached.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "{url}");
    }
    assert_eq!(scene.gemini.count(), 0);
}

#[test]
fn what_is_no_picture_is_refused_and_no_redirect_is_followed() {
    let scene = scene("egress_networks = [\"127.0.0.1/32\"]\n");
    let trap = Upstream::scripted(|_| Answer::bytes(200, "image/png", PNG));
    let away = format!("http://{}/secret", trap.address());
    let host = Upstream::scripted(move |request| match request.path.as_str() {
        "/away" => Answer::bytes(302, "text/plain", "").header("location", &away),
        "/none" => Answer::bytes(404, "image/png", PNG),
        _ => Answer::bytes(200, "", "who knows"),
    });
    for path in ["/away", "/none", "/nameless"] {
        let answer = scene.ask(&about(&[&format!("http://{}{path}", host.address())]));
        assert_error(path, &answer, 400, "invalid_request");
    }
    let many: Vec<String> = (0..17).map(|at| format!("http://{}/{at}", trap.address())).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_error("too many", &scene.ask(&about(&many)), 400, "invalid_request");
    // Where the gateway itself listens is nobody's to fetch from.
    let own = format!("{}/healthz", scene.keyway.base_url());
    assert_error("ourselves", &scene.ask(&about(&[&own])), 400, "invalid_request");
    assert_eq!((trap.count(), scene.gemini.count()), (0, 0));
}
