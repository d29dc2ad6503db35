//! Answers of this dialect to canonical events.

use super::{STOPS, usage};
use crate::event::{Part, ToolForm};
use crate::hub::Dialect;
use crate::json::{JsonError, Kind, Known, Reader, Text, known, whole_number};
use crate::meter::Sink;
use crate::meter::track::Track;
use crate::openai_chat::error;
use crate::openai_chat::usage::Counts;
use std::borrow::Cow;

/// Reads frames of this dialect.
#[derive(Debug, Default)]
pub struct Frames {
    counts: Counts,
    /// Blocks of other kinds that are open: what comes for them is theirs alone.
    opaque: Vec<u32>,
}

/// Members of a frame, of a message and of a delta.
#[derive(Clone, Copy)]
enum Key {
    Type,
    Index,
    Delta,
    Block,
    Message,
    Usage,
    Error,
    Id,
    Model,
    Content,
    StopReason,
    StopSequence,
    StopDetails,
    Text,
    Thinking,
    Signature,
    PartialJson,
    Citation,
    Citations,
    Name,
    Input,
    Explanation,
    Other,
}

const FRAME: &[Known<Key>] = known![
    "type" => Key::Type,
    "index" => Key::Index,
    "delta" => Key::Delta,
    "usage" => Key::Usage,
    "content_block" => Key::Block,
    "message" => Key::Message,
    "error" => Key::Error,
];

const MESSAGE: &[Known<Key>] = known![
    "model" => Key::Model,
    "id" => Key::Id,
    "type" => Key::Type,
    "role" => Key::Other,
    "model" => Key::Model,
    "content" => Key::Content,
    "stop_reason" => Key::StopReason,
    "stop_sequence" => Key::StopSequence,
    "stop_details" => Key::StopDetails,
    "usage" => Key::Usage,
    "error" => Key::Error,
];

const BLOCK: &[Known<Key>] = known![
    "type" => Key::Type,
    "text" => Key::Text,
    "partial_json" => Key::PartialJson,
    "thinking" => Key::Thinking,
    "signature" => Key::Signature,
    "id" => Key::Id,
    "name" => Key::Name,
    "input" => Key::Input,
    "citation" => Key::Citation,
    "citations" => Key::Citations,
    "explanation" => Key::Explanation,
    "category" => Key::Other,
];

/// The members that say something, noted before they are acted on: they may stand in any order.
#[derive(Default)]
struct Found<'a> {
    kind: Option<Text<'a>>,
    index: u32,
    /// An object: `delta`, `content_block`, `message` or the content of one.
    body: Option<Reader<'a>>,
    error: Option<Reader<'a>>,
    id: Option<Text<'a>>,
    name: Option<Text<'a>>,
    text: Option<Text<'a>>,
    signature: Option<Text<'a>>,
    json: Option<Text<'a>>,
    raw: Option<Reader<'a>>,
    sources: Option<Reader<'a>>,
    stop: Option<Text<'a>>,
    stop_sequence: Option<Text<'a>>,
    stop_details: Option<Text<'a>>,
}

impl<'a> Found<'a> {
    #[inline]
    fn read(
        reader: &mut Reader<'a>,
        keys: &[Known<Key>],
        counts: &mut Counts,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<Self, JsonError> {
        let mut found = Self::default();
        if !reader.at_object() {
            reader.ignore()?;
            return Ok(found);
        }
        reader.known_object(keys, |reader, key, _| {
            let here = *reader;
            match key {
                Some(Key::Type) => found.kind = reader.text_or_skip()?,
                Some(Key::Index) => found.index = index(reader)?,
                Some(Key::Delta | Key::Block | Key::Message | Key::Content) => {
                    found.body = Some(here);
                    reader.ignore()?;
                }
                Some(Key::Usage) if reader.kind()? == Kind::Object => {
                    usage::read(reader, counts)?;
                    sink.seen.usage = true;
                }
                Some(Key::Error) => {
                    found.error = Some(here);
                    reader.ignore()?;
                }
                Some(Key::Id) => found.id = reader.text_or_skip()?,
                Some(Key::Model | Key::Name) => found.name = reader.text_or_skip()?,
                Some(Key::Text | Key::Thinking) => found.text = reader.text_or_skip()?,
                Some(Key::Signature) => found.signature = reader.text_or_skip()?,
                Some(Key::PartialJson) => found.json = reader.text_or_skip()?,
                Some(Key::Input | Key::Citation) => {
                    found.raw = Some(here);
                    reader.ignore()?;
                }
                Some(Key::Citations) => {
                    found.sources = Some(here);
                    reader.ignore()?;
                }
                Some(Key::StopReason) => found.stop = reader.text_or_skip()?,
                Some(Key::StopSequence) => found.stop_sequence = reader.text_or_skip()?,
                Some(Key::StopDetails) if reader.kind()? == Kind::Object => {
                    found.stop_details = Self::read(reader, BLOCK, counts, sink)?.explanation();
                }
                Some(Key::Explanation) => found.text = reader.text_or_skip()?,
                _ => reader.ignore()?,
            }
            Ok::<(), JsonError>(())
        })?;
        Ok(found)
    }

    fn explanation(self) -> Option<Text<'a>> {
        self.text
    }

