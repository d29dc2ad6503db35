//! What the owner of a project wants of its requests, on their original bytes: members that may not stand,
//! members that stand where nothing is said, a cap on the answer, old turns left out of what is too long.

use crate::edit::{Edit, apply, put_cap};
use crate::hub::Dialect;
use crate::json::{JsonError, Kind, Reader};
use crate::peek::Peek;
use bytes::Bytes;
use std::borrow::Cow;
use std::ops::Range;

/// Parameters that may be given defaults: as they are called here, and at Google in `generationConfig`.
const DEFAULTS: [(&str, [Option<&str>; 4]); 7] = [
    ("temperature", [Some("temperature"), Some("temperature"), Some("temperature"), Some("temperature")]),
    ("top_p", [Some("top_p"), Some("top_p"), Some("top_p"), Some("topP")]),
    ("top_k", [None, None, Some("top_k"), Some("topK")]),
    ("seed", [Some("seed"), None, None, Some("seed")]),
    ("stop", [Some("stop"), None, Some("stop_sequences"), Some("stopSequences")]),
    ("presence_penalty", [Some("presence_penalty"), None, None, Some("presencePenalty")]),
    ("frequency_penalty", [Some("frequency_penalty"), None, None, Some("frequencyPenalty")]),
];

/// Other names of the same parameter.
const SAME: [(&str, &str); 7] = [
    ("max_completion_tokens", "max_tokens"),
    ("max_output_tokens", "max_tokens"),
    ("stop_sequences", "stop"),
    ("functions", "tools"),
    ("function_call", "tool_choice"),
    ("tool_config", "tool_choice"),
    ("system_instruction", "system"),
];

/// Names of the parameters that may be given defaults.
pub fn defaults() -> impl Iterator<Item = &'static str> {
    DEFAULTS.iter().map(|(name, _)| *name)
}

/// How a parameter is called in a dialect; `None`: it has none such.
fn called(dialect: Dialect, name: &str) -> Option<&'static str> {
    let (_, names) = DEFAULTS.iter().find(|(known, _)| *known == name)?;
    names[match dialect {
        Dialect::OpenAiChat => 0,
        Dialect::OpenAiResponses => 1,
        Dialect::Anthropic => 2,
        Dialect::Gemini => 3,
    }]
}

/// The one name of a parameter, whatever a dialect calls it.
#[must_use]
pub fn canonical(name: &str) -> Cow<'_, str> {
    let snake = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let mut snake = String::with_capacity(name.len() + 4);
        for letter in name.chars() {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        Cow::Owned(snake)
    } else {
        Cow::Borrowed(name)
    };
    match SAME.iter().find(|(other, _)| *other == snake) {
        Some((_, name)) => Cow::Borrowed(name),
        None => snake,
    }
}

/// Where a member's value stands, and its name as it was written.
type Member = (String, Range<usize>);

/// The members of an object that stands at `within`.
fn members(body: &[u8], within: Range<usize>) -> Option<Vec<Member>> {
    let offset = within.start;
    let mut reader = Reader::of_bytes(body.get(within)?)?;
    let mut found = Vec::new();
    let read = reader.object(|reader, member| {
        let name = String::from_utf8_lossy(member.key).into_owned();
        let at = reader.skip()?;
        found.push((name, at.start + offset..at.end + offset));
        Ok::<(), JsonError>(())
    });
    read.ok().map(|()| found)
}

fn kind(body: &[u8], at: &Range<usize>) -> Option<Kind> {
    Reader::of_bytes(body.get(at.clone())?)?.kind().ok()
}

/// Google's `generationConfig`, where it is an object.
fn config(body: &[u8], top: &[Member]) -> Option<Range<usize>> {
    let (_, at) = top.iter().find(|(name, _)| canonical(name) == "generation_config")?;
    (kind(body, at) == Some(Kind::Object)).then(|| at.clone())
}

