//! What admission and routing need to know of a request body: one pass over its top level.
//! Each dialect has its table of members.
//!
//! No value tree is built; big values are walked over, not copied. The walk is strict, so
//! what is understood here is what the provider will understand: a member that two parsers
//! could read differently (twice, or in another case) is refused when it matters.

mod gemini;

use crate::hub::{Asked, Dialect};
use crate::json::{JsonError, Kind, Known, Reader, known, whole_number};
use std::borrow::Cow;
use std::ops::Range;

/// Longest model name accepted, in bytes.
pub const MODEL_BYTES_MAX: usize = 256;
/// Largest `n` accepted (the bound of the OpenAI schema).
pub const CHOICES_MAX: u32 = 128;
/// Largest output cap accepted, in tokens; far above any context window.
pub const OUTPUT_CAP_MAX: u64 = 1_000_000_000;

/// What a member is here. The interpreted ones are numbered as in [`INTERPRETED`].
#[derive(Clone, Copy)]
enum Name {
    Model,
    Stream,
    StreamOptions,
    MaxTokens,
    MaxCompletionTokens,
    MaxOutputTokens,
    N,
    Keyway,
    Tools,
    /// Nothing, but it is usual.
    Other,
}

const MEMBERS: &[Known<Name>] = known![
    "model" => Name::Model,
    "messages" => Name::Other,
    "temperature" => Name::Other,
    "max_tokens" => Name::MaxTokens,
    "max_completion_tokens" => Name::MaxCompletionTokens,
    "top_p" => Name::Other,
    "n" => Name::N,
    "stream" => Name::Stream,
    "stream_options" => Name::StreamOptions,
    "model" => Name::Model,
    "tools" => Name::Tools,
    "tool_choice" => Name::Other,
    "response_format" => Name::Other,
    "reasoning_effort" => Name::Other,
    "user" => Name::Other,
    "functions" => Name::Tools,
    "keyway" => Name::Keyway,
];

const MESSAGES: &[Known<Name>] = known![
    "model" => Name::Model,
    "max_tokens" => Name::MaxTokens,
    "messages" => Name::Other,
    "system" => Name::Other,
    "tools" => Name::Tools,
    "metadata" => Name::Other,
    "thinking" => Name::Other,
    "stream" => Name::Stream,
    "keyway" => Name::Keyway,
];

const RESPONSES: &[Known<Name>] = known![
    "model" => Name::Model,
    "instructions" => Name::Other,
    "input" => Name::Other,
    "tools" => Name::Tools,
    "tool_choice" => Name::Other,
    "parallel_tool_calls" => Name::Other,
    "reasoning" => Name::Other,
    "store" => Name::Other,
    "stream" => Name::Stream,
    "max_output_tokens" => Name::MaxOutputTokens,
    "keyway" => Name::Keyway,
];

/// Members that are interpreted here. Each may stand once; the index is its bit in `seen`.
const INTERPRETED: [&str; 8] = [
    "model",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "n",
    "keyway",
];

/// What a request body says about itself.
#[derive(Debug, Clone)]
pub struct Peek<'a> {
    /// Model as the client named it; never empty.
    pub model: Cow<'a, str>,
    /// Asked as a stream.
    pub stream: bool,
    /// `stream_options.include_usage` when it is a boolean.
    pub include_usage: Option<bool>,
    /// The larger of `max_completion_tokens` and `max_tokens`: an upper bound whichever of
    /// them the provider reads. Tokens, at least 1.
    pub output_cap: Option<u64>,
    /// Number of answers asked for, 1 to [`CHOICES_MAX`].
    pub n: u32,
    /// Whether `tools` or `functions` lists any.
    pub has_tools: bool,
    /// The gateway's own extension, an object as written. Removed before the provider sees it.
    pub keyway: Option<&'a [u8]>,
    /// Where the values stand that may have to be edited.
    pub spans: Spans,
}

/// Byte ranges in the body that [`crate::edit`] may touch.
#[derive(Debug, Clone, Default)]
pub struct Spans {
    /// Value of `model`, quotes included.
    pub model: Range<usize>,
    /// Value of `stream_options`.
    pub stream_options: Option<StreamOptions>,
    /// The member `keyway` with the comma that goes with it.
    pub keyway: Option<Range<usize>>,
    /// The output caps that are written, null and -1 too.
    pub caps: [Option<Cap>; 2],
    /// Gemini's `generationConfig`, in which its cap stands.
    pub config: Option<Config>,
}

