//! Decoders of the dialects whose answers come in numbered blocks: what is the same in all of them.
//! A dialect adds one function that reads one frame, and another for a finished answer.

use super::{Ending, Like, Seen, Sink};
use crate::event::{Event, Part, StopReason, UpstreamMessage};
use crate::json::{JsonError, Reader, Text};
use crate::openai_chat::usage::{Anomaly, Report, UsageRule};
use std::borrow::Cow;

/// Most choices followed in one answer.
const CHOICES_MAX: usize = 128;
/// Most blocks open at a time in one choice; what comes beyond is not followed.
const OPEN_MAX: usize = 1024;

/// What a dialect adds to a [`Decoder`].
pub trait Frames: Default {
    /// What an answer is called there, for the message when it is none.
    const ANSWER: &'static str;

    /// Reads the data of one stream event.
    ///
    /// # Errors
    /// What is not JSON; what was understood before it has taken effect.
    fn frame<'a>(
        &mut self,
        reader: Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError>;

    /// Reads a finished answer.
    ///
    /// # Errors
    /// What is not JSON.
    fn whole<'a>(
        &mut self,
        reader: Reader<'a>,
        track: &mut Track,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError>;
}

/// What is known of an answer so far.
#[derive(Debug, Default)]
pub struct Track {
    /// How the provider's row counts.
    pub rule: UsageRule,
    started: bool,
    choices: Vec<Choice>,
    report: Option<Report>,
    failure: Option<Box<UpstreamMessage>>,
    done: bool,
    /// The last events have been given out.
    over: bool,
}

#[derive(Debug, Default)]
struct Choice {
    index: u32,
    next_block: u32,
    /// Open blocks: the dialect's own number and ours.
    open: Vec<(u32, u32)>,
    stop: Option<Stop>,
    called: bool,
}

#[derive(Debug, Default)]
struct Stop {
    reason: Option<StopReason>,
    native: String,
    detail: String,
}