/// The first parameter of a request that is one of these, as it was written. What is null is not there.
#[must_use]
pub fn forbidden(dialect: Option<Dialect>, body: &[u8], names: &[String]) -> Option<String> {
    let top = members(body, 0..body.len())?;
    let within = match dialect {
        Some(Dialect::Gemini) => config(body, &top).and_then(|at| members(body, at)).unwrap_or_default(),
        _ => Vec::new(),
    };
    let is_named = |(name, at): &Member| {
        let known = canonical(name);
        kind(body, at) != Some(Kind::Null) && names.iter().any(|named| canonical(named) == known)
    };
    top.into_iter().chain(within).find(is_named).map(|(name, _)| name)
}

/// A request with these members, name and JSON value, where it says nothing of them.
#[must_use]
pub fn with_defaults(dialect: Dialect, body: &Bytes, values: &[(String, String)]) -> Bytes {
    let Some(top) = members(body, 0..body.len()) else { return body.clone() };
    let inside = match dialect {
        Dialect::Gemini => config(body, &top),
        _ => Some(0..body.len()),
    };
    let there = inside.clone().and_then(|at| members(body, at)).unwrap_or_default();
    let mut put = Vec::new();
    for (name, value) in values {
        let Some(called) = called(dialect, name) else { continue };
        if there.iter().any(|(known, _)| known == called || canonical(known) == *name) {
            continue;
        }
        if !put.is_empty() {
            put.push(b',');
        }
        put.extend_from_slice(format!("\"{called}\":{value}").as_bytes());
    }
    if put.is_empty() {
        return body.clone();
    }
    let Some(inside) = inside else {
        let put = [b"\"generationConfig\":{".as_slice(), &put, b"}"].concat();
        return insert(body, 0..body.len(), put, top.is_empty());
    };
    insert(body, inside, put, there.is_empty())
}

/// Puts members first into the object at a place.
fn insert(body: &Bytes, object: Range<usize>, mut put: Vec<u8>, empty: bool) -> Bytes {
    let Some(brace) = body.get(object.clone()).and_then(|text| text.iter().position(|byte| *byte == b'{'))
    else {
        return body.clone();
    };
    if !empty {
        put.push(b',');
    }
    let at = object.start + brace + 1;
    apply(body, vec![(at..at, Cow::Owned(put))])
}

/// A request whose answer is capped, in the member its dialect has for that; a lower cap stays.
#[must_use]
pub fn with_cap(dialect: Option<Dialect>, body: &Bytes, peek: &Peek<'_>, tokens: u64) -> Bytes {
    let name = match dialect {
        Some(Dialect::OpenAiChat) => "max_completion_tokens",
        Some(Dialect::OpenAiResponses) => "max_output_tokens",
        Some(Dialect::Gemini) => "maxOutputTokens",
        Some(Dialect::Anthropic) | None => "max_tokens",
    };
    let name = peek.spans.caps.iter().flatten().next().map_or(name, |cap| cap.name);
    let mut edits: Vec<Edit<'_>> = Vec::new();
    put_cap(peek, name, tokens, &mut edits);
    apply(body, edits)
}

/// An entry of a conversation.
struct Turn {
    at: Range<usize>,
    /// It is for the whole conversation.
    stays: bool,
    /// What comes before it can be left out.
    begins: bool,
}

/// A request without its oldest turns, at least `bytes` of them, up to where somebody asks something anew.
/// What is said to the model at large stays, and so does the last question. `None`: no such place.
#[must_use]
pub fn without_oldest(dialect: Dialect, body: &Bytes, bytes: usize) -> Option<Bytes> {
    let turns = turns(dialect, body)?;
    let mut left_out = 0;
    let mut place = None;
    for (index, turn) in turns.iter().enumerate() {
        if turn.begins && left_out >= bytes.max(1) {
            place = Some(index);
            break;
        }
        left_out += if turn.stays { 0 } else { turn.at.len() };
    }
    let place = place?;
    let gone = turns.iter().zip(turns.iter().skip(1)).take(place).filter(|(turn, _)| !turn.stays);
    // With the comma behind it: another one follows.
    let edits = gone.map(|(turn, next)| (turn.at.start..next.at.start, Cow::Borrowed(b"".as_slice())));
    Some(apply(body, edits.collect()))
}

