//! Errors: what providers answer, in all the shapes they have for it, and our own in OpenAI's.

use super::redact::redact;
use crate::event::UpstreamMessage;
use crate::json::write_text;
use serde_json::{Map, Value};

/// Longest message kept, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 2048;
/// Longest kind, code or param kept, in bytes; a longer one is no identifier and is dropped.
const WORD_BYTES_MAX: usize = 128;
/// How many levels of errors within errors are looked into.
const WRAPPED_MAX: u8 = 4;

/// The code of OpenAI for a prompt that is too long, by which clients choose to shorten it.
const TOO_LONG: &str = "context_length_exceeded";
/// What other servers call it.
const TOO_LONG_WORDS: [&str; 4] = [
    "exceed_context_size_error",
    "model_context_window_exceeded",
    "context_window_exceeded",
    "context_length_exceeded_error",
];
/// How it reads where no code says it, in lower case.
const TOO_LONG_PHRASES: [&str; 8] = [
    "maximum context length",
    "exceeds the available context size",
    "exceeds the context window",
    "exceeds the model's context",
    "prompt is too long",
    "input is too long",
    "context length exceeded",
    "reduce the length of the messages",
];

/// Reads a provider's error body. Never fails: what has no known shape becomes the message.
/// Messages come back bounded to 2 KiB and with everything that looks like a credential masked.
#[must_use]
pub fn parse(status: u16, body: &[u8]) -> UpstreamMessage {
    let body = body.trim_ascii();
    let mut said = UpstreamMessage::default();
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => read(&value, &mut said, WRAPPED_MAX),
        Err(_) => said.message = plain(&String::from_utf8_lossy(body)),
    }
    if said.message.trim().is_empty() {
        said.message = match (&said.code, &said.kind) {
            (Some(word), _) | (None, Some(word)) => {
                format!("The provider answered with the error `{word}`.")
            }
            (None, None) => format!("The provider answered with status {status} and no message."),
        };
    }
    if too_long(status, &said) {
        said.code = Some(TOO_LONG.into());
    }
    said.message = cut(&redact(&said.message), MESSAGE_BYTES_MAX);
    for word in [&mut said.kind, &mut said.code, &mut said.param] {
        *word = word.take().map(|word| redact(&word));
    }
    said
}

fn too_long(status: u16, said: &UpstreamMessage) -> bool {
    let named = |word: &Option<String>| word.as_deref().is_some_and(|word| TOO_LONG_WORDS.contains(&word));
    if named(&said.code) || named(&said.kind) {
        return true;
    }
    // Limits on tokens per minute speak of length too; they are 429.
    let about_the_request = matches!(status, 200 | 400 | 413 | 422);
    let message = said.message.to_ascii_lowercase();
    about_the_request && TOO_LONG_PHRASES.iter().any(|phrase| message.contains(phrase))
}

/// Takes what `value` says, whichever shape it has.
fn read(value: &Value, said: &mut UpstreamMessage, deeper: u8) {
    if deeper == 0 {
        return;
    }
    match value {
        Value::String(text) => said.message = plain(text),
        Value::Array(list) => {
            if let Some(first) = list.first() {
                read(first, said, deeper - 1);
            }
        }
        Value::Object(object) => members(object, said, deeper),
        _ => {}
    }
}

fn members(object: &Map<String, Value>, said: &mut UpstreamMessage, deeper: u8) {
    if let Some(inner @ (Value::Object(_) | Value::Array(_))) = object.get("error") {
        read(inner, said, deeper - 1);
        // A sibling may know what the inner object does not (`code` beside `error`).
        said.code = said.code.take().or_else(|| word(object, &["code"]));
        return;
    }
    if let Some(Value::Object(base)) = object.get("base_resp") {
        said.message = text(base, &["status_msg"]);
        said.code = word(base, &["status_code"]);
        return;
    }
    if let Some(Value::Array(errors)) = object.get("errors")
        && let Some(first) = errors.first()
    {
        read(first, said, deeper - 1);
        return;
    }
    let names = ["message", "Message", "error", "error_description", "reason", "msg", "detail", "title"];
    said.message = text(object, &names);
    said.kind = word(object, &["type", "error_type", "status", "__type"]);
    said.code = word(object, &["code", "error_code"]);
    said.param = word(object, &["param"]);
    if said.kind.as_deref() == Some("error") {
        said.kind = None;
    }
    if said.message.is_empty()
        && let Some(detail) = object.get("detail")
    {
        validation(detail, said, deeper - 1);
    }
    // A server that failed with the answer of the one behind it: the inner one says why.
    if let Ok(inner @ Value::Object(_)) = serde_json::from_str::<Value>(&said.message) {
        read(&inner, said, deeper - 1);
    }
}