/// An output cap.
#[derive(Debug, Clone)]
pub struct Cap {
    /// Name of the member.
    pub name: &'static str,
    /// Where its key begins.
    pub key: usize,
    /// Its value.
    pub at: Range<usize>,
    /// Tokens; `None` for null and -1, which say that there is none.
    pub tokens: Option<u64>,
}

/// Where Gemini's `generationConfig` is, or can be put.
#[derive(Debug, Clone)]
pub struct Config {
    /// Behind its opening brace, or behind the body's when it is missing.
    pub inside: usize,
    /// Nothing else stands in that object.
    pub empty: bool,
    /// There is none.
    pub missing: bool,
}

/// Where and what `stream_options` is.
#[derive(Debug, Clone, Default)]
pub struct StreamOptions {
    /// The whole value.
    pub at: Range<usize>,
    /// Value of `include_usage` within it.
    pub include_usage: Option<Range<usize>>,
    /// `null`, which counts as absent.
    pub null: bool,
    /// An object without members.
    pub empty: bool,
}

/// Why a body cannot be served: always the caller's mistake (400).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeekError {
    /// The member at fault.
    pub param: Option<&'static str>,
    /// What is wrong and what is expected; quotes nothing of the body but a member's name.
    pub message: String,
}

impl std::fmt::Display for PeekError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PeekError {}

impl From<JsonError> for PeekError {
    fn from(error: JsonError) -> Self {
        Self { param: None, message: format!("The body is not valid JSON: {error}.") }
    }
}

fn wrong<T>(param: &'static str, expected: &str) -> Result<T, PeekError> {
    Err(PeekError { param: Some(param), message: format!("`{param}` must be {expected}.") })
}

/// Reads the top level of a chat request.
///
/// # Errors
/// A body that is not one strict JSON object in UTF-8, nested too deeply, without a model,
/// or with an interpreted member that is doubled, ambiguous or of the wrong type.
pub fn peek(body: &[u8]) -> Result<Peek<'_>, PeekError> {
    top_level(body, MEMBERS)
}

/// The same for a request of any dialect. What its path says is `asked`.
///
/// # Errors
/// As [`peek()`].
pub fn peek_as<'a>(dialect: Dialect, body: &'a [u8], asked: Asked<'a>) -> Result<Peek<'a>, PeekError> {
    match dialect {
        Dialect::OpenAiChat => top_level(body, MEMBERS),
        Dialect::OpenAiResponses => top_level(body, RESPONSES),
        Dialect::Anthropic => top_level(body, MESSAGES),
        Dialect::Gemini => gemini::peek(body, asked),
    }
}

fn top_level<'a>(body: &'a [u8], members: &[Known<Name>]) -> Result<Peek<'a>, PeekError> {
    let mut found = Found { body, seen: 0, model: None, peek: empty() };
    walk(body, |reader| reader.known_object(members, |reader, member, at| found.member(reader, member, at)))?;
    let mut peek = found.peek;
    match found.model {
        Some(model) => peek.model = model,
        None => {
            let message = "`model` is required: the name of the model to use.".into();
            return Err(PeekError { param: Some("model"), message });
        }
    }
    Ok(peek)
}

/// Reads a body that must be one object.
fn walk<'a>(
    body: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<(), PeekError>,
) -> Result<(), PeekError> {
    let Some(mut reader) = Reader::of_bytes(body) else {
        return Err(PeekError { param: None, message: "The body is not valid UTF-8.".into() });
    };
    if reader.kind()? != Kind::Object {
        return Err(PeekError { param: None, message: "The body must be a JSON object.".into() });
    }
    read(&mut reader)?;
    Ok(reader.end()?)
}

impl Peek<'_> {
    /// Whether the request has a top-level member `name`. Reads `body` again: for the few names
    /// that are asked for rarely.
    #[must_use]
    pub fn has(&self, body: &[u8], name: &str) -> bool {
        let mut found = false;
        let Some(mut reader) = Reader::of_bytes(body) else {
            return false;
        };
        let read = reader.object(|reader, member| {
            found |= member.key == name.as_bytes();
            reader.ignore()
        });
        found && read.is_ok()
    }
}

