//! The top level of one chunk or finished answer.

use super::delta::Delta;
use super::{CHOICES_MAX, Choice, Decoder, NAME_BYTES_MAX, Sink};
use crate::event::{Event, UpstreamMessage};
use crate::json::{JsonError, Kind, Known, Reader, Text, known, whole_number};
use crate::openai_chat::error;
use crate::openai_chat::usage::{self, Report};
use std::borrow::Cow;

/// What was met on the way through the top level.
#[derive(Default)]
struct Top<'a> {
    id: Option<Text<'a>>,
    model: Option<Text<'a>>,
    /// Choices read later, because the id may stand behind them and is told first.
    choices: Option<Reader<'a>>,
    /// There was at least one choice.
    any_choice: bool,
    /// There was a member `choices`.
    has_choices: bool,
    /// Usage where it belongs, in `x_groq`, and in a choice: the first of these that is there
    /// counts, in whatever order they stand.
    usage: Option<Report>,
    side_usage: Option<Report>,
    choice_usage: Option<Report>,
    /// An error value, as written; one of a choice counts when there is no other.
    error: Option<&'a [u8]>,
    choice_error: Option<&'a [u8]>,
    /// Signs of an error without a member `error`: the whole object is one.
    named_error: bool,
    has_message: bool,
    has_code: bool,
}

/// Members of the top level that say something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Id,
    Object,
    Model,
    Choices,
    Usage,
    Padding,
    Error,
    Groq,
    Type,
    BaseResp,
    Detail,
    Message,
    Code,
    /// Nothing, but it is usual.
    Other,
}

/// As chunks and finished answers of OpenAI have them, which differ in their order.
const TOP: &[Known<Key>] = known![
    "id" => Key::Id,
    "object" => Key::Object,
    "created" => Key::Other,
    "model" => Key::Model,
    "service_tier" => Key::Other,
    "system_fingerprint" => Key::Other,
    "choices" => Key::Choices,
    "usage" => Key::Usage,
    "obfuscation" => Key::Padding,
    "service_tier" => Key::Other,
    "system_fingerprint" => Key::Other,
    "error" => Key::Error,
    "x_groq" => Key::Groq,
    "type" => Key::Type,
    "base_resp" => Key::BaseResp,
    "detail" => Key::Detail,
    "message" => Key::Message,
    "code" => Key::Code,
    "status" => Key::Code,
];

/// Members of a choice.
#[derive(Clone, Copy)]
enum OfChoice {
    Index,
    Delta,
    Text,
    Finish,
    Usage,
    Error,
    Other,
}

const CHOICE: &[Known<OfChoice>] = known![
    "index" => OfChoice::Index,
    "delta" => OfChoice::Delta,
    "message" => OfChoice::Delta,
    "logprobs" => OfChoice::Other,
    "finish_reason" => OfChoice::Finish,
    "text" => OfChoice::Text,
    "usage" => OfChoice::Usage,
    "error" => OfChoice::Error,
];

