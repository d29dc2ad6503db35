//! What the relay and the meter want to know of an answer on its way through, whatever dialect it
//! is in.

mod like;
pub(crate) mod track;

use crate::event::Event;
use crate::json::Text;
pub(crate) use like::Like;
pub use track::{Decoder, Frames};

/// What one stream event is to the relay and the meter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// It carries a piece of the answer: text, reasoning, a refusal, a tool call, audio.
    pub progress: bool,
    /// It carries a usage report.
    pub usage: bool,
    /// It carries usage and no choice: to be hidden from a client that did not ask for it.
    pub usage_only: bool,
    /// It says that nothing more comes (`[DONE]`, `message_stop`).
    pub done: bool,
    /// It says that the answer failed; see the decoder's `failure`.
    pub failed: bool,
    /// It is not JSON.
    pub malformed: bool,
    /// UTF-8 bytes of the answer in it, without audio.
    pub output_bytes: usize,
}

/// How an answer ended, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its last word was read, or every choice has a finish reason.
    Complete,
    /// The provider said that it failed.
    Failed,
    /// Neither: if nothing more comes, the stream was cut.
    Cut,
}

/// Where events and observations of one input go.
#[derive(Default)]
pub struct Sink<'o, 'a> {
    pub(crate) out: Option<&'o mut Vec<Event<'a>>>,
    pub(crate) seen: Seen,
    /// What the input said, while that is one string and nothing else.
    pub(crate) said: Said<'a>,
    /// A string at the top level that never means anything (OpenAI's `obfuscation`), as written.
    pub(crate) padding: Option<&'a [u8]>,
}

/// Whether an input does nothing but add one string to what is being said already.
#[derive(Default)]
pub(crate) enum Said<'a> {
    /// Nothing yet.
    #[default]
    Nothing,
    /// The string, as written.
    Once(&'a [u8]),
    /// More than that: it opens, ends or changes something.
    Else,
}

impl<'a> Sink<'_, 'a> {
    #[inline(always)]
    pub(crate) fn put(&mut self, make: impl FnOnce() -> Event<'a>) {
        if let Some(out) = self.out.as_deref_mut() {
            out.push(make());
        }
    }

    #[inline]
    pub(crate) fn say(&mut self, text: Text<'a>) {
        self.said = match self.said {
            Said::Nothing => Said::Once(text.raw()),
            _ => Said::Else,
        };
    }

    pub(crate) fn touch(&mut self) {
        self.said = Said::Else;
    }

    /// The string that was said, when that was all there was to it.
    pub(crate) fn only_said(&self) -> Option<&'a [u8]> {
        let plain = Seen { progress: true, output_bytes: self.seen.output_bytes, ..Seen::default() };
        match self.said {
            Said::Once(text) if self.seen == plain => Some(text),
            _ => None,
        }
    }
}
