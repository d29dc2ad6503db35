//! Words as sound.

use crate::scene::{PROVIDER_SECRET, Scene};
use testkit::{Answer, Upstream, json};

const PATH: &str = "/v1/audio/speech";
const MODELS: &str = "[models.\"mine/voice\"]\nkind = \"speech\"\nprice = { characters = 15 }\n\
    [models.\"mine/tokens\"]\nkind = \"speech\"\noutput_tokens_max = 4000\nprice = { input = 0.6, output = 10, output_audio = 12 }\n";

fn scene() -> (Scene, String) {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, MODELS);
    let key = scene.keyway.make_key_with("audio", &["--scope", "create:audio"]);
    (scene, key)
}

#[test]
fn sound_goes_through_byte_for_byte_and_its_characters_are_booked() {
    let (scene, key) = scene();
    let sound: Vec<u8> = (0..300_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    scene.upstream.push(Answer::bytes(200, "audio/mpeg", sound.clone()));
    let body = json!({"model": "mine/voice", "input": "gr\u{fc}\u{df} dich", "voice": "alloy"});
    let told = scene.keyway.post_json(PATH, &key, &body).expect_status(200);
    assert_eq!((told.header("content-type"), &told.body), (Some("audio/mpeg"), &sound));
    let sent = scene.upstream.last();
    assert_eq!((sent.path.as_str(), sent.header("accept")), ("/v1/audio/speech", Some("*/*")));
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["kind"], &entry["usage"]["units"]), (&json!("audio_speeches"), &json!(9)));
    assert_eq!(entry["cost_usd"], json!(0.000_135));
}

#[test]
fn events_bring_their_usage() {
    let (scene, key) = scene();
    let events = "data: {\"type\":\"speech.audio.delta\",\"audio\":\"aGk=\"}\n\n\
        data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":10,\"output_tokens\":100,\"total_tokens\":110}}\n\n";
    scene.upstream.push(Answer::bytes(200, "text/event-stream", events));
    let body = json!({"model": "mine/tokens", "input": "hi", "voice": "alloy", "stream_format": "sse"});
    let told = scene.keyway.post_json(PATH, &key, &body).expect_status(200);
    assert_eq!(told.text(), events);
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["usage_origin"], &entry["usage"]["out_text"]), (&json!("reported"), &json!(100)));
}

#[test]
fn a_provider_that_fails_is_an_error() {
    let (scene, key) = scene();
    let body = json!({"model": "mine/voice", "input": "hi", "voice": "alloy"});
    for (answer, status) in [
        (Answer::unauthorized(), 502),
        (Answer::error(400, "invalid_request_error", "bad_voice", "No such voice."), 400),
        (Answer::bytes(200, "audio/mpeg", ""), 502),
        (Answer::json(200, &json!({"error": {"message": "no"}})), 200),
    ] {
        scene.upstream.push(answer);
        assert_eq!(scene.keyway.post_json(PATH, &key, &body).status, status);
    }
}

#[test]
fn a_budget_knows_the_price_before() {
    let (scene, _) = scene();
    let key = scene.keyway.make_key_with("b", &["--scope", "create:audio", "--budget", "0.0003usd/total"]);
    let ask = |characters: usize| {
        let body = json!({"model": "mine/voice", "input": "a".repeat(characters), "voice": "alloy"});
        scene.keyway.post_json(PATH, &key, &body).status
    };
    assert_eq!((ask(21), scene.upstream.count()), (402, 0));
    scene.upstream.push(Answer::bytes(200, "audio/mpeg", "sound"));
    assert_eq!((ask(20), ask(1)), (200, 402));
}
