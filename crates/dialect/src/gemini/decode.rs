//! Answers of this dialect to canonical events: each frame is a response, and so is the finished answer.

use super::{HOME, STOPS, sources, usage};
use crate::event::{Part, StopReason, ToolForm};
use crate::json::{JsonError, Kind, Known, Reader, Text, known, whole_number};
use crate::meter::Sink;
use crate::meter::track::Track;
use crate::openai_chat::error;
use crate::openai_chat::usage::Counts;
use std::borrow::Cow;

/// Names of the blocks of a candidate, of which one is open at a time.
const BLOCKS: [u32; 2] = [TEXT, REASONING];
const TEXT: u32 = 0;
const REASONING: u32 = 1;
const WHOLE: u32 = 2;

/// Reads frames of this dialect.
#[derive(Debug, Default)]
pub struct Frames {
    counts: Counts,
    /// Something was said in more than ASCII: places in it, told in bytes, are not those of characters.
    wide: bool,
}

/// Members of a response, of a candidate, of its content and of a part.
#[derive(Clone, Copy)]
enum Key {
    Candidates,
    Usage,
    Model,
    Id,
    Feedback,
    Error,
    Content,
    Finish,
    Index,
    Message,
    Sources,
    Text,
    Thought,
    Signature,
    Call,
    Args,
    Name,
    Other,
}

const RESPONSE: &[Known<Key>] = known![
    "candidates" => Key::Candidates,
    "usageMetadata" => Key::Usage,
    "modelVersion" => Key::Model,
    "responseId" => Key::Id,
    "promptFeedback" => Key::Feedback,
    "error" => Key::Error,
];

const CANDIDATE: &[Known<Key>] = known![
    "content" => Key::Content,
    "finishReason" => Key::Finish,
    "index" => Key::Index,
    "finishMessage" => Key::Message,
    "groundingMetadata" => Key::Sources,
    "citationMetadata" => Key::Sources,
];

const CONTENT: &[Known<Key>] = known!["parts" => Key::Content];

const FEEDBACK: &[Known<Key>] = known![
    "blockReason" => Key::Finish,
    "blockReasonMessage" => Key::Message,
];

/// What only goes with another member says nothing alone.
const PART: &[Known<Key>] = known![
    "text" => Key::Text,
    "thought" => Key::Thought,
    "thoughtSignature" => Key::Signature,
    "functionCall" => Key::Call,
    "partMetadata" => Key::Other,
    "videoMetadata" => Key::Other,
    "mediaResolution" => Key::Other,
];

const CALL: &[Known<Key>] = known![
    "name" => Key::Name,
    "args" => Key::Args,
    "id" => Key::Id,
];

/// The members that say something, noted before they are acted on: they may stand in any order.
#[derive(Default)]
struct Found<'a> {
    /// A list or an object to be looked into: candidates, content, parts, a call or its arguments.
    body: Option<Reader<'a>>,
    feedback: Option<Reader<'a>>,
    error: Option<Reader<'a>>,
    sources: [Option<Reader<'a>>; 2],
    id: Option<Text<'a>>,
    name: Option<Text<'a>>,
    text: Option<Text<'a>>,
    signature: Option<Text<'a>>,
    finish: Option<Text<'a>>,
    message: Option<Text<'a>>,
    /// Kind of a part that is none of the known.
    other: Option<Cow<'a, str>>,
    index: u32,
    thought: bool,
    counted: bool,
}

impl<'a> Found<'a> {
    fn read(reader: &mut Reader<'a>, keys: &[Known<Key>], counts: &mut Counts) -> Result<Self, JsonError> {
        let mut found = Self::default();
        if !reader.at_object() {
            reader.ignore()?;
            return Ok(found);
        }
        reader.known_object(keys, |reader, key, at| {
            let here = *reader;
            match key {
                Some(Key::Candidates | Key::Content | Key::Call | Key::Args) => found.body = Some(here),
                Some(Key::Usage) if reader.at_object() => {
                    found.counted = true;
                    return usage::read(reader, counts);
                }
                Some(Key::Feedback) => found.feedback = Some(here),
                Some(Key::Error) => found.error = Some(here),
                Some(Key::Sources) => match &mut found.sources {
                    [first @ None, _] => *first = Some(here),
                    [_, second] => *second = Some(here),
                },
                Some(Key::Index) => {
                    let number = whole_number(reader.raw()?).and_then(|number| u32::try_from(number).ok());
                    found.index = number.unwrap_or(0);
                    return Ok(());
                }
                Some(Key::Thought) => {
                    found.thought = reader.raw()? == b"true";
                    return Ok(());
                }
                Some(
                    key @ (Key::Model
                    | Key::Id
                    | Key::Name
                    | Key::Text
                    | Key::Signature
                    | Key::Finish
                    | Key::Message),
                ) => {
                    let text = reader.text_or_skip()?;
                    *found.place(key) = text;
                    return Ok(());
                }
                Some(Key::Other | Key::Usage) => {}
                None if keys.len() == PART.len() => found.other = Some(reader.key_at(at)?.cow()),
                None => {}
            }
            reader.ignore()
        })?;
        Ok(found)
    }

    fn place(&mut self, key: Key) -> &mut Option<Text<'a>> {
        match key {
            Key::Id => &mut self.id,
            Key::Text => &mut self.text,
            Key::Signature => &mut self.signature,
            Key::Finish => &mut self.finish,
            Key::Message => &mut self.message,
            _ => &mut self.name,
        }
    }
}

