//! Images from words.

use crate::scene::{PROVIDER_SECRET, Scene, assert_error};
use testkit::{Answer, Upstream, json};

const PATH: &str = "/v1/images/generations";
/// One model by the piece, one by tokens.
const MODELS: &str = "[models.\"mine/flat\"]\nkind = \"image\"\nprice = { image = 0.02 }\n\
    [models.\"mine/tokens\"]\nkind = \"image\"\noutput_tokens_max = 7000\nupstream = \"image-2\"\n\
    price = { input = 5, input_image = 8, output = 30 }\n";

fn scene() -> (Scene, String) {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, MODELS);
    let key = scene.keyway.make_key_with("images", &["--scope", "create:images"]);
    (scene, key)
}

#[test]
fn images_are_counted_by_the_piece_or_by_tokens() {
    let (scene, key) = scene();
    let two = json!({"created": 1, "data": [{"b64_json": "aGk="}, {"b64_json": "aGk="}]});
    let mut with_usage = two.clone();
    with_usage["usage"] = json!({"input_tokens": 50, "output_tokens": 4000, "total_tokens": 4050,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}});
    for (model, answer, cost, usage) in [
        ("flat", &two, "0.04", json!({"units": 2})),
        (
            "tokens",
            &with_usage,
            "0.12037",
            json!({"units": 2, "in_uncached": 10, "in_image": 40, "out_text": 4000}),
        ),
        // Nothing is said: the most tokens that two images can have.
        ("tokens", &two, "0.42006", json!({"units": 2, "out_text": 14_000})),
    ] {
        scene.upstream.push(Answer::json(200, answer));
        let body = json!({"model": format!("mine/{model}"), "prompt": "a cat", "n": 2});
        let text = body.to_string();
        let told = scene.keyway.post_json(PATH, &key, &body).expect_status(200);
        assert_eq!(told.text(), answer.to_string());
        assert_eq!(told.header("x-keyway-cost-usd"), Some(cost), "{text}");
        let sent = scene.upstream.last();
        assert_eq!(sent.path, "/v1/images/generations");
        assert_eq!(sent.json()["model"], if model == "flat" { "flat" } else { "image-2" });
        let lines = usize::try_from(scene.upstream.count()).unwrap();
        let entry = &scene.log(lines)[0];
        assert_eq!(entry["kind"], "images");
        for (name, count) in usage.as_object().unwrap() {
            assert_eq!(&entry["usage"][name], count, "{name} of {text}");
        }
    }
    let without = scene.keyway.post_json(PATH, &scene.key, &json!({"model": "mine/flat", "prompt": "a"}));
    assert_error("scope", &without, 403, "missing_scope");
}

#[test]
fn a_stream_of_images_has_each_one_s_usage() {
    let (scene, key) = scene();
    let one = json!({"type": "image_generation.completed", "b64_json": "aGk=",
        "usage": {"input_tokens": 10, "output_tokens": 1000, "total_tokens": 1010}});
    let frame = format!("event: image_generation.completed\ndata: {one}\n\n");
    scene.upstream.push(Answer::bytes(200, "text/event-stream", frame.repeat(2)));
    let body = json!({"model": "mine/tokens", "prompt": "a", "n": 2, "stream": true, "partial_images": 0});
    let told = scene.keyway.post_json(PATH, &key, &body).expect_status(200);
    assert_eq!(told.text(), frame.repeat(2));
    assert_eq!(scene.upstream.last().json()["stream_options"], json!(null));
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["usage"]["units"], &entry["usage"]["out_text"]), (&json!(2), &json!(2000)));
    assert_eq!((&entry["cost_usd"], &entry["usage_origin"]), (&json!(0.0601), &json!("reported")));
}

#[test]
fn a_hard_budget_holds_the_worst_case_and_refuses_what_has_no_price() {
    let (scene, _) = scene();
    let key = scene.keyway.make_key_with("b", &["--scope", "create:images", "--budget", "0.05usd/total"]);
    let ask = |model: &str, n: u32| {
        scene.keyway.post_json(PATH, &key, &json!({"model": model, "prompt": "a", "n": n}))
    };
    // A model of conversations has a price, but none for images.
    assert_error("no price", &ask("mine/small", 1), 400, "unpriceable_for_hard_budget");
    for (model, n) in [("mine/flat", 3), ("mine/tokens", 1)] {
        let refused = ask(model, n);
        assert_eq!((refused.status, refused.code().as_str()), (402, "insufficient_quota"), "{model}");
    }
    assert_eq!(scene.upstream.count(), 0);
    scene.upstream.push(Answer::json(200, &json!({"data": [{"url": "x"}, {"url": "y"}]})));
    let told = ask("mine/flat", 2).expect_status(200);
    assert_eq!(told.header("x-keyway-cost-usd"), Some("0.04"));
    assert_error("spent", &ask("mine/flat", 1), 402, "insufficient_quota");
}
