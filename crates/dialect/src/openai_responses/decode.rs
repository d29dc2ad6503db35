//! Answers of this dialect read.

use super::told::{Teller, Told};
use crate::event::{Part, StopReason, UpstreamMessage};
use crate::json::{JsonError, Known, Node, Reader, Text, known};
use crate::meter::Sink;
use crate::meter::track::Track;
use crate::openai_chat::{error, usage};
use std::borrow::Cow;

/// Reads frames of this dialect.
#[derive(Debug, Default)]
pub struct Frames {
    told: Told,
}

/// What a member of an event is.
#[derive(Clone, Copy)]
enum Name {
    Type,
    OutputIndex,
    PartIndex,
    Delta,
    Padding,
    Inner,
    Error,
    Other,
}

const EVENT: &[Known<Name>] = known![
    "type" => Name::Type,
    "sequence_number" => Name::Other,
    "item_id" => Name::Other,
    "output_index" => Name::OutputIndex,
    "content_index" => Name::PartIndex,
    "summary_index" => Name::PartIndex,
    "delta" => Name::Delta,
    "logprobs" => Name::Other,
    "obfuscation" => Name::Padding,
    "item" => Name::Inner,
    "part" => Name::Inner,
    "annotation" => Name::Inner,
    "response" => Name::Inner,
    "error" => Name::Error,
];

/// The members of an event that say something.
#[derive(Default)]
struct Said<'a> {
    kind: Option<Text<'a>>,
    item: u64,
    part: u64,
    delta: Option<Text<'a>>,
    inner: Option<Node<'a>>,
    failed: bool,
}

impl<'a> Said<'a> {
    fn read(reader: &mut Reader<'a>, sink: &mut Sink<'_, 'a>) -> Result<Self, JsonError> {
        let mut said = Self::default();
        reader.known_object(EVENT, |reader, name, _| {
            match name {
                Some(Name::Type) => said.kind = reader.text_or_skip()?,
                Some(Name::OutputIndex) => said.item = number(reader)?,
                Some(Name::PartIndex) => said.part = number(reader)?,
                Some(Name::Delta) => said.delta = reader.text_or_skip()?,
                Some(Name::Padding) => sink.padding = reader.text_or_skip()?.map(|text| text.raw()),
                Some(Name::Inner) => said.inner = Some(Node::checked(reader.raw()?)),
                Some(Name::Error) => said.failed = reader.raw()? != b"null",
                _ => reader.ignore()?,
            }
            Ok::<(), JsonError>(())
        })?;
        reader.end()?;
        Ok(said)
    }
}

impl crate::meter::Frames for Frames {
    const ANSWER: &'static str = "a response";

    fn frame<'a>(
        &mut self,
        mut reader: Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let mut all = reader;
        let said = Said::read(&mut reader, sink)?;
        let kind = said.kind.map(|kind| kind.cow()).unwrap_or_default();
        if said.failed || kind == "error" {
            fail(all.raw()?, track, sink);
            return Ok(());
        }
        let kind = kind.strip_prefix("response.").unwrap_or_default();
        let mut tell = Teller { told: &mut self.told, track, sink };
        match (kind, said.delta, said.inner) {
            ("output_text.delta", Some(text), _) => tell.say(said.item, said.part, Part::Text, text),
            ("refusal.delta", Some(text), _) => tell.say(said.item, said.part, Part::Refusal, text),
            ("function_call_arguments.delta" | "custom_tool_call_input.delta", Some(text), _) => {
                tell.more(said.item, text);
            }
            ("reasoning_summary_text.delta" | "reasoning_text.delta", Some(text), _) => {
                tell.think(said.item, said.part, text);
            }
            ("output_text.annotation.added", _, Some(node)) => tell.cite(said.item, said.part, node),
            ("content_part.done", _, Some(node)) => tell.part(said.item, said.part, node),
            ("output_item.added", _, Some(node)) => tell.call(said.item, &mut node.members()),
            ("output_item.done", _, Some(node)) => tell.item(said.item, node),
            ("created" | "in_progress" | "queued", _, Some(node)) => start(node, track, sink),
            ("completed" | "incomplete" | "failed" | "cancelled", _, Some(node)) => {
                ended(node, &mut tell)?;
                track.done(sink);
            }
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
        let response = Node::checked(reader.raw()?);
        reader.end()?;
        let members = response.members();
        if members.get("output").is_some() || members.get("status").is_some() {
            return ended(response, &mut Teller { told: &mut self.told, track, sink });
        }
        if members.get("error").is_some() {
            fail(response.raw().as_bytes(), track, sink);
        }
        Ok(())
    }
}

fn number(reader: &mut Reader<'_>) -> Result<u64, JsonError> {
    match reader.whole_number() {
        Some(number) => Ok(number),
        None => reader.ignore().map(|()| 0),
    }
}

fn start<'a>(node: Node<'a>, track: &mut Track, sink: &mut Sink<'_, 'a>) {
    if !track.started() {
        let mut response = node.members();
        let mut name = |name| Reader::new(response.take(name)?.raw()).text().ok();
        track.start(name("id"), name("model"), sink);
    }
}

/// A response that has ended, one way or another.
fn ended<'a>(node: Node<'a>, tell: &mut Teller<'_, '_, 'a>) -> Result<(), JsonError> {
    start(node, tell.track, tell.sink);
    let mut response = node.members();
    if tell.told.is_empty() {
        let items = response.take("output").map(Node::items).unwrap_or_default();
        for (at, item) in items.into_iter().enumerate() {
            tell.item(at as u64, item);
        }
    }
    let (track, sink) = (&mut *tell.track, &mut *tell.sink);
    if let Some(node) = response.take("usage") {
        let report = usage::read(&mut Reader::new(node.raw()), track.rule)?;
        track.used(report, sink);
    }
    let status = response.take_text("status").unwrap_or(Cow::Borrowed("completed"));
    if let Some(node) = response.take("error").filter(|_| status != "completed") {
        fail(node.raw().as_bytes(), track, sink);
    } else if matches!(&*status, "failed" | "cancelled") {
        let message = format!("The provider says that the response has {status}.");
        track.fail(UpstreamMessage { message, ..UpstreamMessage::default() }, sink);
    }
    let details = response.take("incomplete_details").map(Node::members);
    let reason = details.and_then(|mut details| details.take_text("reason"));
    let (reason, native) = match (&*status, reason) {
        ("completed", _) => (Some(StopReason::End), status),
        (_, Some(native)) => (stop(&native), native),
        (_, None) => (None, status),
    };
    track.stop(0, reason, native);
    Ok(())
}

fn stop(reason: &str) -> Option<StopReason> {
    match reason {
        "max_output_tokens" | "max_tokens" => Some(StopReason::Length),
        "content_filter" => Some(StopReason::Filtered),
        _ => None,
    }
}

fn fail(json: &[u8], track: &mut Track, sink: &mut Sink<'_, '_>) {
    let mut said = error::parse(200, json);
    // The type of the event is not that of the error.
    said.kind = said.kind.filter(|kind| kind != "error");
    track.fail(said, sink);
}