/// FastAPI's list of what was wrong where: `[{loc, msg, type}]`.
fn validation(detail: &Value, said: &mut UpstreamMessage, deeper: u8) {
    let Value::Array(list) = detail else {
        read(detail, said, deeper);
        return;
    };
    let mut lines = Vec::new();
    for item in list.iter().take(8) {
        let Value::Object(item) = item else {
            lines.extend(item.as_str().map(str::to_owned));
            continue;
        };
        let place: Vec<String> = match item.get("loc") {
            Some(Value::Array(path)) => {
                path.iter().filter_map(scalar).filter(|step| step != "body").collect()
            }
            _ => Vec::new(),
        };
        let place = place.join(".");
        let what = text(item, &["msg", "message"]);
        lines.push(if place.is_empty() { what } else { format!("{place}: {what}") });
        if said.param.is_none() && !place.is_empty() && place.len() <= WORD_BYTES_MAX {
            said.param = Some(place);
        }
    }
    said.message = lines.join("; ");
}

/// The first of `names` that is a non-empty string.
fn text(object: &Map<String, Value>, names: &[&str]) -> String {
    let found = names.iter().find_map(|name| object.get(*name)?.as_str().filter(|text| !text.is_empty()));
    found.map(plain).unwrap_or_default()
}

/// The first of `names` that is a word or a number, as text.
fn word(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let word = |name: &&str| scalar(object.get(*name)?);
    names.iter().find_map(word).filter(|word| !word.is_empty() && word.len() <= WORD_BYTES_MAX)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Text for people: HTML reduced to what it says, control characters and long gaps closed.
fn plain(text: &str) -> String {
    let start = cut(text, 16 * MESSAGE_BYTES_MAX);
    let head = start.trim_start().get(..9).unwrap_or_default().to_ascii_lowercase();
    let html = head.starts_with("<html") || head.starts_with("<!doctype") || head.starts_with("<head");
    let text = if html { without_tags(&start) } else { start };
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// What is skipped at a `<`: how it begins in lower case, and where it ends.
const SKIPPED: [(&str, &str); 4] =
    [("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->"), ("<", ">")];
/// The characters that HTML cannot write plainly; `&amp;` last, so that nothing is read twice.
const ENTITIES: [(&str, &str); 6] =
    [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];

fn without_tags(html: &str) -> String {
    // ASCII lower case keeps every offset.
    let lower = html.to_ascii_lowercase();
    let mut out = String::new();
    let mut from = 0;
    while let Some(tag) = html.get(from..).and_then(|rest| rest.find('<')) {
        let tag = from + tag;
        out.push_str(html.get(from..tag).unwrap_or_default());
        out.push(' ');
        let rest = lower.get(tag..).unwrap_or_default();
        let skipped = SKIPPED.iter().find(|(begin, _)| rest.starts_with(begin));
        let end = skipped.and_then(|(_, end)| Some(rest.find(end)? + end.len()));
        from = end.map_or(html.len(), |end| tag + end);
    }
    out.push_str(html.get(from..).unwrap_or_default());
    ENTITIES.iter().fold(out, |text, (entity, plain)| text.replace(entity, plain))
}

/// At most `max` bytes of `text`, cut between characters.
fn cut(text: &str, max: usize) -> String {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// An error of ours as a body: `{"error":{"message","type","param","code"}}`, all four always there.
#[must_use]
pub fn render(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 96);
    out.extend_from_slice(br#"{"error":{"message":"#);
    write_text(&mut out, message);
    out.extend_from_slice(br#","type":"#);
    write_text(&mut out, kind);
    for (name, value) in [("param", param), ("code", code)] {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        match value {
            Some(value) => write_text(&mut out, value),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.extend_from_slice(b"}}");
    out
}

/// The same as the last event of a stream; no `[DONE]` follows it.
#[must_use]
pub fn render_stream(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Vec<u8> {
    let mut out = b"data: ".to_vec();
    out.extend_from_slice(&render(message, kind, param, code));
    out.extend_from_slice(b"\n\n");
    out
}

#[cfg(test)]
mod tests;
