//! Request bodies: what is understood of one is what any parser of JSON understands, and an edit leaves
//! every member that it is not about byte for byte where it was.

use bytes::Bytes;
use dialect::content::{Content, content, content_at_most};
use dialect::edit::{AskUsage, Wanted, rewrite_to};
use dialect::peek::{Peek, peek};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

const CAP_TOKENS: u64 = 50;
/// Members that edits are about.
const EDITED: [&str; 5] = ["model", "stream_options", "keyway", "max_tokens", "max_completion_tokens"];

/// What is taken for text without being read has nothing else in it, and is no longer than it was taken for.
fn measured(body: &[u8]) {
    let (read, most) = (content(body), content_at_most(body));
    assert!(most.text_bytes >= read.text_bytes);
    assert_eq!(Content { text_bytes: most.text_bytes, ..read }, most);
}

/// The first byte says what is wanted.
pub fn check(data: &[u8]) {
    let Some((wish, input)) = data.split_first() else {
        return;
    };
    let body = Bytes::copy_from_slice(input);
    measured(&body);
    let Ok(seen) = peek(&body) else {
        return;
    };
    let set: &[(&str, &str)] =
        if wish & 1 == 0 { &[] } else { &[("reasoning_effort", "\"low\""), ("user", "{}")] };
    let wanted = Wanted {
        model: if wish & 2 == 0 { "m" } else { "up\"stream/\u{e9}" },
        usage: if wish & 4 == 0 { AskUsage::Ask } else { AskUsage::Leave },
        output_cap: (wish & 8 != 0).then_some(("max_tokens", CAP_TOKENS)),
        set,
    };
    let edited = rewrite_to(&body, &seen, &wanted);
    let again = peek(&edited).expect("an edited body can be read");
    assert_eq!(again.model, wanted.model);
    assert_eq!((again.stream, again.n, again.has_tools), (seen.stream, seen.n, seen.has_tools));
    assert!(again.keyway.is_none() && again.spans.keyway.is_none());
    if wanted.usage == AskUsage::Ask && seen.stream {
        assert_eq!(again.include_usage, Some(true));
    } else {
        assert_eq!(again.include_usage, seen.include_usage);
    }
    match wanted.output_cap {
        Some((_, tokens)) => assert!(again.output_cap.is_some_and(|cap| cap <= tokens)),
        None => assert_eq!(again.output_cap, seen.output_cap),
    }
    let (Some(before), Some(after)) = (members(&body), members(&edited)) else {
        return;
    };
    understood(&before, &seen);
    let kept = |all: &[(String, String)]| -> Vec<(String, String)> {
        all.iter().filter(|(name, _)| !EDITED.contains(&name.as_str())).cloned().collect()
    };
    let (before, mut after) = (kept(&before), kept(&after));
    for (name, value) in set {
        if !before.iter().any(|(known, _)| known == name) {
            let at = after.iter().position(|(known, _)| known == name).expect("a member is set");
            assert_eq!(after.remove(at).1, *value);
        }
    }
    assert_eq!(before, after, "a member that nobody asked for has changed");
}

/// Another parser sees the same model, stream and answers.
fn understood(members: &[(String, String)], seen: &Peek<'_>) {
    let get = |wanted: &str| {
        let found: Vec<_> = members.iter().filter(|(name, _)| name == wanted).collect();
        assert!(found.len() <= 1, "{wanted} stands twice");
        // Half a surrogate pair within a value is one more thing that the other parser cannot hold.
        found.first().map(|(_, value)| serde_json::from_str::<Value>(value).unwrap_or(Value::Null))
    };
    assert_eq!(get("model").expect("a model"), *seen.model);
    assert_eq!(get("stream").is_some_and(|value| value == true), seen.stream);
    assert_eq!(get("n").and_then(|value| value.as_u64()).unwrap_or(1), u64::from(seen.n));
    assert_eq!(get("keyway").is_some(), seen.keyway.is_some());
    if let Some(Value::Object(options)) = get("stream_options") {
        assert_eq!(options.get("include_usage").and_then(Value::as_bool), seen.include_usage);
    }
}

/// Names, and values as written; `None` for what that parser cannot hold: half a surrogate pair.
fn members(body: &[u8]) -> Option<Vec<(String, String)>> {
    match serde_json::from_slice::<Members>(body) {
        Ok(members) => Some(members.0),
        Err(error) => {
            assert!(body.windows(2).any(|pair| pair == b"\\u"), "not JSON after all: {error}");
            None
        }
    }
}

struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collect)
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut all = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            all.push((name, value.get().to_owned()));
        }
        Ok(Members(all))
    }
}