pub(crate) fn empty<'a>() -> Peek<'a> {
    Peek {
        model: Cow::Borrowed(""),
        stream: false,
        include_usage: None,
        output_cap: None,
        n: 1,
        has_tools: false,
        keyway: None,
        spans: Spans::default(),
    }
}

struct Found<'a> {
    body: &'a [u8],
    seen: u8,
    model: Option<Cow<'a, str>>,
    peek: Peek<'a>,
}

impl<'a> Found<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, member: Option<Name>, at: usize) -> Result<(), PeekError> {
        let Some(name) = member else {
            return self.unknown(reader, at);
        };
        match name {
            Name::Other => return Ok(reader.ignore()?),
            Name::Tools => {
                self.peek.has_tools |= lists_some(reader.raw()?);
                return Ok(());
            }
            _ => self.once(name as usize)?,
        }
        match name {
            Name::Model => self.model(reader)?,
            Name::Stream => self.peek.stream = boolean(reader, "stream")?.unwrap_or(false),
            Name::StreamOptions => self.stream_options(reader)?,
            Name::MaxTokens => self.cap(reader, "max_tokens", at)?,
            Name::MaxCompletionTokens => self.cap(reader, "max_completion_tokens", at)?,
            Name::MaxOutputTokens => self.cap(reader, "max_output_tokens", at)?,
            Name::N => {
                let (n, _) = integer(reader, "n", u64::from(CHOICES_MAX))?;
                self.peek.n = n.and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
            }
            Name::Keyway => self.keyway(reader, at)?,
            Name::Tools | Name::Other => {}
        }
        Ok(())
    }

    /// A member that is in no table: it must not look like one that is interpreted.
    fn unknown(&self, reader: &mut Reader<'a>, at: usize) -> Result<(), PeekError> {
        let key = reader.key_at(at)?.name();
        if let Some(name) = INTERPRETED.iter().find(|name| same_but_case(&key, name)) {
            return Err(another_case(name));
        }
        Ok(reader.ignore()?)
    }

    /// Notes that a member of [`INTERPRETED`] is there.
    fn once(&mut self, index: usize) -> Result<(), PeekError> {
        let bit = 1 << index;
        if self.seen & bit != 0 {
            return Err(twice(INTERPRETED.get(index).copied()));
        }
        self.seen |= bit;
        Ok(())
    }

    fn model(&mut self, reader: &mut Reader<'a>) -> Result<(), PeekError> {
        if reader.kind()? != Kind::Text {
            return wrong("model", "a string");
        }
        let start = reader.at();
        let Some(model) = reader.text()?.exact() else {
            return wrong("model", "valid Unicode");
        };
        if model.is_empty() {
            return wrong("model", "a non-empty string");
        }
        if model.len() > MODEL_BYTES_MAX {
            return wrong("model", "at most 256 bytes long");
        }
        self.peek.spans.model = start..reader.at();
        self.model = Some(model);
        Ok(())
    }

    fn stream_options(&mut self, reader: &mut Reader<'a>) -> Result<(), PeekError> {
        let mut options = StreamOptions { empty: true, ..StreamOptions::default() };
        match reader.kind()? {
            Kind::Object => {}
            Kind::Null => {
                options.null = true;
                options.at = reader.skip()?;
                self.peek.spans.stream_options = Some(options);
                return Ok(());
            }
            _ => return wrong("stream_options", "an object or null"),
        }
        let start = reader.at();
        let include_usage = &mut self.peek.include_usage;
        reader.object(|reader, member| {
            options.empty = false;
            let key = member.key;
            if key != b"include_usage" {
                if same_but_case(key, "include_usage") {
                    return Err(another_case("include_usage"));
                }
                return reader.ignore().map_err(PeekError::from);
            }
            if options.include_usage.is_some() {
                return Err(twice(Some("include_usage")));
            }
            reader.kind()?;
            let start = reader.at();
            *include_usage = boolean(reader, "include_usage")?;
            options.include_usage = Some(start..reader.at());
            Ok(())
        })?;
        options.at = start..reader.at();
        self.peek.spans.stream_options = Some(options);
        Ok(())
    }

    fn cap(&mut self, reader: &mut Reader<'a>, name: &'static str, key: usize) -> Result<(), PeekError> {
        let (tokens, at) = if reader.kind()? == Kind::Number && reader.peeked(b"-1") {
            // LM Studio's word for no cap.
            let at = reader.skip()?;
            if self.body.get(at.clone()) != Some(b"-1") {
                return not_from_one(name, OUTPUT_CAP_MAX);
            }
            (None, at)
        } else {
            integer(reader, name, OUTPUT_CAP_MAX)?
        };
        self.peek.output_cap = self.peek.output_cap.max(tokens);
        if let Some(place) = self.peek.spans.caps.iter_mut().find(|place| place.is_none()) {
            *place = Some(Cap { name, key, at, tokens });
        }
        Ok(())
    }

    /// `key` is where its key stands.
    fn keyway(&mut self, reader: &mut Reader<'a>, key: usize) -> Result<(), PeekError> {
        if reader.kind()? != Kind::Object {
            return wrong("keyway", "an object");
        }
        let at = reader.skip()?;
        self.peek.keyway = self.body.get(at.clone());
        let before = self.body.get(..key).unwrap_or_default().trim_ascii_end();
        self.peek.spans.keyway = Some(match before.split_last() {
            Some((b',', before)) => before.len()..at.end,
            _ => {
                let rest = self.body.get(at.end..).unwrap_or_default();
                let gap = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let comma = usize::from(rest.get(gap) == Some(&b','));
                key..at.end + if comma == 1 { gap + 1 } else { 0 }
            }
        });
        Ok(())
    }
}

