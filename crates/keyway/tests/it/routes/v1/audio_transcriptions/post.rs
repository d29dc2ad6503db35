//! Sound as words: a form with a file.

use crate::scene::{PROVIDER_SECRET, Scene, assert_error};
use testkit::{Answer, Response, Upstream, json};

const PATH: &str = "/v1/audio/transcriptions";
const MODELS: &str = "[models.\"mine/whisper\"]\nkind = \"transcription\"\nupstream = \"whisper-1\"\nprice = { minute = 0.006 }\n\
    [models.\"mine/tokens\"]\nkind = \"transcription\"\ncontext_tokens = 16000\noutput_tokens_max = 2000\n\
    price = { input = 2.5, output = 10 }\n";

fn scene() -> (Scene, String) {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, MODELS);
    let key = scene.keyway.make_key_with("audio", &["--scope", "create:audio"]);
    (scene, key)
}

/// A WAV file of so many seconds: 16,000 samples a second, of two bytes.
fn wav(seconds: usize) -> Vec<u8> {
    let mut file =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\0\0\0\0".to_vec();
    file.resize(seconds * 32_000, 7);
    file
}

fn form(fields: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    body.extend_from_slice(b"--XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n");
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--XyZ--\r\n");
    body
}

fn post(scene: &Scene, key: &str, body: &[u8]) -> Response {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "multipart/form-data; boundary=XyZ")];
    scene.keyway.request("POST", PATH, &headers, body)
}

#[test]
fn the_form_goes_through_but_for_the_model_and_its_seconds_are_booked() {
    let (scene, key) = scene();
    let mut lines = 0;
    for (format, kind, answer, seconds, cost) in [
        ("json", "application/json", r#"{"text":"hi","usage":{"type":"duration","seconds":9}}"#, 9, 0.0009),
        ("verbose_json", "application/json", r#"{"text":"hi","duration":2.5,"segments":[]}"#, 3, 0.0003),
        ("text", "text/plain", "hi\n", 2, 0.0002),
        ("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> 00:00:02,000\nhi\n\n", 2, 0.0002),
    ] {
        scene.upstream.push(Answer::bytes(200, kind, answer));
        let body = form(&[("model", "mine/whisper"), ("response_format", format)], &wav(2));
        let told = post(&scene, &key, &body).expect_status(200);
        assert_eq!((told.text().as_str(), told.header("content-type")), (answer, Some(kind)));
        assert_eq!(told.header("x-keyway-cost-usd"), Some(cost.to_string().as_str()));
        let sent = scene.upstream.last();
        assert_eq!(sent.path, PATH);
        assert_eq!(sent.header("content-type"), Some("multipart/form-data; boundary=XyZ"));
        assert!(
            sent.body == form(&[("model", "whisper-1"), ("response_format", format)], &wav(2)),
            "{format}"
        );
        lines += 1;
        let entry = &scene.log(lines)[0];
        assert_eq!(
            (&entry["kind"], &entry["usage"]["units"]),
            (&json!("audio_transcriptions"), &json!(seconds))
        );
        assert_eq!(entry["cost_usd"], json!(cost));
    }
}

#[test]
fn a_stream_is_passed_on_and_its_tokens_booked() {
    let (scene, key) = scene();
    let events = "data: {\"type\":\"transcript.text.delta\",\"delta\":\"hi\"}\n\n\
        data: {\"type\":\"transcript.text.done\",\"text\":\"hi\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\
        \"input_token_details\":{\"text_tokens\":0,\"audio_tokens\":14},\"output_tokens\":5,\"total_tokens\":19}}\n\n";
    scene.upstream.push(Answer::bytes(200, "text/event-stream", events));
    let told = post(&scene, &key, &form(&[("model", "mine/tokens"), ("stream", "true")], &wav(1)))
        .expect_status(200);
    assert_eq!(told.text(), events);
    assert_eq!(scene.upstream.last().header("accept"), Some("text/event-stream"));
    let usage = &scene.log(1)[0]["usage"];
    assert_eq!((&usage["in_audio"], &usage["out_text"]), (&json!(14), &json!(5)));
}

#[test]
fn what_is_no_form_is_refused() {
    let (scene, key) = scene();
    let json = scene.keyway.post_json(PATH, &key, &json!({"model": "mine/whisper"}));
    assert_error("json", &json, 400, "invalid_request");
    for (what, body) in [
        ("no model", form(&[], b"x")),
        ("two models", form(&[("model", "mine/whisper"), ("model", "mine/tokens")], b"x")),
        ("cut", form(&[("model", "mine/whisper")], b"x").split_last_chunk::<9>().unwrap().0.to_vec()),
    ] {
        assert_error(what, &post(&scene, &key, &body), 400, "invalid_request");
    }
    assert_error(
        "no model",
        &post(&scene, &key, &form(&[("model", "nobody/x")], b"x")),
        404,
        "model_not_found",
    );
    assert_eq!(scene.upstream.count(), 0);
}

#[test]
fn a_budget_holds_what_the_recording_can_cost() {
    let (scene, _) = scene();
    let key = scene.keyway.make_key_with("b", &["--scope", "create:audio", "--budget", "0.0003usd/total"]);
    let ask = |seconds: usize| post(&scene, &key, &form(&[("model", "mine/whisper")], &wav(seconds))).status;
    assert_eq!((ask(4), scene.upstream.count()), (402, 0));
    scene.upstream.push(Answer::json(200, &json!({"text": "hi"})));
    assert_eq!((ask(3), ask(1)), (200, 402));
}
