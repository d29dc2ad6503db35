//! What some hosts of this dialect want said differently, as edits of the bytes of a request.
//!
//! Each function is one deviation. None of them touches a byte it is not about; a body that is not a
//! JSON object is left as it is.

use crate::edit::{Edit, apply};
use crate::json::{JsonError, Kind, Reader, write_text};
use bytes::Bytes;
use std::borrow::Cow;
use std::ops::Range;

/// A request whose top level is known, and the edits that it is to get.
pub struct Chat<'a> {
    body: &'a Bytes,
    members: Vec<Member>,
    edits: Vec<Edit<'static>>,
}

/// A top-level member: its name where it is one of [`NAMES`], its key with quotes, its value.
struct Member {
    name: Option<&'static str>,
    key: Range<usize>,
    value: Range<usize>,
}

/// The members that are looked at here.
const NAMES: &[&str] = &[
    "messages",
    "model",
    "anthropic_version",
    "max_tokens",
    "max_completion_tokens",
    "tools",
    "tool_choice",
    "thinking",
    "enable_thinking",
    "reasoning_effort",
    "seed",
    "store",
    "user_id",
    "tool_calls_switch",
];

/// Whose contents [`Chat::plain_text`] makes plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Every message's.
    Everybody,
    /// Those of the role `tool`.
    Tools,
}

impl<'a> Chat<'a> {
    /// Reads the top level of a body; `None` when it is not a JSON object with members.
    #[must_use]
    pub fn read(body: &'a Bytes) -> Option<Self> {
        let mut reader = Reader::of_bytes(body)?;
        let mut members = Vec::with_capacity(16);
        let read = reader.object(|reader, member| -> Result<(), JsonError> {
            let name = NAMES.iter().copied().find(|name| name.as_bytes() == member.key);
            let key = member.at..key_end(body, member.at);
            members.push(Member { name, key, value: reader.skip()? });
            Ok(())
        });
        read.ok().filter(|()| !members.is_empty())?;
        Some(Self { body, members, edits: Vec::new() })
    }

    /// The body with its edits. Where two are about the same bytes, the first is made.
    #[must_use]
    pub fn finish(mut self) -> Bytes {
        self.edits.sort_by_key(|(at, _)| (at.start, at.end));
        let mut end = 0;
        self.edits.retain(|(at, _)| {
            let free = at.start >= end;
            end = if free { at.end } else { end };
            free
        });
        apply(self.body, self.edits)
    }

    fn all(&self, name: &str) -> impl Iterator<Item = (usize, &Member)> {
        self.members.iter().enumerate().filter(move |(_, member)| member.name == Some(name))
    }

    fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    fn raw(&self, name: &str) -> Option<&'a [u8]> {
        self.body.get(self.all(name).last()?.1.value.clone())
    }

    /// Adds a member, first of all.
    fn add(&mut self, name: &str, value: &str) {
        let start = self.members.first().map_or(0, |member| member.key.start);
        let mut text = Vec::with_capacity(name.len() + value.len() + 4);
        write_text(&mut text, name);
        text.push(b':');
        text.extend_from_slice(value.as_bytes());
        text.push(b',');
        self.edits.push((start..start, Cow::Owned(text)));
    }

    /// Takes the member at an index out, with one of the commas beside it.
    fn remove(&mut self, index: usize) {
        let Some(member) = self.members.get(index) else { return };
        let next = self.members.get(index + 1).map(|next| member.key.start..next.key.start);
        let before = index.checked_sub(1).and_then(|before| self.members.get(before));
        let gap = next.or_else(|| Some(before?.value.end..member.value.end));
        self.edits.extend(gap.map(|gap| (gap, Cow::Borrowed(&b""[..]))));
    }

    /// Calls the member `from` `to`. Where both are there, `to` stays and `from` goes.
    pub fn rename(&mut self, from: &'static str, to: &'static str) {
        let Some((index, member)) = self.all(from).next() else { return };
        if self.has(to) {
            return self.remove(index);
        }
        let key = member.key.clone();
        let mut name = Vec::with_capacity(to.len() + 2);
        write_text(&mut name, to);
        self.edits.push((key, Cow::Owned(name)));
    }

    /// Puts another member in the place of `from`.
    pub fn replace(&mut self, from: &'static str, (to, value): (&'static str, &str)) {
        if !self.has(from) || self.has(to) {
            let found = self.all(from).next().map(|(index, _)| index);
            found.into_iter().for_each(|index| self.remove(index));
            return self.set(to, value);
        }
        self.rename(from, to);
        self.set(from, value);
    }

    /// Takes `name` out where `beside` is there too.
    pub fn not_beside(&mut self, name: &'static str, beside: &'static str) {
        let found = self.all(name).next().map(|(index, _)| index);
        if let Some(index) = found.filter(|_| self.has(beside)) {
            self.remove(index);
        }
    }

    /// Gives `name` this JSON value, whatever it was.
    pub fn set(&mut self, name: &'static str, value: &str) {
        let places: Vec<Range<usize>> = self.all(name).map(|(_, member)| member.value.clone()).collect();
        if places.is_empty() {
            return self.add(name, value);
        }
        self.edits.extend(places.into_iter().map(|at| (at, Cow::Owned(value.as_bytes().to_vec()))));
    }

    /// What the client says in the text member `name`; empty where it says nothing.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let text = self.raw(name).and_then(|raw| {
            let mut reader = Reader::of_bytes(raw)?;
            Some(reader.text().ok()?.cow().into_owned())
        });
        text.unwrap_or_default()
    }

    /// Turns thinking off by `name: value` when the request forces a tool call and says nothing of
    /// thinking itself.
    pub fn end_thinking_where_forced(&mut self, name: &'static str, value: &str) {
        let choice = self.raw("tool_choice").unwrap_or_default().trim_ascii();
        let forced = choice == b"\"required\"" || choice.starts_with(b"{");
        if forced && !self.has(name) && !self.has("reasoning_effort") {
            self.add(name, value);
        }
    }

    /// Adds `name: true` where tools are listed.
    pub fn switch_on_with_tools(&mut self, name: &'static str) {
        if self.has("tools") && !self.has(name) {
            self.add(name, "true");
        }
    }

    /// Calls the role `developer` `system`.
    pub fn developer_is_system(&mut self) {
        for message in self.messages() {
            if message.role_is(self.body, "developer") {
                self.edits.extend(message.role.map(|at| (at, Cow::Borrowed(&b"\"system\""[..]))));
            }
        }
    }

    /// Makes one string of contents that are lists of text parts.
    pub fn plain_text(&mut self, whose: Whose) {
        for message in self.messages() {
            if whose == Whose::Tools && !message.role_is(self.body, "tool") {
                continue;
            }
            let Some(at) = message.content else { continue };
            if let Some(text) = self.body.get(at.clone()).and_then(joined) {
                self.edits.push((at, Cow::Owned(text)));
            }
        }
    }

    /// Whether the last message is the beginning of an answer, or every tool is to be strict.
    #[must_use]
    pub fn is_beta(&self) -> bool {
        let prefix = self.messages().pop().is_some_and(|last| last.prefix);
        prefix || self.raw("tools").is_some_and(all_strict)
    }

    /// Whether the request says that the model is not to think.
    #[must_use]
    pub fn thinks_not(&self) -> bool {
        let says = |name, word: &[u8]| {
            self.raw(name).is_some_and(|raw| raw.windows(word.len()).any(|part| part == word))
        };
        says("thinking", b"\"disabled\"")
            || says("enable_thinking", b"false")
            || says("reasoning_effort", b"\"none\"")
    }

    /// How many messages call tools, and those of them that come without their reasoning.
    #[must_use]
    pub fn calls_without_reasoning(&self) -> (usize, Vec<Bare>) {
        let calling: Vec<Message> = self.messages().into_iter().filter(|message| message.calls).collect();
        let bare = calling.iter().enumerate().filter(|(_, message)| !message.reasons);
        let bare =
            bare.map(|(turn, message)| Bare { turn, first: message.first, empty: message.reasoning.clone() });
        (calling.len(), bare.collect())
    }

    /// Gives a message `reasoning_content`.
    pub fn think(&mut self, bare: &Bare, text: &str) {
        let mut value = Vec::with_capacity(text.len() + 32);
        match bare.empty.clone() {
            Some(at) => {
                write_text(&mut value, text);
                self.edits.push((at, Cow::Owned(value)));
            }
            None => {
                value.extend_from_slice(b"\"reasoning_content\":");
                write_text(&mut value, text);
                value.push(b',');
                self.edits.push((bare.first..bare.first, Cow::Owned(value)));
            }
        }
    }

    fn messages(&self) -> Vec<Message> {
        let mut found = Vec::new();
        let Some((_, member)) = self.all("messages").last() else { return found };
        let base = member.value.start;
        let Some(mut reader) = self.body.get(member.value.clone()).and_then(Reader::of_bytes) else {
            return found;
        };
        let read = reader.array(|reader| -> Result<(), JsonError> {
            if reader.kind()? != Kind::Object {
                return reader.ignore();
            }
            let mut message = Message::default();
            reader.object(|reader, member| -> Result<(), JsonError> {
                let key = member.key;
                if message.first == 0 {
                    message.first = base + member.at;
                }
                let at = reader.skip()?;
                let at = base + at.start..base + at.end;
                let value = self.body.get(at.clone()).unwrap_or_default();
                match key {
                    b"role" => message.role = Some(at),
                    b"content" => message.content = Some(at),
                    b"prefix" => message.prefix = value == b"true",
                    b"tool_calls" => {
                        let inner = value.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
                        message.calls = inner.is_some_and(|inner| inner != b"]");
                    }
                    b"reasoning_content" => {
                        message.reasons = !matches!(value, b"null" | b"\"\"");
                        message.reasoning = Some(at);
                    }
                    _ => {}
                }
                Ok(())
            })?;
            found.push(message);
            Ok(())
        });
        if read.is_err() { Vec::new() } else { found }
    }
}

