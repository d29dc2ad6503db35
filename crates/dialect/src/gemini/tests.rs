//! What documented traffic of this dialect becomes, and what no traffic may do.

mod answers;
mod hostile;
mod requests;
mod told;

use crate::event::Event;
use crate::hub::{Asked, Decoder, Dialect, Losses, Reply, Target, Whole, read_request, write_request};
use crate::meter::Ending;
use crate::openai_chat::UsageRule;
use serde_json::Value;

const ASKED: Asked<'_> = Asked { model: Some("gemini-3-pro"), stream: true };

/// A thousand-token answer as `gemini-3-pro` streams it: a thought, text, and the signature behind it.
const STREAM: [&str; 4] = [
    r#"{"candidates":[{"content":{"parts":[{"text":"**Weighing it**","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":40,"promptTokensDetails":[{"modality":"TEXT","tokenCount":9}],"thoughtsTokenCount":31},"modelVersion":"gemini-3-pro","responseId":"kQz1aJ"}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"It is "}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":42,"thoughtsTokenCount":31},"modelVersion":"gemini-3-pro","responseId":"kQz1aJ"}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"\u00e9t\u00e9."}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":5,"totalTokenCount":45,"thoughtsTokenCount":31},"modelVersion":"gemini-3-pro","responseId":"kQz1aJ"}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"EtoECtcE+/=="}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":5,"totalTokenCount":45,"thoughtsTokenCount":31},"modelVersion":"gemini-3-pro","responseId":"kQz1aJ"}"#,
];

/// Two calls at once: no ids, one signature for both.
const CALLS: &str = r#"{"candidates":[{"content":{"parts":[
    {"functionCall":{"name":"look","args":{"at": "Paris", "n":1.50}},"thoughtSignature":"c2ln"},
    {"functionCall":{"name":"go","args":{}}}],"role":"model"},"finishReason":"STOP","index":0}],
    "usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":8,"totalTokenCount":28}}"#;

fn streamed(frames: &[&str]) -> (Whole, Ending) {
    let mut decoder = Decoder::new(Dialect::Gemini, UsageRule::default());
    let mut whole = Whole::default();
    for frame in frames {
        let mut out = Vec::new();
        decoder.event(frame.as_bytes(), &mut out);
        out.iter().for_each(|event| whole.push(event));
    }
    let mut out: Vec<Event<'_>> = Vec::new();
    let ending = decoder.finish(&mut out);
    out.iter().for_each(|event| whole.push(event));
    (whole, ending)
}

fn finished(body: &str) -> Whole {
    let mut out = Vec::new();
    Decoder::new(Dialect::Gemini, UsageRule::default()).whole(body.as_bytes(), &mut out);
    Whole::of(out)
}

fn reply() -> Reply {
    Reply { id: "01J".into(), model: "gemini-3-pro".into(), origin: "prov".into(), ..Reply::default() }
}

/// A request of one dialect as it reaches `model` of another, and what was lost of it.
fn sent(from: Dialect, body: &str, to: Dialect, model: &str) -> Result<(Value, Losses), String> {
    let mut losses = Losses::default();
    let request = read_request(from, body.as_bytes(), ASKED).map_err(|invalid| invalid.message)?;
    let written = write_request(&request, &Target::new(to, model), &mut losses);
    let body = written.map_err(|invalid| invalid.param.unwrap_or_default().into_owned())?.body;
    Ok((serde_json::from_slice(&body).map_err(|error| error.to_string())?, losses))
}