/// Whether an array has elements.
fn lists_some(raw: &[u8]) -> bool {
    raw.strip_prefix(b"[").is_some_and(|rest| !rest.trim_ascii_start().starts_with(b"]"))
}

fn boolean(reader: &mut Reader<'_>, name: &'static str) -> Result<Option<bool>, PeekError> {
    match reader.kind()? {
        Kind::Bool => Ok(Some(reader.raw()? == b"true")),
        Kind::Null => Ok(reader.skip().map(|_| None)?),
        _ => wrong(name, "true or false"),
    }
}

/// A whole number from 1 to `max`, or null; and where it stands.
fn integer(
    reader: &mut Reader<'_>,
    name: &'static str,
    max: u64,
) -> Result<(Option<u64>, Range<usize>), PeekError> {
    let kind = reader.kind()?;
    let start = reader.at();
    let value = match kind {
        Kind::Null => reader.skip().map(|_| None)?,
        Kind::Number => match whole_number(reader.raw()?) {
            Some(value) if (1..=max).contains(&value) => Some(value),
            _ => return not_from_one(name, max),
        },
        _ => return wrong(name, "a whole number"),
    };
    Ok((value, start..reader.at()))
}

#[cold]
fn not_from_one<T>(name: &'static str, max: u64) -> Result<T, PeekError> {
    wrong(name, &format!("a whole number from 1 to {max}"))
}

fn twice(name: Option<&'static str>) -> PeekError {
    let message = format!("`{}` is given more than once.", name.unwrap_or_default());
    PeekError { param: name, message }
}

fn another_case(name: &'static str) -> PeekError {
    let message = format!(
        "A member differs from `{name}` only in upper and lower case; some providers take it for `{name}`."
    );
    PeekError { param: Some(name), message }
}

/// Whether a parser that ignores case (Go's does) would take `key` for `name`.
/// U+017F and U+212A are the two characters beyond ASCII that fold to ASCII letters.
fn same_but_case(key: &[u8], name: &str) -> bool {
    // Folding makes no name longer than three bytes for each of its letters.
    if key.len() < name.len() || key.len() > 3 * name.len() {
        return false;
    }
    if key.is_ascii() {
        return key.eq_ignore_ascii_case(name.as_bytes());
    }
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    std::str::from_utf8(key).is_ok_and(|key| key.chars().map(fold).eq(name.chars()))
}

#[cfg(test)]
mod tests;