/// Where the members of a message stand.
#[derive(Default)]
struct Message {
    role: Option<Range<usize>>,
    content: Option<Range<usize>>,
    prefix: bool,
    /// Where its first key begins.
    first: usize,
    /// It calls tools.
    calls: bool,
    reasoning: Option<Range<usize>>,
    /// Its `reasoning_content` says something.
    reasons: bool,
}

/// A message that calls tools and does not say why.
#[derive(Debug, Clone)]
pub struct Bare {
    /// Which of the messages that call tools, from 0.
    pub turn: usize,
    first: usize,
    /// Where an empty `reasoning_content` stands.
    empty: Option<Range<usize>>,
}

impl Message {
    fn role_is(&self, body: &[u8], role: &str) -> bool {
        let raw = self.role.clone().and_then(|at| body.get(at));
        raw.and_then(Reader::of_bytes).is_some_and(|mut reader| reader.text().is_ok_and(|text| text.is(role)))
    }
}

/// Where the key that begins at `at` ends, quotes included.
fn key_end(body: &[u8], at: usize) -> usize {
    let mut reader = body.get(at..).and_then(Reader::of_bytes);
    reader.as_mut().and_then(|reader| reader.skip().ok()).map_or(at, |key| at + key.end)
}

/// The text of a list of text parts as one JSON string; `None` for anything else.
fn joined(content: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::of_bytes(content)?;
    if reader.kind().ok()? != Kind::Array {
        return None;
    }
    let (mut out, mut plain) = (vec![b'"'], true);
    let read = reader.array(|reader| -> Result<(), JsonError> {
        if reader.kind()? != Kind::Object {
            plain = false;
            return reader.ignore();
        }
        let (mut is_text, mut text) = (false, None);
        reader.object(|reader, member| -> Result<(), JsonError> {
            match member.key {
                b"type" => is_text = reader.text_or_skip()?.is_some_and(|kind| kind.is("text")),
                b"text" => text = reader.text_or_skip()?,
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        match text.filter(|_| is_text) {
            Some(text) => out.extend_from_slice(text.raw()),
            None => plain = false,
        }
        Ok(())
    });
    out.push(b'"');
    (read.is_ok() && plain).then_some(out)
}

/// Whether a list of tools has some, and all of them are strict functions.
fn all_strict(tools: &[u8]) -> bool {
    let Some(mut reader) = Reader::of_bytes(tools) else { return false };
    let (mut count, mut strict) = (0_usize, 0_usize);
    let read = reader.array(|reader| -> Result<(), JsonError> {
        count += 1;
        if reader.kind()? != Kind::Object {
            return reader.ignore();
        }
        reader.object(|reader, member| -> Result<(), JsonError> {
            if member.key != b"function" || reader.kind()? != Kind::Object {
                return reader.ignore();
            }
            reader.object(|reader, member| -> Result<(), JsonError> {
                let named = member.key == b"strict";
                strict += usize::from(reader.raw()? == b"true" && named);
                Ok(())
            })
        })
    });
    read.is_ok() && count > 0 && strict == count
}

#[cfg(test)]
mod tests;
