//! Edits on the original bytes of a request: named slices change, every other byte stays.

use crate::json::write_text;
use crate::peek::{Config, Peek};
use bytes::Bytes;
use std::borrow::Cow;
use std::ops::Range;

/// Whether the provider is asked to report usage at the end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskUsage {
    /// Make `stream_options.include_usage` true when the request is a stream.
    Ask,
    /// The provider's row says that it does not take `stream_options`: leave it as it came.
    Leave,
}

/// What a pass-through request must say when it leaves.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Model as this provider names it.
    pub model: &'a str,
    /// Whether to ask for usage.
    pub usage: AskUsage,
    /// An output cap in tokens and the member this provider reads it from. A larger cap in
    /// the request is lowered to it, a smaller one stays; one under another name gets this one.
    pub output_cap: Option<(&'a str, u64)>,
    /// Members to add, name and JSON value, where the request does not have them.
    pub set: &'a [(&'a str, &'a str)],
}

pub(crate) type Edit<'e> = (Range<usize>, Cow<'e, [u8]>);

/// Prepares `body` for a provider of the same dialect: its model name, usage asked for in
/// streams, our own member `keyway` taken out. Returns the same bytes when nothing changes.
#[must_use]
pub fn rewrite(body: &Bytes, peek: &Peek<'_>, upstream_model: &str, usage: AskUsage) -> Bytes {
    rewrite_to(body, peek, &Wanted { model: upstream_model, usage, output_cap: None, set: &[] })
}

/// As [`rewrite`], with everything that can be wanted. `peek` must be that of `body`.
#[must_use]
pub fn rewrite_to(body: &Bytes, peek: &Peek<'_>, wanted: &Wanted<'_>) -> Bytes {
    let mut edits: Vec<Edit<'_>> = Vec::new();
    // Gemini's is in the path.
    let in_body = !peek.spans.model.is_empty();
    if in_body && peek.model != wanted.model {
        let mut value = Vec::with_capacity(wanted.model.len() + 2);
        write_text(&mut value, wanted.model);
        edits.push((peek.spans.model.clone(), Cow::Owned(value)));
    }
    // New members go right behind the model: the one member that is always there and stays.
    let behind_model = peek.spans.model.end..peek.spans.model.end;
    if wanted.usage == AskUsage::Ask && peek.stream && peek.include_usage != Some(true) {
        edits.push(ask_usage(peek, &behind_model));
    }
    if let Some((name, tokens)) = wanted.output_cap {
        cap(peek, name, tokens, &behind_model, &mut edits);
    }
    for (name, value) in wanted.set {
        if in_body && !peek.has(body, name) {
            edits.push((behind_model.clone(), member(name, value.as_bytes())));
        }
    }
    if let Some(keyway) = &peek.spans.keyway {
        edits.push((keyway.clone(), Cow::Borrowed(b"")));
    }
    apply(body, edits)
}

fn ask_usage<'e>(peek: &Peek<'_>, behind_model: &Range<usize>) -> Edit<'e> {
    let Some(options) = &peek.spans.stream_options else {
        return (behind_model.clone(), Cow::Borrowed(br#","stream_options":{"include_usage":true}"#));
    };
    if options.null {
        return (options.at.clone(), Cow::Borrowed(br#"{"include_usage":true}"#));
    }
    if let Some(value) = &options.include_usage {
        return (value.clone(), Cow::Borrowed(b"true"));
    }
    let inside = options.at.start + 1..options.at.start + 1;
    let member: &[u8] = if options.empty { br#""include_usage":true"# } else { br#""include_usage":true,"# };
    (inside, Cow::Borrowed(member))
}

/// Puts a cap on the answer, in the member `name` where none is written.
pub(crate) fn put_cap<'e>(peek: &Peek<'_>, name: &str, tokens: u64, edits: &mut Vec<Edit<'e>>) {
    let behind_model = peek.spans.model.end..peek.spans.model.end;
    cap(peek, name, tokens, &behind_model, edits);
}

fn cap<'e>(peek: &Peek<'_>, name: &str, tokens: u64, behind_model: &Range<usize>, edits: &mut Vec<Edit<'e>>) {
    let number = |tokens: u64| itoa::Buffer::new().format(tokens).as_bytes().to_vec();
    let caps = || peek.spans.caps.iter().flatten();
    let least = caps().filter_map(|cap| cap.tokens).fold(tokens, u64::min);
    let Some(first) = caps().next() else {
        edits.push(match &peek.spans.config {
            Some(config) => (config.inside..config.inside, config.put(name, &number(tokens))),
            None => (behind_model.clone(), member(name, itoa::Buffer::new().format(tokens).as_bytes())),
        });
        return;
    };
    if caps().all(|cap| cap.name != name) {
        // The provider would not read it: it gets the right name.
        let put = member(name, &number(least)).into_owned().split_off(1);
        edits.push((first.key..first.at.end, Cow::Owned(put)));
        return;
    }
    for cap in caps() {
        let to = match cap.tokens {
            Some(written) if written > tokens => tokens,
            None if cap.name == name => least,
            _ => continue,
        };
        edits.push((cap.at.clone(), Cow::Owned(number(to))));
    }
}

impl Config {
    /// A member to stand first in it.
    fn put<'e>(&self, name: &str, value: &[u8]) -> Cow<'e, [u8]> {
        let mut put = member(name, value).into_owned().split_off(1);
        if self.missing {
            put = [b"\"generationConfig\":{".as_slice(), &put, b"}"].concat();
        }
        if !self.empty {
            put.push(b',');
        }
        Cow::Owned(put)
    }
}

/// `,"name":value`
fn member<'e>(name: &str, value: &[u8]) -> Cow<'e, [u8]> {
    // The comma, the quotes and the colon.
    let mut member = Vec::with_capacity(name.len() + value.len() + 4);
    member.push(b',');
    write_text(&mut member, name);
    member.push(b':');
    member.extend_from_slice(value);
    Cow::Owned(member)
}

/// Puts the edits in. They never overlap; those at one place keep their order.
pub(crate) fn apply(body: &Bytes, mut edits: Vec<Edit<'_>>) -> Bytes {
    if edits.is_empty() {
        return body.clone();
    }
    edits.sort_by_key(|(at, _)| (at.start, at.end));
    let more: usize = edits.iter().map(|(_, put)| put.len()).sum();
    let less: usize = edits.iter().map(|(at, _)| at.len()).sum();
    // To the byte: bytes without room behind them need nothing beside them that counts who shares them.
    let mut out = Vec::with_capacity((body.len() + more).saturating_sub(less));
    let mut from = 0;
    for (at, put) in &edits {
        out.extend_from_slice(body.get(from..at.start).unwrap_or_default());
        out.extend_from_slice(put);
        from = at.end;
    }
    out.extend_from_slice(body.get(from..).unwrap_or_default());
    Bytes::from(out)
}

#[cfg(test)]
mod tests;
