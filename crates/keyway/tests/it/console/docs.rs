//! The front page and the documentation, for everybody: complete, true, and with samples that run.

use super::visitor::Visitor;
use crate::stage::{MODEL, MODEL_ROW, Scene, bare, builder, text};
use crate::table::routes;
use keyway::access::verify::Needs;
use keyway::console::docs::endpoints::{ENDPOINTS, model, named};
use keyway::console::docs::guides::GUIDES;
use keyway::console::docs::samples::{LANGUAGES, sample};
use keyway::relay::route::BodyLimit;
use std::process::{Command, Stdio};
use testkit::{Answer, Keyway, Upstream, json};

/// Endpoints that the route table has and the documentation leaves to the OpenAPI document.
const LEFT_OUT: &[&str] = &[
    "count_tokens",
    "input_tokens",
    "stream_generate_content",
    "count_content",
    "embed_content",
    "batch_embed_contents",
    "moderations",
    "audio_transcriptions",
    "model",
    "google_models",
    "google_model",
    "own_balance",
    "token_create",
    "metrics",
];

#[test]
fn every_page_is_there_for_everybody_and_every_endpoint_is_one_of_the_table() {
    let keyway = bare().start();
    let visitor = Visitor::new(&keyway);
    let front = visitor.get("/").expect_status(200).text();
    assert!(front.contains("/docs") && front.contains("/sign-in") && !front.contains("/register"), "{front}");
    let ways = visitor.get("/docs").expect_status(200).text();
    for guide in GUIDES {
        let page = visitor.get(&format!("/docs/{}", guide.slug)).expect_status(200).text();
        assert!(page.contains(guide.title) && !page.contains("{base}"), "{}", guide.slug);
        assert!(ways.contains(&format!("/docs/{}\"", guide.slug)));
    }
    for endpoint in ENDPOINTS {
        let page = visitor.get(&format!("/docs/endpoints/{}", endpoint.slug)).expect_status(200).text();
        assert!(page.contains(&keyway.base_url()) && page.contains(endpoint.path), "{}", endpoint.slug);
        let row = routes().find(|route| route.name == endpoint.route).expect(endpoint.route);
        assert_eq!(row.path.replace("{*id}", "{model}"), endpoint.path);
        assert_eq!(row.method.as_str(), endpoint.method, "{}", endpoint.slug);
        assert_eq!(row.body == BodyLimit::None, endpoint.body.is_empty(), "{}", endpoint.slug);
    }
    for route in routes().filter(|route| matches!(route.needs, Needs::Key(_) | Needs::AnyKey)) {
        let there = ENDPOINTS.iter().any(|endpoint| endpoint.route == route.name);
        assert!(there || LEFT_OUT.contains(&route.name), "{} is nowhere", route.name);
    }
    visitor.get("/docs/nothing").expect_status(404);
    visitor.get("/docs/endpoints/nothing").expect_status(404);
    // Who is signed in comes to the console.
    let ada = Visitor::first(&keyway);
    assert_eq!(ada.get("/").header("location"), Some("/console"));
}

#[test]
fn models_are_shown_to_everybody_where_the_operator_says_so() {
    let upstream = Upstream::start();
    let keyway = builder(&upstream).start();
    let visitor = Visitor::new(&keyway);
    visitor.get("/docs/models").expect_status(404);
    visitor.get("/docs/models/mine/small").expect_status(404);
    assert!(!visitor.get("/docs").text().contains("/docs/models"));
    let keyway = builder(&upstream).env("KEYWAY_PUBLIC_MODELS", "true").start();
    let visitor = Visitor::new(&keyway);
    let list = visitor.get("/docs/models").expect_status(200).text();
    assert!(
        list.contains("/docs/models/mine/small") && list.contains("$0.50") && list.contains("128k"),
        "{list}"
    );
    let one = visitor.get("/docs/models/mine/small").expect_status(200).text();
    assert!(one.contains("$1.50"), "{one}");
    visitor.get("/docs/models/mine/none").expect_status(404);
    // What one organisation's own credential turns on is nobody else's to see.
    let ada = Visitor::first(&keyway);
    let page = ada.get("/console/providers/deepseek").expect_status(200);
    let own = [("value", "sk-0123456789abcdef0123"), ("owner", "organization")];
    assert_eq!(ada.send(&page, "/console/providers/deepseek/credentials", &own).status, 303);
    assert!(ada.get("/console/models?provider=deepseek").text().contains("deepseek"));
    assert!(!Visitor::new(&keyway).get("/docs/models").text().contains("deepseek"));
}

