//! The built-in `auto`, and what is never picked.

use super::{Providers, answered, nobody};
use testkit::{Upstream, json};

#[test]
fn auto_answers_while_any_one_is_up() {
    for up in 0..3 {
        let alive = Upstream::start();
        let urls: Vec<String> =
            (0..3).map(|number| if number == up { alive.base_url() } else { nobody() }).collect();
        let it = Providers::at(vec![alive], &urls, "");
        for name in ["auto", "auto:cost", "auto:latency", "auto:quality"] {
            let answer = it.ask(name);
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
            assert_eq!(answer.header("x-keyway-provider"), Some(format!("p{up}").as_str()), "{name}");
        }
    }
}

/// A picture, a tool, a schema, or a long prompt: who is not known to take it is not asked.
#[test]
fn auto_never_picks_a_model_that_lacks_what_is_needed() {
    let settings = "[models.\"p0/eyes\"]\nvision = true\ncontext_tokens = 128000\nprice = { input = 9, output = 9 }\n\
        [models.\"p1/all\"]\nvision = true\ntools = true\nstructured_output = true\ncontext_tokens = 1000000\n\
        price = { input = 99, output = 99 }\n";
    let it = Providers::start(2, settings);
    let image = json!({"messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]});
    let tool = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]);
    let mut both = image.clone();
    both["tools"] = tool.clone();
    let schema = json!({"response_format": {"type": "json_schema",
        "json_schema": {"name": "x", "schema": {"type": "object"}}}});
    let long = json!({"messages": [{"role": "user", "content": "long ".repeat(120_000)}]});
    let table = [
        (json!({}), "p0/m"),
        (image, "p0/eyes"),
        (json!({"tools": tool}), "p0/m"),
        (both, "p1/all"),
        (schema, "p1/all"),
        (long, "p1/all"),
    ];
    for (body, expected) in table {
        for name in ["auto:cost", "auto"] {
            let answer = it.ask_with(name, &[], &body);
            assert_eq!(
                (answer.status, answer.header("x-keyway-model")),
                (200, Some(expected)),
                "{}",
                answer.text()
            );
        }
    }
    let sound = json!({"messages": [{"role": "user", "content": [
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]}]});
    let answer = it.ask_with("auto", &[], &sound);
    assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"), "{}", answer.text());
    assert!(answer.text().contains("audio"), "{}", answer.text());
}

#[test]
fn the_caller_says_what_counts() {
    let settings = "[models.\"p1/cheap\"]\nprice = { input = 0.1, output = 0.1 }\n\
        [models.\"p0/good\"]\nprice = { input = 5, output = 5 }\n\
        quality = { score = 9, as_of = \"2026-11-01\", source = \"our own tests\" }\n";
    let it = Providers::start(2, settings);
    let asked = |name: &str, fields: &[(&str, &str)]| {
        it.ask_with(name, fields, &json!({})).header("x-keyway-model").map(str::to_owned)
    };
    assert_eq!(asked("auto", &[]).as_deref(), Some("p0/good"));
    assert_eq!(asked("auto:cost", &[]).as_deref(), Some("p1/cheap"));
    assert_eq!(asked("auto", &[("x-keyway-route", "cost")]).as_deref(), Some("p1/cheap"));
    assert_eq!(asked("auto:quality", &[("x-keyway-route", "cost")]).as_deref(), Some("p0/good"));
    let wrong = it.ask_with("auto", &[("x-keyway-route", "speed")], &json!({}));
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "invalid_request"));
    assert_eq!(it.ask("auto:speed").code(), "model_not_found");
}

#[test]
fn auto_is_what_the_key_may_call() {
    let it = Providers::start(2, "");
    let key = it.keyway.make_key_with("one", &["--model", "p1/*"]);
    let one = Providers { key, ..it };
    for _ in 0..3 {
        assert_eq!(answered(&one.ask("auto")).0, "p1");
    }
    let key = one.keyway.make_key_with("none", &["--model", "nobody/x"]);
    let none = Providers { key, ..one };
    assert_eq!(none.ask("auto").code(), "model_not_allowed");
    let key = none.keyway.make_key_with("try", &["--test"]);
    let test = Providers { key, ..none };
    assert_eq!(test.ask("auto").header("x-keyway-model"), Some("sandbox/echo"));
}