impl Decoder {
    /// Reads one chunk; what was understood before a syntax error has taken effect.
    pub(super) fn chunk<'a>(
        &mut self,
        data: &'a [u8],
        mut reader: Reader<'a>,
        sink: &mut Sink<'_, 'a>,
        whole: bool,
    ) -> Result<(), JsonError> {
        let mut top = Top::default();
        let mut read = reader.known_object(TOP, |reader, key, _| self.member(key, reader, &mut top, sink));
        if read.is_ok() {
            read = reader.end();
        }
        read = self.start(&mut top, sink).and(read);
        for report in [&top.choice_usage, &top.side_usage, &top.usage].into_iter().flatten() {
            self.keep(report);
            sink.seen.usage = true;
        }
        let flat =
            !top.has_choices && !sink.seen.usage && (top.named_error || (top.has_message && top.has_code));
        let said = top.error.or(top.choice_error);
        if let Some(said) = said.or((flat && read.is_ok()).then_some(data)) {
            // A finish reason may have failed the answer already; the error says more.
            self.failure = Some(Box::new(error::parse(200, said)));
        }
        sink.seen.failed |= self.failure.is_some();
        sink.seen.usage_only = !whole && sink.seen.usage && !top.any_choice && !sink.seen.failed;
        read
    }

    #[inline]
    fn member<'a>(
        &mut self,
        key: Option<Key>,
        reader: &mut Reader<'a>,
        top: &mut Top<'a>,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let named = sink.out.is_some() && !self.started;
        match key {
            Some(Key::Choices) => {
                top.has_choices = true;
                if reader.kind()? != Kind::Array {
                    return reader.ignore();
                }
                if sink.out.is_none() || self.started {
                    return self.choices(reader, top, sink);
                }
                if top.choices.is_some() {
                    // Two of them: both count, in their order.
                    self.start(top, sink)?;
                    return self.choices(reader, top, sink);
                }
                top.choices = Some(*reader);
                reader.ignore()
            }
            Some(Key::Id) if named => reader.text_or_skip().map(|id| top.id = id),
            Some(Key::Model) if named => reader.text_or_skip().map(|model| top.model = model),
            Some(Key::Usage) => {
                if let Some(report) = usage::read(reader, self.rule)? {
                    top.usage = Some(report);
                }
                Ok(())
            }
            Some(Key::Error) => {
                top.error = truthy(reader)?.or(top.error);
                Ok(())
            }
            Some(Key::Padding) if reader.kind()? == Kind::Text => {
                sink.padding = Some(reader.text()?.raw());
                Ok(())
            }
            Some(Key::Groq) if reader.kind()? == Kind::Object => self.x_groq(reader, top),
            Some(key @ (Key::Object | Key::Type)) => {
                if let Some(value) = reader.text_or_skip()? {
                    top.named_error |= names_error(value);
                    top.has_code |= key == Key::Type && !value.is_empty();
                }
                Ok(())
            }
            Some(Key::BaseResp) if reader.kind()? == Kind::Object => reader.object(|reader, member| {
                let value = reader.raw()?;
                top.named_error |= member.key == b"status_code" && value != b"0";
                Ok(())
            }),
            Some(Key::Detail) => truthy(reader).map(|detail| top.named_error |= detail.is_some()),
            Some(Key::Message) => truthy(reader).map(|message| top.has_message |= message.is_some()),
            Some(Key::Code) => truthy(reader).map(|code| top.has_code |= code.is_some()),
            _ => reader.ignore(),
        }
    }

    /// Groq's extension.
    fn x_groq<'a>(&mut self, reader: &mut Reader<'a>, top: &mut Top<'a>) -> Result<(), JsonError> {
        reader.object(|reader, member| {
            if member.key == b"usage" {
                top.side_usage = usage::read(reader, self.rule)?.or(top.side_usage);
                return Ok(());
            }
            if member.key == b"error" {
                top.error = truthy(reader)?.or(top.error);
                return Ok(());
            }
            reader.ignore()
        })
    }

    /// The first chunk that is no mere error begins the answer; then come the choices that
    /// had to wait for that.
    fn start<'a>(&mut self, top: &mut Top<'a>, sink: &mut Sink<'_, 'a>) -> Result<(), JsonError> {
        if !self.started && !self.over && top.has_choices {
            self.started = true;
            sink.put(|| Event::Start { id: name(top.id), model: name(top.model) });
        }
        match top.choices.take() {
            Some(mut choices) => self.choices(&mut choices, top, sink),
            None => Ok(()),
        }
    }

    fn choices<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        top: &mut Top<'a>,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let mut position = 0;
        reader.array(|reader| {
            let index = position;
            position += 1;
            if !reader.at_object() {
                return reader.ignore();
            }
            top.any_choice = true;
            self.choice(reader, index, top, sink)
        })
    }

    fn choice<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        position: u32,
        top: &mut Top<'a>,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let mut index = position;
        let mut delta = Delta::default();
        let mut finish = None;
        let rule = self.rule;
        reader.known_object(CHOICE, |reader, member, _| {
            match member {
                Some(OfChoice::Index) => index = number(reader)?.unwrap_or(position),
                Some(OfChoice::Delta) => delta.read(reader)?,
                Some(OfChoice::Text) => delta.text(reader)?,
                Some(OfChoice::Finish) => finish = reader.text_or_skip()?.or(finish),
                Some(OfChoice::Usage) => top.choice_usage = usage::read(reader, rule)?.or(top.choice_usage),
                Some(OfChoice::Error) => top.choice_error = truthy(reader)?.or(top.choice_error),
                _ => reader.ignore()?,
            }
            Ok::<(), JsonError>(())
        })?;
        if self.over {
            return Ok(());
        }
        let Some(choice) = find_or_add(&mut self.choices, index) else {
            return Ok(());
        };
        delta.apply(choice, sink)?;
        if let Some(finish) = finish.filter(|finish| !finish.is_empty()) {
            sink.touch();
            let native = name(Some(finish));
            if choice.finish(native.clone()) {
                self.fail(UpstreamMessage {
                    message: format!("The provider broke off the answer (finish reason `{native}`)."),
                    code: Some(native.into_owned()),
                    ..UpstreamMessage::default()
                });
            }
        }
        Ok(())
    }
}

fn find_or_add(choices: &mut Vec<Choice>, index: u32) -> Option<&mut Choice> {
    let at = match choices.iter().position(|choice| choice.index == index) {
        Some(at) => at,
        None if choices.len() < CHOICES_MAX => {
            choices.push(Choice::new(index));
            choices.len() - 1
        }
        None => return None,
    };
    choices.get_mut(at)
}

/// A short name; one that is absurdly long counts as not given.
fn name(text: Option<Text<'_>>) -> Cow<'_, str> {
    text.filter(|text| text.raw().len() <= NAME_BYTES_MAX).map(|text| text.cow()).unwrap_or_default()
}

/// `error`, or a name that ends in `.error`.
fn names_error(value: Text<'_>) -> bool {
    let value = value.name();
    *value == *b"error" || value.ends_with(b".error")
}

/// A whole number, or `None` for anything else.
pub(super) fn number(reader: &mut Reader<'_>) -> Result<Option<u32>, JsonError> {
    let number = match reader.whole_number() {
        Some(number) => Some(number),
        None => whole_number(reader.raw()?),
    };
    Ok(number.and_then(|number| u32::try_from(number).ok()))
}

/// The value as written unless it is null, false, zero or empty.
fn truthy<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, JsonError> {
    let raw = reader.raw()?;
    let hollow = match raw {
        b"null" | b"false" | b"0" | b"\"\"" | b"[]" => true,
        [b'{', inner @ .., b'}'] => inner.len() <= 64 && inner.trim_ascii().is_empty(),
        _ => false,
    };
    Ok((!hollow).then_some(raw))
}