    fn stop(&self, track: &mut Track, sink: &mut Sink<'_, 'a>) {
        if let Some(stop) = self.stop {
            sink.touch();
            let native = stop.cow();
            let known = STOPS.iter().find(|(_, word)| *word == native).map(|(reason, _)| *reason);
            track.stop(0, known, native);
        }
        if let Some(detail) = self.stop_sequence.or(self.stop_details) {
            track.stop_detail(0, detail.cow());
        }
    }
}

fn index(reader: &mut Reader<'_>) -> Result<u32, JsonError> {
    let number = match reader.whole_number() {
        Some(number) => Some(number),
        None => whole_number(reader.raw()?),
    };
    Ok(number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0))
}

fn text_of<'a>(raw: &'a [u8]) -> Cow<'a, str> {
    Text::plain(raw).cow()
}

impl crate::meter::Frames for Frames {
    const ANSWER: &'static str = "a message";

    fn frame<'a>(
        &mut self,
        mut reader: Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let mut frame = Found::read(&mut reader, FRAME, &mut self.counts, sink)?;
        reader.end()?;
        let kind = frame.kind.map(|kind| kind.name()).unwrap_or_default();
        match (&*kind, frame.body.as_mut()) {
            (b"content_block_delta", Some(body)) => self.delta(frame.index, body, track, sink)?,
            (b"content_block_start", Some(body)) => self.block(frame.index, body, track, sink)?,
            (b"content_block_stop", _) => {
                self.opaque.retain(|known| *known != frame.index);
                track.close(0, frame.index, sink);
            }
            (b"message_start", Some(body)) => {
                let message = Found::read(body, MESSAGE, &mut self.counts, sink)?;
                track.start(message.id, message.name, sink);
            }
            (b"message_delta", Some(body)) => {
                Found::read(body, MESSAGE, &mut self.counts, sink)?.stop(track, sink);
            }
            (b"message_stop", _) => track.done(sink),
            _ => {}
        }
        self.used(track, sink);
        match frame.error.as_mut() {
            Some(said) if &*kind == b"error" => track.fail(error::parse(200, said.raw()?), sink),
            _ => {}
        }
        Ok(())
    }

    fn whole<'a>(
        &mut self,
        mut reader: Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let mut message = Found::read(&mut reader, MESSAGE, &mut self.counts, sink)?;
        reader.end()?;
        if let Some(said) = message.error.as_mut() {
            track.fail(error::parse(200, said.raw()?), sink);
            return Ok(());
        }
        if let Some(content) =
            message.body.as_mut().filter(|_| message.kind.is_some_and(|kind| kind.is("message")))
        {
            track.start(message.id, message.name, sink);
            let mut at = 0;
            if content.kind()? == Kind::Array {
                content.array(|reader| {
                    self.block(at, reader, track, sink)?;
                    track.close(0, at, sink);
                    at += 1;
                    Ok::<(), JsonError>(())
                })?;
            }
            message.stop(track, sink);
        }
        self.used(track, sink);
        Ok(())
    }
}

impl Frames {
    fn used(&mut self, track: &mut Track, sink: &mut Sink<'_, '_>) {
        if sink.seen.usage {
            track.used(self.counts.report(track.rule), sink);
        }
    }

    /// A block begins, with what it says already.
    fn block<'a>(
        &mut self,
        key: u32,
        reader: &mut Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        if !reader.at_object() {
            return reader.ignore();
        }
        let mut whole = *reader;
        let mut block = Found::read(reader, BLOCK, &mut self.counts, sink)?;
        let kind = block.kind.map(|kind| kind.cow()).unwrap_or_default();
        let name = |text: Option<Text<'a>>| text.map(|text| text.cow()).unwrap_or_default();
        let part = match &*kind {
            "text" => Part::Text,
            "thinking" => Part::Reasoning,
            "tool_use" => {
                Part::ToolCall { id: name(block.id), name: name(block.name), form: ToolForm::Function }
            }
            _ => {
                sink.seen.progress = true;
                track.open(0, key, Part::Opaque { home: Dialect::Anthropic, kind }, sink);
                track.say(0, key, Text::plain(whole.raw()?), sink);
                self.opaque.push(key);
                return Ok(());
            }
        };
        track.open(0, key, part, sink);
        if let Some(text) = block.text {
            track.say(0, key, text, sink);
        }
        if let Some(input) = block.raw.as_mut() {
            let raw = input.raw()?;
            if raw.len() > 2 {
                track.say(0, key, Text::plain(raw), sink);
            }
        }
        if let Some(sources) = block.sources.as_mut()
            && sources.kind()? == Kind::Array
        {
            sources.array(|reader| {
                track.cite(0, key, text_of(reader.raw()?), sink);
                Ok::<(), JsonError>(())
            })?;
        }
        if let Some(signature) = block.signature {
            track.sign(0, key, signature.cow(), sink);
        }
        Ok(())
    }

    fn delta<'a>(
        &mut self,
        key: u32,
        reader: &mut Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let mut delta = Found::read(reader, BLOCK, &mut self.counts, sink)?;
        if self.opaque.contains(&key) {
            sink.touch();
            sink.seen.progress = true;
            return Ok(());
        }
        if let Some(text) = delta.text.or(delta.json) {
            track.say(0, key, text, sink);
        }
        if let Some(signature) = delta.signature {
            track.sign(0, key, signature.cow(), sink);
        }
        if let Some(source) = delta.raw.as_mut() {
            track.cite(0, key, text_of(source.raw()?), sink);
        }
        Ok(())
    }
}
