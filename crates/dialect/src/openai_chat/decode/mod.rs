//! Answers of this dialect to canonical events, and what the meter needs of a pass-through.
//!
//! Nothing about the shape of a chunk is taken for granted: `choices` may be missing, null
//! or empty, usage may ride anywhere (the last report wins), an error may come as a chunk.
//! A finished answer goes through the same code: its `message` is one large delta.

mod calls;
mod choice;
mod delta;
mod top;

use crate::event::{Event, UpstreamMessage};
use crate::json::Reader;
pub use crate::meter::{Ending, Seen};
use crate::meter::{Like, Sink};
use crate::openai_chat::usage::{Anomaly, Report, UsageRule};
use choice::Choice;
use std::borrow::Cow;

/// Most choices followed in one answer; the bound of `n`.
const CHOICES_MAX: usize = 128;
/// Longest id, model name or finish reason told of an answer, in bytes; a longer one is left out.
const NAME_BYTES_MAX: usize = 512;

/// Reads one answer, event by event.
#[derive(Debug, Default)]
pub struct Decoder {
    rule: UsageRule,
    /// The last event, when the next is probably much like it.
    like: Like,
    started: bool,
    choices: Vec<Choice>,
    report: Option<Report>,
    failure: Option<Box<UpstreamMessage>>,
    done: bool,
    /// The last events have been given out.
    over: bool,
}

impl Decoder {
    /// A decoder for one answer of a provider that counts by `rule`.
    #[must_use]
    pub fn new(rule: UsageRule) -> Self {
        Self { rule, ..Self::default() }
    }

    /// Reads the data of one stream event, `[DONE]` included, into canonical events.
    pub fn event<'a>(&mut self, data: &'a [u8], out: &mut Vec<Event<'a>>) -> Seen {
        let mut sink = Sink { out: Some(out), ..Sink::default() };
        self.read(data, &mut sink, false);
        sink.seen
    }

    /// As [`Decoder::event`] for a pass-through, where nobody needs the events.
    pub fn see(&mut self, data: &[u8]) -> Seen {
        if let Some(output_bytes) = self.like.matches(data) {
            return Seen { progress: true, output_bytes, ..Seen::default() };
        }
        let mut sink = Sink::default();
        self.read(data, &mut sink, false);
        if let Some(text) = sink.only_said()
            && !self.over
        {
            self.like.learn(data, text, sink.padding);
        }
        sink.seen
    }

    /// Reads a finished answer that is passed through. White space around it is let by.
    pub fn see_whole(&mut self, body: &[u8]) -> Seen {
        let mut sink = Sink::default();
        self.read(body, &mut sink, true);
        sink.seen
    }

    /// Reads a finished answer into the events of the stream it could have been.
    pub fn whole<'a>(&mut self, body: &'a [u8], out: &mut Vec<Event<'a>>) -> Seen {
        let mut sink = Sink { out: Some(out), ..Sink::default() };
        self.read(body, &mut sink, true);
        sink.seen
    }

    /// Says that nothing more comes, and gives the events that were held back for it.
    pub fn finish(&mut self, out: &mut Vec<Event<'_>>) -> Ending {
        let ending = self.ending();
        if ending == Ending::Cut && !self.over {
            self.fail(UpstreamMessage::cut());
        }
        self.conclude(&mut Sink { out: Some(out), ..Sink::default() });
        ending
    }

    /// How the answer stands.
    #[must_use]
    pub fn ending(&self) -> Ending {
        let stopped = !self.choices.is_empty() && self.choices.iter().all(Choice::stopped);
        match self.failure {
            Some(_) => Ending::Failed,
            None if self.done || stopped => Ending::Complete,
            None => Ending::Cut,
        }
    }

    /// The last usage report that counted anything.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// What the provider said when it failed.
    #[must_use]
    pub fn failure(&self) -> Option<&UpstreamMessage> {
        self.failure.as_deref()
    }

    fn read<'a>(&mut self, data: &'a [u8], sink: &mut Sink<'_, 'a>, whole: bool) {
        self.like.forget();
        let data = data.trim_ascii();
        if data.is_empty() && !whole {
            return;
        }
        if data.starts_with(b"[DONE]") && !whole {
            self.done = true;
            sink.seen.done = true;
            self.conclude(sink);
            return;
        }
        let read = Reader::of_bytes(data).map(|reader| self.chunk(data, reader, sink, whole));
        sink.seen.malformed = !matches!(read, Some(Ok(())));
        if whole {
            self.done = true;
            if self.failure.is_none() && (sink.seen.malformed || !self.started) {
                self.fail(UpstreamMessage::unreadable("a chat completion"));
                sink.seen.failed = true;
            }
        }
        if self.failure.is_some() || whole {
            self.conclude(sink);
        }
    }

    fn fail(&mut self, message: UpstreamMessage) {
        self.failure.get_or_insert_with(|| Box::new(message));
    }

    /// Keeps the last report; one of nothing but zeros never replaces one that counted.
    fn keep(&mut self, report: &Report) {
        let empty = report.anomaly == Some(Anomaly::Zero);
        if !(empty && self.report.is_some()) {
            self.report = Some(*report);
        }
    }

    /// The last events: what is open is closed, then usage, then the stops or the failure.
    fn conclude<'a>(&mut self, sink: &mut Sink<'_, 'a>) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        if sink.out.is_none() {
            return;
        }
        for choice in &mut self.choices {
            choice.close_all(sink);
        }
        if let Some(report) = self.report {
            sink.put(|| Event::Usage(report.usage));
        }
        if let Some(failure) = &self.failure {
            sink.put(|| Event::Failed(failure.clone()));
            return;
        }
        for choice in &self.choices {
            let (reason, native) = choice.stop();
            let native = Cow::Owned(native.to_owned());
            sink.put(|| Event::Stop { choice: choice.index, reason, native, detail: Cow::Borrowed("") });
        }
    }
}

/// Reads a finished answer: the events of the stream it could have been.
#[must_use]
pub fn decode_whole(body: &[u8], rule: UsageRule) -> Vec<Event<'_>> {
    let mut out = Vec::new();
    Decoder::new(rule).whole(body, &mut out);
    out
}

#[cfg(test)]
mod agree;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod story;
#[cfg(test)]
mod tests;