impl Track {
    /// The answer begins; only the first time counts.
    pub fn start<'a>(&mut self, id: Option<Text<'a>>, model: Option<Text<'a>>, sink: &mut Sink<'_, 'a>) {
        if !std::mem::replace(&mut self.started, true) {
            sink.touch();
            let name = |text: Option<Text<'a>>| text.map(|text| text.cow()).unwrap_or_default();
            sink.put(|| Event::Start { id: name(id), model: name(model) });
        }
    }

    /// Whether it has begun.
    #[must_use]
    pub fn started(&self) -> bool {
        self.started
    }

    fn choice(&mut self, index: u32) -> Option<&mut Choice> {
        let at = match self.choices.iter().position(|choice| choice.index == index) {
            Some(at) => at,
            None if self.choices.len() < CHOICES_MAX && !self.over => {
                self.choices.push(Choice { index, ..Choice::default() });
                self.choices.len() - 1
            }
            None => return None,
        };
        self.choices.get_mut(at)
    }

    /// Our number of the open block `key`.
    #[must_use]
    pub fn block(&self, choice: u32, key: u32) -> Option<u32> {
        let choice = self.choices.iter().find(|known| known.index == choice)?;
        choice.open.iter().find(|(known, _)| *known == key).map(|(_, block)| *block)
    }

    /// A block begins that the dialect calls `key`; one of that name that is open ends.
    pub fn open<'a>(&mut self, choice: u32, key: u32, part: Part<'a>, sink: &mut Sink<'_, 'a>) {
        self.start(None, None, sink);
        self.close(choice, key, sink);
        let Some(known) = self.choice(choice).filter(|known| known.open.len() < OPEN_MAX) else {
            return;
        };
        sink.touch();
        if let Part::ToolCall { name, .. } = &part {
            known.called = true;
            sink.seen.progress = true;
            sink.seen.output_bytes += name.len();
        }
        let block = known.next_block;
        known.next_block += 1;
        known.open.push((key, block));
        sink.put(|| Event::Open { choice, block, part });
    }

    /// More of an open block.
    #[inline]
    pub fn say<'a>(&mut self, choice: u32, key: u32, text: Text<'a>, sink: &mut Sink<'_, 'a>) {
        let Some(block) = self.block(choice, key).filter(|_| !text.is_empty()) else {
            return;
        };
        sink.seen.progress = true;
        sink.seen.output_bytes += text.bytes();
        sink.say(text);
        sink.put(|| Event::Delta { choice, block, text: text.cow() });
    }

    /// State of an open block.
    pub fn sign<'a>(&mut self, choice: u32, key: u32, data: Cow<'a, str>, sink: &mut Sink<'_, 'a>) {
        sink.touch();
        if let Some(block) = self.block(choice, key).filter(|_| !data.is_empty()) {
            sink.put(|| Event::Signature { choice, block, data });
        }
    }

    /// A source of what an open block says.
    pub fn cite<'a>(&mut self, choice: u32, key: u32, json: Cow<'a, str>, sink: &mut Sink<'_, 'a>) {
        sink.touch();
        if let Some(block) = self.block(choice, key) {
            sink.put(|| Event::Citation { choice, block, json });
        }
    }

    /// A block ends, if it is open.
    pub fn close(&mut self, choice: u32, key: u32, sink: &mut Sink<'_, '_>) {
        let Some(known) = self.choices.iter_mut().find(|known| known.index == choice) else {
            return;
        };
        if let Some(at) = known.open.iter().position(|(open, _)| *open == key) {
            let (_, block) = known.open.remove(at);
            sink.touch();
            sink.put(|| Event::Close { choice, block });
        }
    }

    /// A choice has ended; the events of it wait for [`Track::conclude`]. `None` is a word this
    /// gateway does not know.
    pub fn stop(&mut self, choice: u32, reason: Option<StopReason>, native: Cow<'_, str>) {
        if let Some(known) = self.choice(choice) {
            let detail = known.stop.take().map(|stop| stop.detail).unwrap_or_default();
            known.stop = Some(Stop { reason, native: native.into_owned(), detail });
        }
    }

    /// What goes with the end of a choice: the stop word met, or why the answer was withheld.
    pub fn stop_detail(&mut self, choice: u32, detail: Cow<'_, str>) {
        if let Some(known) = self.choice(choice) {
            known.stop.get_or_insert_default().detail = detail.into_owned();
        }
    }

    /// Keeps the last report; one of nothing but zeros never replaces one that counted.
    pub fn used(&mut self, report: Option<Report>, sink: &mut Sink<'_, '_>) {
        let Some(report) = report else {
            return;
        };
        sink.seen.usage = true;
        let empty = report.anomaly == Some(Anomaly::Zero);
        if !(empty && self.report.is_some()) {
            self.report = Some(report);
        }
    }

    /// The answer has failed; the first reason counts.
    pub fn fail(&mut self, said: UpstreamMessage, sink: &mut Sink<'_, '_>) {
        self.failure.get_or_insert_with(|| Box::new(said));
        sink.seen.failed = true;
    }

    /// Nothing more comes.
    pub fn done(&mut self, sink: &mut Sink<'_, '_>) {
        self.done = true;
        sink.seen.done = true;
        sink.touch();
    }

    fn ending(&self) -> Ending {
        let stopped = |choice: &Choice| choice.stop.as_ref().is_some_and(|stop| !stop.native.is_empty());
        match self.failure {
            Some(_) => Ending::Failed,
            None if self.done || (!self.choices.is_empty() && self.choices.iter().all(stopped)) => {
                Ending::Complete
            }
            None => Ending::Cut,
        }
    }

    /// The last events: what is open is closed, then usage, then the stops or the failure.
    fn conclude(&mut self, sink: &mut Sink<'_, '_>) {
        if std::mem::replace(&mut self.over, true) || sink.out.is_none() {
            return;
        }
        for known in &mut self.choices {
            let choice = known.index;
            for (_, block) in known.open.drain(..) {
                sink.put(|| Event::Close { choice, block });
            }
        }
        if let Some(report) = self.report {
            sink.put(|| Event::Usage(report.usage));
        }
        if let Some(failure) = &self.failure {
            sink.put(|| Event::Failed(failure.clone()));
            return;
        }
        for choice in &self.choices {
            let (native, detail) =
                choice.stop.as_ref().map_or(("", ""), |stop| (stop.native.as_str(), stop.detail.as_str()));
            let reason = match choice.stop.as_ref().map(|stop| stop.reason) {
                Some(Some(StopReason::End)) | None if choice.called => StopReason::ToolUse,
                Some(reason) => reason.unwrap_or(StopReason::Other),
                None => StopReason::End,
            };
            sink.put(|| Event::Stop {
                choice: choice.index,
                reason,
                native: Cow::Owned(native.to_owned()),
                detail: Cow::Owned(detail.to_owned()),
            });
        }
    }
}

