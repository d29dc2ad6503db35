//! What one delta (or finished message) adds to its choice.

use super::Sink;
use super::choice::{Choice, Prose};
use crate::json::{JsonError, Kind, Known, Reader, Text, known};
use std::borrow::Cow;

/// The members of a delta that say something. They are noted first and applied in a fixed
/// order, because a finished message may have its members in any.
#[derive(Default)]
pub(super) struct Delta<'a> {
    content: Option<Text<'a>>,
    content_parts: Option<Reader<'a>>,
    /// `reasoning_content` or `reasoning`; StepFun sends both with the same text.
    reasoning: Option<Text<'a>>,
    reasoning_details: Option<Reader<'a>>,
    refusal: Option<Text<'a>>,
    tool_calls: Option<Reader<'a>>,
    function_call: Option<Reader<'a>>,
    annotations: Option<Reader<'a>>,
    audio: Option<Reader<'a>>,
}

/// Members of a delta or message.
#[derive(Clone, Copy)]
enum Key {
    Content,
    Reasoning,
    ReasoningDetails,
    Refusal,
    ToolCalls,
    FunctionCall,
    Annotations,
    Audio,
    /// Nothing, but it is usual.
    Other,
}

const DELTA: &[Known<Key>] = known![
    "role" => Key::Other,
    "content" => Key::Content,
    "reasoning_content" => Key::Reasoning,
    "refusal" => Key::Refusal,
    "annotations" => Key::Annotations,
    "tool_calls" => Key::ToolCalls,
    "reasoning" => Key::Reasoning,
    "reasoning_details" => Key::ReasoningDetails,
    "function_call" => Key::FunctionCall,
    "audio" => Key::Audio,
];

impl<'a> Delta<'a> {
    /// Notes the members of the next value.
    pub(super) fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), JsonError> {
        if !reader.at_object() {
            return reader.ignore();
        }
        reader.known_object(DELTA, |reader, member, _| {
            let Some(member) = member else {
                return reader.ignore();
            };
            let kind = reader.kind()?;
            let here = *reader;
            match (member, kind) {
                (Key::Content, Kind::Text) => self.content = Some(reader.text()?),
                (Key::Content, Kind::Array | Kind::Object) => {
                    self.content_parts = Some(here);
                    reader.ignore()?;
                }
                (Key::Reasoning, Kind::Text) => {
                    let text = reader.text()?;
                    if self.reasoning.is_none_or(|known| known.is_empty()) {
                        self.reasoning = Some(text);
                    }
                }
                (Key::ReasoningDetails, Kind::Array) => {
                    self.reasoning_details = Some(here);
                    reader.ignore()?;
                }
                (Key::Refusal, Kind::Text) => self.refusal = Some(reader.text()?),
                (Key::ToolCalls, Kind::Array) => {
                    self.tool_calls = Some(here);
                    reader.ignore()?;
                }
                (Key::FunctionCall, Kind::Object) => {
                    self.function_call = Some(here);
                    reader.ignore()?;
                }
                (Key::Annotations, Kind::Array) => {
                    self.annotations = Some(here);
                    reader.ignore()?;
                }
                (Key::Audio, Kind::Object) => {
                    self.audio = Some(here);
                    reader.ignore()?;
                }
                _ => reader.ignore()?,
            }
            Ok::<(), JsonError>(())
        })
    }

    /// The `text` of a choice, which servers of the old completions shape send.
    pub(super) fn text(&mut self, reader: &mut Reader<'a>) -> Result<(), JsonError> {
        self.content = reader.text_or_skip()?.or(self.content);
        Ok(())
    }

    /// Adds it all to the choice.
    pub(super) fn apply(self, choice: &mut Choice, sink: &mut Sink<'_, 'a>) -> Result<(), JsonError> {
        let said = self.reasoning.filter(|text| !text.is_empty());
        if let Some(text) = said {
            choice.say(Prose::Reasoning, text, sink);
        }
        if let Some(mut details) = self.reasoning_details {
            details.array(|reader| reasoning_detail(reader, said.is_some(), choice, sink))?;
        }
        if let Some(text) = self.content {
            choice.say(Prose::Text, text, sink);
        }
        if let Some(mut parts) = self.content_parts {
            match parts.kind()? {
                Kind::Array => parts.array(|reader| content_part(reader, choice, sink))?,
                _ => content_part(&mut parts, choice, sink)?,
            }
        }
        if let Some(mut annotations) = self.annotations
            && sink.out.is_some()
        {
            annotations.array(|reader| {
                choice.cite(Text::plain(reader.raw()?), sink);
                Ok::<(), JsonError>(())
            })?;
        }
        if let Some(text) = self.refusal {
            choice.say(Prose::Refusal, text, sink);
        }
        if let Some(mut calls) = self.tool_calls {
            calls.array(|reader| choice.tool_call(reader, sink))?;
        }
        if let Some(mut call) = self.function_call {
            choice.function_call(&mut call, sink)?;
        }
        if let Some(audio) = self.audio {
            self::audio(audio, choice, sink)?;
        }
        Ok(())
    }
}

