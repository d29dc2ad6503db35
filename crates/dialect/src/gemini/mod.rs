//! The dialect of Gemini (`:generateContent`).

use crate::event::Event;
use crate::hub::{Asked, Failure, Invalid, Losses, Reply, Request, Target, Whole};
use crate::json::{JsonError, Node, Reader};
use crate::meter::Sink;
use crate::meter::track::Track;

/// Reads frames of this dialect.
#[derive(Debug, Default)]
pub struct Frames;

impl crate::meter::Frames for Frames {
    const ANSWER: &'static str = "a content response";

    fn frame<'a>(&mut self, _: Reader<'a>, _: &mut Track, _: &mut Sink<'_, 'a>) -> Result<(), JsonError> {
        Ok(())
    }

    fn whole<'a>(&mut self, _: Reader<'a>, _: &mut Track, _: &mut Sink<'_, 'a>) -> Result<(), JsonError> {
        Ok(())
    }
}

/// Tells an answer as a stream.
#[derive(Debug, Default)]
pub struct Encoder;

impl Encoder {
    pub(crate) fn event(
        &mut self,
        _event: Event<'_>,
        _reply: &Reply,
        _losses: &mut Losses,
        _out: &mut Vec<u8>,
    ) {
    }

    pub(crate) fn fail(&mut self, _failure: &Failure<'_>, _reply: &Reply, _out: &mut Vec<u8>) {}

    pub(crate) fn end(&mut self, _reply: &Reply, _out: &mut Vec<u8>) {}
}

pub(crate) fn read<'a>(_body: Node<'a>, _asked: Asked<'a>) -> Result<Request<'a>, Invalid> {
    Err(Invalid::unsupported("model", "this dialect is not served yet"))
}

pub(crate) fn write(_: &Request<'_>, _: &Target<'_>, _: &mut Losses) -> Result<Vec<u8>, Invalid> {
    Err(Invalid::unsupported("model", "this dialect is not served yet"))
}

pub(crate) fn whole(_whole: &Whole, _reply: &Reply, _losses: &mut Losses) -> Vec<u8> {
    Vec::new()
}

pub(crate) fn error_body(_failure: &Failure<'_>) -> Vec<u8> {
    Vec::new()
}
