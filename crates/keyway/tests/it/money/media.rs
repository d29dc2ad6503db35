//! Pictures, sound and what is only pointed to: what they can cost at the most is reserved, and no more than a
//! model's window.

use super::{INPUT, OUTPUT, chat, key_with};
use crate::stage::{self, MODEL, Scene};
use testkit::{Answer, Upstream, Usage, Value, json};

/// Tokens that a picture is reserved with.
const IMAGE: i64 = 50_000;
/// The window of the model.
const WINDOW: i64 = 128_000;

fn with(part: &Value) -> Value {
    json!({"model": MODEL, "max_tokens": 10,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "what is this?"}, part]}]})
}

/// Whether a budget of so many tokens of prompt is enough for a request.
fn is_enough(scene: &Scene, tokens: i64, body: &Value) -> bool {
    let (_, key) = key_with(scene, tokens * INPUT + 10 * OUTPUT, &json!({}));
    let status = chat(&scene.keyway, &key, body).status;
    assert!(status == 200 || status == 402, "{status}");
    status == 200
}

#[test]
fn what_media_can_cost_is_reserved_and_no_more() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(300, 5)));
    let scene = Scene::start(stage::builder(&upstream));
    let image = |data: &str| json!({"type": "image_url", "image_url": {"url": data}});
    let small = format!("data:image/png;base64,{}", "A".repeat(40));
    let large = format!("data:image/png;base64,{}", "A".repeat(400_000));
    let sound = json!({"type": "input_audio", "input_audio": {"data": "A".repeat(9_000), "format": "mp3"}});
    let file = json!({"type": "file", "file": {"file_id": "file-1"}});
    for (what, part, media_bytes, tokens) in [
        ("a small picture", image(&small), small.len(), IMAGE),
        // Its bytes are no tokens.
        ("a large picture", image(&large), large.len(), IMAGE),
        ("a picture elsewhere", image("https://example.com/a.png"), 0, IMAGE),
        ("sound", sound, 0, 0),
    ] {
        let body = with(&part);
        let needed = (body.to_string().len() - media_bytes) as i64 + tokens;
        assert!(!is_enough(&scene, needed - 1, &body), "{what}: one token less");
        assert!(is_enough(&scene, needed, &body), "{what}: {needed} tokens");
    }
    // Nobody knows how much is in a file: as much as the model can read.
    assert!(!is_enough(&scene, WINDOW - 1, &with(&file)));
    assert!(is_enough(&scene, WINDOW, &with(&file)));
    // Text is no longer than the window either.
    let long = json!({"model": MODEL, "max_tokens": 10,
        "messages": [{"role": "user", "content": "x".repeat(200_000)}]});
    assert!(is_enough(&scene, WINDOW, &long));
}

#[test]
fn what_nothing_bounds_is_refused_under_a_hard_budget_only() {
    let upstream = Upstream::start();
    let row = "[models.\"mine/wide\"]\nupstream = \"small-v2\"\noutput_tokens_max = 100\n\
        price = { input = 1, output = 1 }\n";
    let scene = Scene::start(stage::builder(&upstream).config(row));
    let (_, hard) = key_with(&scene, 1_000_000_000, &json!({}));
    let (_, soft) = key_with(&scene, 1_000_000_000, &json!({"enforcement": "soft"}));
    let ask = |key: &str, part: &Value| {
        let mut body = with(part);
        body["model"] = json!("mine/wide");
        chat(&scene.keyway, key, &body)
    };
    let file = json!({"type": "file", "file": {"file_id": "file-1"}});
    let refused = ask(&hard, &file);
    assert_eq!((refused.status, refused.code().as_str()), (400, "unpriceable_for_hard_budget"));
    assert_eq!(upstream.count(), 0);
    ask(&soft, &file).expect_status(200);
    ask(&hard, &json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}))
        .expect_status(200);
}

/// Sound is dear: its rate counts where there is some, and nowhere else.
#[test]
fn rates_of_sound_count_where_there_is_some() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(30, 5)));
    let row = "[models.\"mine/hears\"]\nupstream = \"small-v2\"\ncontext_tokens = 128000\noutput_tokens_max = 100\n\
        price = { input = 0.5, output = 1.5, input_audio = 40, output_audio = 80 }\n";
    let scene = Scene::start(stage::builder(&upstream).config(row));
    let ask = |nanousd: i64, body: &Value| {
        let (_, key) = key_with(&scene, nanousd, &json!({}));
        chat(&scene.keyway, &key, body).status
    };
    let mut text = json!({"model": "mine/hears", "max_tokens": 10,
        "messages": [{"role": "user", "content": "is \"input_audio\" a word?"}]});
    let bytes = |body: &Value| body.to_string().len() as i64;
    assert_eq!(ask(bytes(&text) * INPUT + 10 * OUTPUT, &text), 200);
    text["modalities"] = json!(["text", "audio"]);
    assert_eq!(ask(bytes(&text) * INPUT + 10 * 80_000 - 1, &text), 402, "it speaks");
    assert_eq!(ask(bytes(&text) * INPUT + 10 * 80_000, &text), 200);
    let mut heard = with(&json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}));
    heard["model"] = json!("mine/hears");
    assert_eq!(ask(bytes(&heard) * 40_000 + 10 * OUTPUT - 1, &heard), 402, "it hears");
    assert_eq!(ask(bytes(&heard) * 40_000 + 10 * OUTPUT, &heard), 200);
}