/// Reads one answer, event by event.
#[derive(Debug, Default)]
pub struct Decoder<F> {
    frames: F,
    track: Track,
    /// The last event, when the next is probably much like it.
    like: Like,
}

impl<F: Frames> Decoder<F> {
    /// A decoder for one answer of a provider that counts by `rule`.
    #[must_use]
    pub fn new(rule: UsageRule) -> Self {
        let mut decoder = Self { frames: F::default(), track: Track::default(), like: Like::default() };
        decoder.track.rule = rule;
        decoder
    }

    /// Reads the data of one stream event into canonical events.
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
            && !self.track.over
        {
            self.like.learn(data, text, sink.padding);
        }
        sink.seen
    }

    /// Reads a finished answer into the events of the stream it could have been.
    pub fn whole<'a>(&mut self, body: &'a [u8], out: &mut Vec<Event<'a>>) -> Seen {
        let mut sink = Sink { out: Some(out), ..Sink::default() };
        self.read(body, &mut sink, true);
        sink.seen
    }

    /// As [`Decoder::whole`] for a pass-through.
    pub fn see_whole(&mut self, body: &[u8]) -> Seen {
        let mut sink = Sink::default();
        self.read(body, &mut sink, true);
        sink.seen
    }

    /// Says that nothing more comes, and gives the events that were held back for it.
    pub fn finish(&mut self, out: &mut Vec<Event<'_>>) -> Ending {
        let ending = self.ending();
        let mut sink = Sink { out: Some(out), ..Sink::default() };
        if ending == Ending::Cut && !self.track.over {
            self.track.fail(UpstreamMessage::cut(), &mut sink);
        }
        self.track.conclude(&mut sink);
        ending
    }

    /// How the answer stands.
    #[must_use]
    pub fn ending(&self) -> Ending {
        self.track.ending()
    }

    /// The last usage report that counted anything.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.track.report.as_ref()
    }

    /// What the provider said when it failed.
    #[must_use]
    pub fn failure(&self) -> Option<&UpstreamMessage> {
        self.track.failure.as_deref()
    }

    fn read<'a>(&mut self, data: &'a [u8], sink: &mut Sink<'_, 'a>, whole: bool) {
        self.like.forget();
        let data = data.trim_ascii();
        if (data.is_empty() && !whole) || self.track.over {
            return;
        }
        if data.starts_with(b"[DONE]") && !whole {
            // OpenAI's word; some servers send it in every dialect.
            self.track.done(sink);
            return self.track.conclude(sink);
        }
        let read = Reader::of_bytes(data).map(|reader| match whole {
            true => self.frames.whole(reader, &mut self.track, sink),
            false => self.frames.frame(reader, &mut self.track, sink),
        });
        sink.seen.malformed = !matches!(read, Some(Ok(())));
        if whole && self.track.failure.is_none() && (sink.seen.malformed || !self.track.started) {
            self.track.fail(UpstreamMessage::unreadable(F::ANSWER), sink);
        }
        self.track.done |= whole;
        if self.track.failure.is_some() || self.track.done {
            self.track.conclude(sink);
        }
    }
}
