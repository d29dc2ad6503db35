//! The top level of one chunk or finished answer.

use super::delta::Delta;
use super::{CHOICES_MAX, Choice, Decoder, NAME_BYTES_MAX, Sink};
use crate::event::{Event, UpstreamMessage};
use crate::json::{JsonError, Kind, Reader, Text};
use crate::openai_chat::error;
use crate::openai_chat::usage::{self, Report};
use std::borrow::Cow;

/// What was met on the way through the top level.
#[derive(Default)]
struct Top<'a> {
    id: Option<Text<'a>>,
    model: Option<Text<'a>>,
    /// Choices read later, because the id may stand behind them.
    choices: Option<Reader<'a>>,
    /// There was at least one choice.
    any_choice: bool,
    /// There was a member `choices`.
    has_choices: bool,
    usage: Option<Report>,
    side_usage: Option<Report>,
    /// An error value, as written.
    error: Option<&'a str>,
    /// Signs of an error without a member `error`: the whole object is one.
    named_error: bool,
    has_message: bool,
    has_code: bool,
}

impl Decoder {
    /// Reads one chunk; what was understood before a syntax error has taken effect.
    pub(super) fn chunk<'a>(
        &mut self,
        text: &'a str,
        sink: &mut Sink<'_, 'a>,
        whole: bool,
    ) -> Result<(), JsonError> {
        let mut top = Top::default();
        let mut reader = Reader::new(text);
        let mut read = reader.object(|reader, member| {
            let key = member.key.cow();
            self.member(&key, reader, &mut top, sink)
        });
        if read.is_ok() {
            read = reader.end();
        }
        self.start(&top, sink);
        if let Some(mut choices) = top.choices.take() {
            self.choices(&mut choices, &mut top, sink)?;
        }
        for report in [top.side_usage, top.usage].into_iter().flatten() {
            self.keep(report);
            sink.seen.usage = true;
        }
        let flat =
            !top.has_choices && !sink.seen.usage && (top.named_error || (top.has_message && top.has_code));
        if let Some(said) = top.error.or((flat && read.is_ok()).then_some(text)) {
            // A finish reason may have failed the answer already; the error says more.
            self.failure = Some(Box::new(error::parse(200, said.as_bytes())));
        }
        sink.seen.failed |= self.failure.is_some();
        sink.seen.usage_only = !whole && sink.seen.usage && !top.any_choice && !sink.seen.failed;
        read
    }

    fn member<'a>(
        &mut self,
        key: &str,
        reader: &mut Reader<'a>,
        top: &mut Top<'a>,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        match key {
            "choices" if reader.kind()? == Kind::Array => {
                top.has_choices = true;
                if self.started {
                    return self.choices(reader, top, sink);
                }
                top.choices = Some(*reader);
                reader.ignore()
            }
            "choices" => {
                top.has_choices = true;
                reader.ignore()
            }
            "id" if !self.started => reader.text_or_skip().map(|id| top.id = id),
            "model" if !self.started => reader.text_or_skip().map(|model| top.model = model),
            "usage" => usage::read(reader, self.rule).map(|report| top.usage = report.or(top.usage)),
            "error" => {
                top.error = truthy(reader)?.or(top.error);
                Ok(())
            }
            "x_groq" if reader.kind()? == Kind::Object => reader.object(|reader, member| {
                if member.key.is("usage") {
                    return usage::read(reader, self.rule).map(|report| top.side_usage = report);
                }
                if member.key.is("error") {
                    top.error = truthy(reader)?.or(top.error);
                    return Ok(());
                }
                reader.ignore()
            }),
            "object" | "type" => {
                let name = reader.text_or_skip()?.map(|name| name.cow()).unwrap_or_default();
                top.named_error |= name == "error" || name.ends_with(".error");
                top.has_code |= key == "type" && !name.is_empty();
                Ok(())
            }
            "base_resp" if reader.kind()? == Kind::Object => reader.object(|reader, member| {
                let value = reader.raw()?;
                top.named_error |= member.key.is("status_code") && value != "0";
                Ok(())
            }),
            "detail" => truthy(reader).map(|detail| top.named_error |= detail.is_some()),
            "message" => truthy(reader).map(|message| top.has_message |= message.is_some()),
            "code" | "status" => truthy(reader).map(|code| top.has_code |= code.is_some()),
            _ => reader.ignore(),
        }
    }

    /// The first chunk that is no mere error begins the answer.
    fn start<'a>(&mut self, top: &Top<'a>, sink: &mut Sink<'_, 'a>) {
        if self.started || self.over || !top.has_choices {
            return;
        }
        self.started = true;
        let (id, model) = (name(top.id), name(top.model));
        self.id.push_str(&id);
        self.model.push_str(&model);
        sink.put(|| Event::Start { id, model });
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
            if reader.kind()? != Kind::Object {
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
        reader.object(|reader, member| {
            match &*member.key.cow() {
                "index" => index = number(reader)?.unwrap_or(position),
                "delta" | "message" => delta.read(reader)?,
                "text" => delta.text(reader)?,
                "finish_reason" => finish = reader.text_or_skip()?.or(finish),
                "usage" => top.side_usage = usage::read(reader, rule)?.or(top.side_usage),
                "error" => top.error = truthy(reader)?.or(top.error),
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
            let native = name(Some(finish));
            if choice.finish(&native) {
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
    text.filter(|text| text.raw.len() <= NAME_BYTES_MAX)
        .map(|text| text.cow())
        .unwrap_or_default()
}

/// A whole number, or `None` for anything else.
pub(super) fn number(reader: &mut Reader<'_>) -> Result<Option<u32>, JsonError> {
    Ok(reader.raw()?.parse().ok())
}

/// The value as written unless it is null, false, zero or empty.
fn truthy<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a str>, JsonError> {
    let raw = reader.raw()?;
    let hollow = raw.len() <= 64
        && raw
            .strip_prefix('{')
            .and_then(|raw| raw.strip_suffix('}'))
            .is_some_and(|raw| raw.trim().is_empty());
    Ok((!hollow && !matches!(raw, "null" | "false" | "0" | "\"\"" | "[]")).then_some(raw))
}
