//! Bedrock's Converse at its own address: what goes there is written from Anthropic's dialect, and what comes
//! back is told as that dialect's, before anybody else looks at it.

use super::crossing::{Source as Asking, told as refused};
use super::source::{Answer, Source};
use super::way::Way;
use crate::base::{Fields, Refusal};
use crate::catalog::{Dialect, Target};
use crate::providers::capacity::Slot;
use crate::upstream::{Body, Failure, Response};
use bytes::{Bytes, BytesMut};
use dialect::bedrock::{self, Stream};
use dialect::hub::Losses;
use std::task::{Context, Poll, ready};

/// Longest finished answer.
const WHOLE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// An answer being told.
pub struct Converse {
    body: Body,
    form: Form,
    ended: bool,
    /// The place in the provider's account, held until the answer is dropped.
    _slot: Option<Slot>,
}

enum Form {
    Stream(Box<Stream>),
    Whole { read: BytesMut, id: String, model: String },
}

/// Whether a request goes there.
#[must_use]
pub fn is(way: &Way) -> bool {
    way.place == Dialect::BedrockConverse
}

/// A request in Anthropic's dialect as it goes there, and what is lost on the way.
///
/// # Errors
/// What cannot be said there, and losses where none are wanted.
pub fn asked(body: &[u8], source: &Asking<'_>, target: &Target) -> Result<(Bytes, Losses), Refusal> {
    let mut losses = Losses::default();
    let written = bedrock::request(body, &mut losses).map_err(|invalid| refused(&invalid))?;
    source.take_losses(&losses, target)?;
    Ok((written.into(), losses))
}

/// A provider's answer as one of Anthropic's. What is not a success stays as it is.
#[must_use]
pub fn told(response: Response, way: &Way, (stream, id): (bool, &str), slot: Option<Slot>) -> Answer {
    let Response { status, headers, body, .. } = response;
    if status != 200 {
        return Answer { status, headers, bytes: Source::Provider(body, slot) };
    }
    let (id, model) = (format!("msg_{}", id.trim_start_matches("req_")), model(way));
    let (form, kind) = match stream {
        true => (Form::Stream(Box::new(Stream::new(&id, &model))), "text/event-stream"),
        false => (Form::Whole { read: BytesMut::new(), id, model }, "application/json"),
    };
    let headers = Fields::of(std::iter::once(("content-type", kind.as_bytes())));
    Answer {
        status,
        headers,
        bytes: Source::Converse(Box::new(Converse { body, form, ended: false, _slot: slot })),
    }
}

/// The model that stands in the path.
fn model(way: &Way) -> String {
    way.path.split('/').nth(2).unwrap_or_default().to_owned()
}

impl Converse {
    /// The next bytes, `None` at the proper end.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        const BROKEN: Failure = Failure::Protocol("an event stream that is none");
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            let chunk = ready!(self.body.poll_chunk(cx)).transpose()?;
            self.ended = chunk.is_none();
            match (&mut self.form, chunk) {
                (Form::Stream(stream), chunk) => {
                    let mut out = Vec::new();
                    let read = match chunk {
                        Some(bytes) => stream.push(&bytes, &mut out),
                        None => stream.finish(&mut out),
                    };
                    self.ended |= read.is_err();
                    if !out.is_empty() {
                        return Poll::Ready(Some(Ok(out.into())));
                    }
                    if read.is_err() {
                        return Poll::Ready(Some(Err(BROKEN)));
                    }
                }
                (Form::Whole { read, .. }, Some(bytes)) => {
                    if read.len() + bytes.len() > WHOLE_BYTES_MAX {
                        return Poll::Ready(Some(Err(Failure::TooLarge)));
                    }
                    read.extend_from_slice(&bytes);
                }
                (Form::Whole { read, id, model }, None) => {
                    let told = bedrock::whole(read, id, model);
                    return Poll::Ready(Some(told.map(Bytes::from).ok_or(BROKEN)));
                }
            }
        }
    }
}