fn turns(dialect: Dialect, body: &[u8]) -> Option<Vec<Turn>> {
    let list = match dialect {
        Dialect::OpenAiChat | Dialect::Anthropic => "messages",
        Dialect::OpenAiResponses => "input",
        Dialect::Gemini => "contents",
    };
    let top = members(body, 0..body.len())?;
    let (_, at) = top.into_iter().find(|(name, _)| name == list)?;
    let offset = at.start;
    let mut reader = Reader::of_bytes(body.get(at)?)?;
    let mut found = Vec::new();
    let read = reader.array(|reader| {
        let within = reader.skip()?;
        found.push(within.start + offset..within.end + offset);
        Ok::<(), JsonError>(())
    });
    read.ok()?;
    Some(found.into_iter().map(|at| turn(body, at)).collect())
}

fn turn(body: &[u8], at: Range<usize>) -> Turn {
    let text = body.get(at.clone()).unwrap_or_default();
    let role = members(body, at.clone()).and_then(|members| {
        let (_, at) = members.into_iter().find(|(name, _)| name == "role")?;
        let mut reader = Reader::of_bytes(body.get(at)?)?;
        reader.text().ok().map(|role| role.cow().into_owned())
    });
    let has = |what: &str| memchr::memmem::find(text, what.as_bytes()).is_some();
    // What a tool said belongs to the call before it.
    let answers = has("tool_result") || has("functionResponse") || has("function_response");
    Turn {
        at,
        stays: matches!(role.as_deref(), Some("system" | "developer")),
        begins: role.as_deref() == Some("user") && !answers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peek::peek;

    fn text(body: &Bytes) -> &str {
        std::str::from_utf8(body).unwrap()
    }

    #[test]
    fn names_of_one_parameter() {
        for (name, expected) in [
            ("temperature", "temperature"),
            ("maxOutputTokens", "max_tokens"),
            ("max_completion_tokens", "max_tokens"),
            ("stopSequences", "stop"),
            ("functions", "tools"),
            ("topP", "top_p"),
        ] {
            assert_eq!(canonical(name), expected, "{name}");
        }
    }

    #[test]
    fn what_may_not_stand_is_found_in_every_dialect() {
        let names = ["stop".to_owned(), "tools".to_owned()];
        let chat = Some(Dialect::OpenAiChat);
        let table = [
            (chat, r#"{"model":"a","stop":["x"]}"#, Some("stop")),
            (chat, r#"{"model":"a","functions":[]}"#, Some("functions")),
            (chat, r#"{"model":"a","stop":null,"messages":[{"stop":1}]}"#, None),
            (Some(Dialect::Anthropic), r#"{"stop_sequences":["x"]}"#, Some("stop_sequences")),
            (Some(Dialect::Gemini), r#"{"generationConfig":{"stopSequences":["x"]}}"#, Some("stopSequences")),
            (Some(Dialect::Gemini), r#"{"generationConfig":{"topK":1}}"#, None),
            (None, r#"{"model":"a","prompt":"x","stop":"y"}"#, Some("stop")),
        ];
        for (dialect, body, expected) in table {
            assert_eq!(forbidden(dialect, body.as_bytes(), &names).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn defaults_stand_where_nothing_is_said() {
        let values =
            [("temperature".to_owned(), "0.2".to_owned()), ("stop".to_owned(), r#"["x"]"#.to_owned())];
        let table = [
            (Dialect::OpenAiChat, r#"{"model":"a"}"#, r#"{"temperature":0.2,"stop":["x"],"model":"a"}"#),
            (
                Dialect::OpenAiChat,
                r#" { "temperature":1, "stop":null}"#,
                r#" { "temperature":1, "stop":null}"#,
            ),
            (Dialect::OpenAiResponses, r#"{"model":"a"}"#, r#"{"temperature":0.2,"model":"a"}"#),
            (Dialect::Anthropic, r#"{"stop_sequences":[]}"#, r#"{"temperature":0.2,"stop_sequences":[]}"#),
            (
                Dialect::Gemini,
                r#"{"contents":[]}"#,
                r#"{"generationConfig":{"temperature":0.2,"stopSequences":["x"]},"contents":[]}"#,
            ),
            (
                Dialect::Gemini,
                r#"{"generationConfig":{"temperature":1}}"#,
                r#"{"generationConfig":{"stopSequences":["x"],"temperature":1}}"#,
            ),
            (
                Dialect::Gemini,
                r#"{"generationConfig":{}}"#,
                r#"{"generationConfig":{"temperature":0.2,"stopSequences":["x"]}}"#,
            ),
        ];
        for (dialect, body, expected) in table {
            let body = Bytes::from_static(body.as_bytes());
            assert_eq!(text(&with_defaults(dialect, &body, &values)), expected);
        }
    }

    #[test]
    fn a_cap_is_put_in_or_lowered() {
        let table = [
            (r#"{"model":"a","x":1}"#, r#"{"model":"a","max_completion_tokens":9,"x":1}"#),
            (r#"{"model":"a","max_tokens":100}"#, r#"{"model":"a","max_tokens":9}"#),
            (r#"{"model":"a","max_tokens":5}"#, r#"{"model":"a","max_tokens":5}"#),
            (r#"{"model":"a","max_tokens":null}"#, r#"{"model":"a","max_tokens":9}"#),
        ];
        for (body, expected) in table {
            let bytes = Bytes::from_static(body.as_bytes());
            let capped = with_cap(Some(Dialect::OpenAiChat), &bytes, &peek(body.as_bytes()).unwrap(), 9);
            assert_eq!(text(&capped), expected);
        }
    }

    #[test]
    fn the_oldest_turns_go_up_to_a_question() {
        let body = concat!(
            r#"{"messages":[{"role":"system","content":"s"}, {"role":"user","content":"one"},"#,
            r#"{"role":"assistant","content":"","tool_calls":[]},{"role":"tool","content":"t"},"#,
            r#"{"role":"user","content":"two"},{"role":"assistant","content":"b"},{"role":"user","content":"three"}],"n":1}"#
        );
        let body = Bytes::from_static(body.as_bytes());
        let shorter = without_oldest(Dialect::OpenAiChat, &body, 1).unwrap();
        assert_eq!(
            text(&shorter),
            concat!(
                r#"{"messages":[{"role":"system","content":"s"}, {"role":"user","content":"two"},"#,
                r#"{"role":"assistant","content":"b"},{"role":"user","content":"three"}],"n":1}"#
            )
        );
        let shortest = without_oldest(Dialect::OpenAiChat, &body, 150).unwrap();
        assert_eq!(
            text(&shortest),
            r#"{"messages":[{"role":"system","content":"s"}, {"role":"user","content":"three"}],"n":1}"#
        );
        assert!(without_oldest(Dialect::OpenAiChat, &shortest, 1).is_none(), "the last question stays");
        assert!(without_oldest(Dialect::OpenAiChat, &body, 10_000).is_none());
        let results = r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[]},{"role":"user","content":[{"type":"tool_result"}]}]}"#;
        assert!(without_oldest(Dialect::Anthropic, &Bytes::from_static(results.as_bytes()), 1).is_none());
        assert!(
            without_oldest(Dialect::OpenAiResponses, &Bytes::from_static(br#"{"input":"a"}"#), 1).is_none()
        );
    }
}