impl crate::meter::Frames for Frames {
    const ANSWER: &'static str = "a content response";

    fn frame<'a>(
        &mut self,
        mut reader: Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        // Without `alt=sse`, a stream is a list of responses.
        if reader.kind()? == Kind::Array {
            reader.array(|reader| self.response(reader, track, sink))?;
        } else {
            self.response(&mut reader, track, sink)?;
        }
        reader.end()
    }

    fn whole<'a>(
        &mut self,
        reader: Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        self.frame(reader, track, sink)
    }
}

impl Frames {
    fn response<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let found = Found::read(reader, RESPONSE, &mut self.counts)?;
        if found.body.is_some() || found.feedback.is_some() || found.counted {
            track.start(found.id, found.name, sink);
        }
        if let Some(mut candidates) = found.body
            && candidates.kind()? == Kind::Array
        {
            candidates.array(|reader| self.candidate(reader, track, sink))?;
        }
        if let Some(mut feedback) = found.feedback {
            let said = Found::read(&mut feedback, FEEDBACK, &mut self.counts)?;
            if let Some(word) = said.finish {
                sink.touch();
                track.stop(0, Some(StopReason::Filtered), word.cow());
                said.message.into_iter().for_each(|message| track.stop_detail(0, message.cow()));
            }
        }
        if found.counted {
            sink.seen.usage = true;
            track.used(self.counts.report(usage::RULE), sink);
        }
        if let Some(mut said) = found.error {
            track.fail(error::parse(200, said.raw()?), sink);
        }
        Ok(())
    }

    fn candidate<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let found = Found::read(reader, CANDIDATE, &mut self.counts)?;
        let choice = found.index;
        if let Some(mut content) = found.body {
            let content = Found::read(&mut content, CONTENT, &mut self.counts)?;
            if let Some(mut parts) = content.body
                && parts.kind()? == Kind::Array
            {
                parts.array(|reader| self.part(choice, reader, track, sink))?;
            }
        }
        if sink.out.is_some() {
            for sources in found.sources.into_iter().flatten() {
                for json in sources::read(sources, self.wide)? {
                    if track.block(choice, TEXT).is_none() {
                        self.open(choice, TEXT, Part::Text, track, sink);
                    }
                    track.cite(choice, TEXT, Cow::Owned(json), sink);
                }
            }
        }
        if let Some(word) = found.finish.filter(|word| !word.is("FINISH_REASON_UNSPECIFIED")) {
            sink.touch();
            let known = STOPS.iter().find(|(known, _)| word.is(known)).map(|(_, reason)| *reason);
            track.stop(choice, known, word.cow());
        }
        if let Some(message) = found.message {
            track.stop_detail(choice, message.cow());
        }
        Ok(())
    }

    fn open<'a>(&self, choice: u32, key: u32, part: Part<'a>, track: &mut Track, sink: &mut Sink<'_, 'a>) {
        BLOCKS.into_iter().for_each(|other| track.close(choice, other, sink));
        track.open(choice, key, part, sink);
    }

    fn part<'a>(
        &mut self,
        choice: u32,
        reader: &mut Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let mut all = *reader;
        let found = Found::read(reader, PART, &mut self.counts)?;
        let signature = found.signature.filter(|signature| !signature.is_empty());
        if let Some(mut call) = found.body {
            let call = Found::read(&mut call, CALL, &mut self.counts)?;
            let text = |text: Option<Text<'a>>| text.map(|text| text.cow()).unwrap_or_default();
            let (id, name) = (text(call.id), text(call.name));
            self.open(choice, WHOLE, Part::ToolCall { id, name, form: ToolForm::Function }, track, sink);
            let args = call.body.map(|mut args| args.raw()).transpose()?.unwrap_or_default();
            if args.len() > 2 && args != b"null" {
                track.say(choice, WHOLE, Text::plain(args), sink);
            }
        } else if let Some(kind) = found.other {
            let counted = sink.seen.output_bytes;
            let binary = kind == "inlineData";
            self.open(choice, WHOLE, Part::Opaque { home: HOME, kind }, track, sink);
            track.say(choice, WHOLE, Text::plain(all.raw()?), sink);
            if binary {
                sink.seen.output_bytes = counted;
            }
        } else {
            self.text(choice, found.thought, found.text, signature, track, sink);
            return Ok(());
        }
        if let Some(signature) = signature {
            track.sign(choice, WHOLE, signature.cow(), sink);
        }
        track.close(choice, WHOLE, sink);
        Ok(())
    }

    /// Text goes on in the block that is open, up to its signature, which may stand behind it in a part of
    /// its own.
    fn text<'a>(
        &mut self,
        choice: u32,
        thought: bool,
        text: Option<Text<'a>>,
        signature: Option<Text<'a>>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) {
        let text = text.filter(|text| !text.is_empty());
        if text.is_none() && signature.is_none() {
            return;
        }
        let (key, part) = if thought { (REASONING, Part::Reasoning) } else { (TEXT, Part::Text) };
        if track.block(choice, key).is_none() {
            self.open(choice, key, part, track, sink);
        }
        if let Some(text) = text {
            self.wide |= !text.raw().is_ascii() || text.escaped();
            track.say(choice, key, text, sink);
        }
        if let Some(signature) = signature {
            track.sign(choice, key, signature.cow(), sink);
            track.close(choice, key, sink);
        }
    }
}