/// The interesting members of a typed part.
#[derive(Default)]
struct Fields<'a> {
    kind: Cow<'a, str>,
    text: Option<Text<'a>>,
    summary: Option<Text<'a>>,
    signature: Option<Text<'a>>,
    data: Option<Text<'a>>,
    thinking: Option<Reader<'a>>,
}

fn fields<'a>(reader: &mut Reader<'a>) -> Result<Fields<'a>, JsonError> {
    let mut found = Fields::default();
    reader.object(|reader, member| {
        match member.key {
            b"type" => found.kind = reader.text_or_skip()?.map(|kind| kind.cow()).unwrap_or_default(),
            b"text" => found.text = reader.text_or_skip()?,
            b"summary" => found.summary = reader.text_or_skip()?,
            b"signature" => found.signature = reader.text_or_skip()?,
            b"data" => found.data = reader.text_or_skip()?,
            b"thinking" => {
                found.thinking = Some(*reader);
                reader.ignore()?;
            }
            _ => reader.ignore()?,
        }
        Ok::<(), JsonError>(())
    })?;
    Ok(found)
}

/// One of OpenRouter's `reasoning_details`. Its text repeats `reasoning` when both are there.
fn reasoning_detail<'a>(
    reader: &mut Reader<'a>,
    said: bool,
    choice: &mut Choice,
    sink: &mut Sink<'_, 'a>,
) -> Result<(), JsonError> {
    if !reader.at_object() {
        return reader.ignore();
    }
    let mut here = *reader;
    let found = fields(reader)?;
    if let (false, Some(text)) = (said, found.text.or(found.summary)) {
        choice.say(Prose::Reasoning, text, sink);
    }
    if let Some(signature) = found.signature {
        choice.sign(signature, sink);
    }
    if found.data.is_some_and(|data| !data.is_empty()) {
        choice.opaque(found.kind, here.raw()?, sink);
    }
    Ok(())
}

/// One of the content parts Mistral sends instead of a string.
fn content_part<'a>(
    reader: &mut Reader<'a>,
    choice: &mut Choice,
    sink: &mut Sink<'_, 'a>,
) -> Result<(), JsonError> {
    match reader.kind()? {
        Kind::Text => {
            choice.say(Prose::Text, reader.text()?, sink);
            return Ok(());
        }
        Kind::Object => {}
        _ => return reader.ignore(),
    }
    let mut here = *reader;
    let found = fields(reader)?;
    match (&*found.kind, found.text, found.thinking) {
        ("text" | "output_text" | "", Some(text), _) => choice.say(Prose::Text, text, sink),
        ("thinking", _, Some(mut thinking)) => match thinking.kind()? {
            Kind::Array => thinking.array(|reader| {
                if !reader.at_object() {
                    return reader.ignore();
                }
                if let Some(text) = fields(reader)?.text {
                    choice.say(Prose::Reasoning, text, sink);
                }
                Ok(())
            })?,
            _ => {
                if let Some(text) = thinking.text_or_skip()? {
                    choice.say(Prose::Reasoning, text, sink);
                }
            }
        },
        _ => choice.opaque(found.kind, here.raw()?, sink),
    }
    if let Some(signature) = found.signature {
        choice.sign(signature, sink);
    }
    Ok(())
}

/// Audio of the answer: opaque, but its transcript is output.
fn audio<'a>(mut audio: Reader<'a>, choice: &mut Choice, sink: &mut Sink<'_, 'a>) -> Result<(), JsonError> {
    let mut here = audio;
    let mut transcript = 0;
    audio.object(|reader, member| {
        let text = reader.text_or_skip()?;
        if let (true, Some(text)) = (member.key == b"transcript", text) {
            transcript = text.bytes();
        }
        Ok::<(), JsonError>(())
    })?;
    let raw = here.raw()?;
    choice.opaque(Cow::Borrowed("audio"), raw, sink);
    sink.seen.output_bytes += transcript;
    Ok(())
}