/// A provider of everything that is no conversation.
fn everything() -> Upstream {
    Upstream::scripted(|request| match request.path.as_str() {
        "/v1/embeddings" => Answer::json(
            200,
            &json!({"object": "list", "model": "e", "usage": {"prompt_tokens": 4, "total_tokens": 4}, "data": [
                {"object": "embedding", "index": 0, "embedding": [0.25, 0.5]},
                {"object": "embedding", "index": 1, "embedding": [0.75, 1.0]}]}),
        ),
        "/v1/rerank" => Answer::json(
            200,
            &json!({"id": "r", "results": [{"index": 1, "relevance_score": 0.875}, {"index": 0, "relevance_score": 0.125}]}),
        ),
        "/v1/images/generations" => Answer::json(200, &json!({"created": 1, "data": [{"b64_json": "aGk="}]})),
        "/v1/completions" => Answer::json(
            200,
            &json!({"id": "c", "object": "text_completion", "created": 1, "model": "small-v2",
                "choices": [{"text": " there was", "index": 0, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}}),
        ),
        "/v1/audio/speech" => Answer::bytes(200, "audio/mpeg", b"ID3-sound".to_vec()),
        _ => Answer::ok(),
    })
}

const KINDS: &str = "[models.\"mine/e\"]\nkind = \"embedding\"\nprice = { input = 0.02 }\n\
    [models.\"mine/r\"]\nkind = \"rerank\"\nprice = { search = 0.001 }\n\
    [models.\"mine/i\"]\nkind = \"image\"\nprice = { image = 0.01 }\n\
    [models.\"mine/s\"]\nkind = \"speech\"\nprice = { characters = 15 }\n";

/// Runs a sample of a language in a folder of its own; what it printed.
fn run(language: &str, text: &str, key: &str) -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let (program, file) = match language {
        "curl" => ("bash", "sample.sh"),
        "python" => ("python3", "sample.py"),
        _ => ("node", "sample.mjs"),
    };
    std::fs::write(folder.path().join(file), text).expect("the sample");
    let done = Command::new(program)
        .arg(file)
        .current_dir(folder.path())
        .env("KEYWAY_API_KEY", key)
        .env_remove("http_proxy")
        .env_remove("HTTP_PROXY")
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed to run the samples: {error}"));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{language}:\n{text}\n{said}{}", String::from_utf8_lossy(&done.stderr));
    (said, folder)
}

#[test]
fn samples_in_curl_python_and_node_run_as_they_stand() {
    let upstream = everything();
    let dialects = [
        "openai-chat",
        "openai-completions",
        "openai-embeddings",
        "cohere-rerank",
        "openai-images",
        "openai-speech",
    ];
    let urls: Vec<String> =
        dialects.iter().map(|one| format!("{one} = \"{}\"", upstream.base_url())).collect();
    let provider = format!(
        "egress_networks = [\"127.0.0.0/8\"]\n[providers.mine]\nbase_url = {{ {} }}\ncredential = \"env:MINE_KEY\"\n",
        urls.join(", ")
    );
    let scene = Scene::start(
        bare().config(&provider).config(MODEL_ROW).config(KINDS).env("MINE_KEY", "sk-mine-0123456789"),
    );
    let keyway: &Keyway = &scene.keyway;
    // Rerank, images and sound take a scope that keys do not have by themselves.
    let scopes = [
        "create:completions",
        "create:embeddings",
        "create:rerank",
        "create:images",
        "create:audio",
        "read:models",
    ];
    let live = text(&scene.create_key(&json!({"name": "live", "scopes": scopes}))["value"]);
    let test = keyway.make_key_with("test", &["--test"]);
    let catalog = |kind: &str| match kind {
        "embeddings" => "mine/e",
        "rerank" => "mine/r",
        "images" => "mine/i",
        "speech" => "mine/s",
        "completions" => MODEL,
        _ => "sandbox/echo",
    };
    for endpoint in ENDPOINTS {
        let asked = catalog(endpoint.slug);
        let key = if asked.starts_with("sandbox/") { &test } else { &live };
        for language in LANGUAGES.iter().filter(|it| ["curl", "python", "node"].contains(&it.id)) {
            let written = sample(endpoint, language, &keyway.base_url(), asked);
            let (said, folder) = run(language.id, &written, key);
            let wanted = match endpoint.slug {
                "embeddings" => "0.75",
                "rerank" => "0.875",
                "images" => "aGk=",
                "speech" => "",
                "models" => "sandbox/echo",
                "key" => "\"id\"",
                "chat-completions-stream" => "[DONE]",
                "completions" => "text_completion",
                _ => "Hello!",
            };
            assert!(said.contains(wanted), "{} in {}: {said}", endpoint.slug, language.name);
            if endpoint.slug == "speech" {
                let file = std::fs::read(folder.path().join("speech.mp3")).expect("the file");
                assert_eq!(file, b"ID3-sound", "{}", language.name);
            }
        }
    }
    // What stands on the page is what was run.
    let chat = named("chat-completions").expect("the first one");
    let catalog =
        keyway::catalog::Catalog::build(&keyway::catalog::Rows::default(), &[]).expect("the built-in rows");
    assert_eq!(model(chat, &catalog), "sandbox/echo");
    let shown = Visitor::new(keyway).get("/docs/endpoints/chat-completions").text();
    let text = sample(chat, &LANGUAGES[0], &keyway.base_url(), "sandbox/echo");
    assert!(
        shown.contains(&text.replace('&', "&amp;").replace('"', "&quot;").replace('>', "&gt;")),
        "{shown}"
    );
}
