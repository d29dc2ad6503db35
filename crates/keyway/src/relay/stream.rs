//! A stream on its way through: every event goes out as it came, is looked at on the way, and the
//! request is booked before the last of them leaves. The status waits for the provider's first words,
//! so that a stream that fails before them is an error, not a success that ends badly.

use super::attempt::Failed;
use super::cut::{CutStream, code, frames, notice};
use super::deliver::{Wishes, meter, used};
use super::exchange::{CutOff, Frames};
use super::failures;
use super::meter::Meter;
use super::refuse::render_event;
use super::route::Shape;
use super::silence::{Silence, keep_alive};
use super::source::{Answer, Source};
use super::story::{Ended, Story};
use super::teller::Teller;
use crate::base::{Code, Lines, Refusal};
use crate::catalog::Dialect;
use crate::metering::cover::Cut;
use crate::routing::Class;
use crate::telemetry::WorkerMetrics;
use crate::upstream::Failure;
use bytes::Bytes;
use dialect::Event;
use dialect::gemini::Array;
use dialect::meter::{Ending, Seen};
use dialect::openai_chat::with_cost;
use dialect::sse::{Frame, FrameKind, SseSplitter};
use ledger::entry::UsageOrigin;
use ledger::{NanoUsd, Usage};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// How long a provider may keep its connection open after `[DONE]`, before the client's answer ends
/// without it. Most close at once, and their connection can be used again.
const AFTER_DONE: Duration = Duration::from_secs(1);
/// Longest event of a stream.
pub const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The body of a streamed answer. Dropping it closes the provider's connection and books what was
/// produced: that is how a client that leaves ends the provider's work.
pub struct Delivery {
    source: Source,
    splitter: SseSplitter,
    meter: Box<Meter>,
    /// Tells the answer anew to a client of another dialect, or its end when it must be cut.
    teller: Option<Teller>,
    /// Makes one JSON array of the events.
    array: Option<Array>,
    include_usage: bool,
    /// Ready to go out. Bounded by what one chunk of the provider's held.
    out: VecDeque<Bytes>,
    /// A usage chunk that waits for its cost.
    usage_chunk: Option<Bytes>,
    status: u16,
    /// `[DONE]` has been passed on: what comes after it is nobody's.
    done: bool,
    ended: bool,
    /// Nothing has gone out, not even the status: a failure is told by it.
    opening: bool,
    /// What became of it before anything went out.
    failed: Option<Failed>,
    /// Runs after `[DONE]`, while the provider has not ended its answer.
    grace: Option<Pin<Box<Sleep>>>,
    silence: Silence,
    _open: Open,
    /// Last, so that the connection is closed before the books are.
    story: Box<Story>,
}

/// A stream that metrics count as open.
struct Open(WorkerMetrics);

impl Open {
    fn new(metrics: &WorkerMetrics) -> Self {
        metrics.stream_opened();
        Self(metrics.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.stream_closed();
    }
}

impl Delivery {
    /// Begins to pass a stream on.
    pub fn new(story: Box<Story>, answer: &mut Answer, wishes: Wishes) -> Self {
        let Wishes { crossing, include_usage, echo, array, .. } = wishes;
        let teller = match crossing {
            Some(crossing) => Some(Teller::across(*crossing)),
            None if story.is_bounded() => Teller::of_end(&story, echo),
            None => None,
        };
        Self {
            source: answer.take_bytes(),
            splitter: SseSplitter::new(EVENT_BYTES_MAX),
            meter: Box::new(meter(&story)),
            teller,
            array: array.then(Array::default),
            include_usage,
            out: VecDeque::new(),
            usage_chunk: None,
            status: answer.status,
            done: false,
            ended: false,
            opening: true,
            failed: None,
            grace: None,
            silence: Silence::default(),
            _open: Open::new(&story.worker.metrics),
            story,
        }
    }

    /// Waits for the provider's first words. A comment counts: it is sent to keep a connection alive, so
    /// it must go on. Answers what became of a stream that has failed before them; it is not booked.
    pub fn poll_begun(&mut self, cx: &mut Context<'_>) -> Poll<Option<Failed>> {
        loop {
            self.obey(cx);
            if self.failed.is_some() || self.ended || !self.opening || !self.out.is_empty() {
                self.opening = false;
                return Poll::Ready(self.failed.take());
            }
            ready!(self.poll_more(cx));
        }
    }

    /// The request, of which nothing has gone out.
    pub fn into_story(self) -> Box<Story> {
        self.story
    }

    /// The answer has begun, with this head.
    pub fn begun(&mut self, headers: &Lines) {
        self.story.answered();
        self.story.keep_head(headers);
    }

    fn take(&mut self, frame: Frame) {
        let FrameKind::Event { data, .. } = &frame.kind else {
            // Google's clients know no comments.
            if !self.is_told_anew() || self.array.is_some() || self.story.route.shape != Shape::Google {
                self.out.push_back(frame.raw);
            }
            return;
        };
        if self.is_told_anew() {
            return self.tell(data);
        }
        let seen = self.see(data);
        if seen.progress {
            self.story.progress(seen.output_bytes);
            self.story.cover(self.meter.report().map(|report| report.usage.output()));
        }
        if seen.failed && self.opening {
            let (said, class) = failures::announced(self.meter.failure(), self.story.endpoint());
            return self.break_off(&said, Some(class));
        }
        self.opening = false;
        if seen.usage_only {
            // Its cost is known when the stream has ended: a later report would replace it.
            self.usage_chunk = Some(data.clone());
            return;
        }
        if seen.done || seen.failed {
            self.book(None);
            self.done = seen.done;
        }
        let raw = if seen.failed { self.told(&frame.raw) } else { frame.raw };
        self.out.push_back(raw);
    }

    fn is_told_anew(&self) -> bool {
        self.teller.as_ref().is_some_and(Teller::is_heard)
    }

    /// Looks at an event that goes out as it is.
    fn see(&mut self, data: &Bytes) -> Seen {
        if self.teller.is_none() && self.story.recorder.is_none() {
            return self.meter.see(data);
        }
        let mut events = Vec::new();
        let seen = self.meter.event(data, &mut events);
        if let Some(recorder) = &mut self.story.recorder {
            events.iter_mut().for_each(|event| recorder.see(event));
        }
        if let Some(teller) = &mut self.teller {
            events.into_iter().for_each(|event| teller.tell(event));
        }
        seen
    }

    /// Tells a provider's event anew. What it used is told last, when it has been booked.
    fn tell(&mut self, data: &Bytes) {
        let mut events = Vec::new();
        let seen = self.meter.event(data, &mut events);
        if seen.progress {
            self.story.progress(seen.output_bytes);
            self.story.cover(self.meter.report().map(|report| report.usage.output()));
        }
        if seen.failed && self.opening {
            let (said, class) = failures::announced(self.meter.failure(), self.story.endpoint());
            return self.break_off(&said.in_our_words(), Some(class));
        }
        if let Some(recorder) = &mut self.story.recorder {
            events.iter_mut().for_each(|event| recorder.see(event));
        }
        self.opening &= events.is_empty();
        if seen.done || seen.failed {
            self.book(None);
            self.done = seen.done;
        }
        self.encode(events, seen.done);
    }

    fn encode(&mut self, events: Vec<Event<'_>>, last: bool) {
        let endpoint = self.story.endpoint();
        let Some(teller) = &mut self.teller else { return };
        for event in events {
            let event = match event {
                Event::Failed(said) => Event::Failed(Box::new(failures::masked(&said, endpoint))),
                event => event,
            };
            teller.tell(event);
        }
        if last {
            teller.end();
        }
        self.out.extend(teller.take());
    }

    /// A provider's own words about its failure.
    fn told(&self, raw: &Bytes) -> Bytes {
        failures::said(raw, self.story.endpoint())
    }

    /// The client has heard how it ended: nothing of ours may follow.
    fn is_over(&self) -> bool {
        self.done || self.meter.failure().is_some()
    }

    /// Books the request; a usage chunk that waited goes out, if it was asked for.
    fn book(&mut self, refusal: Option<&Refusal>) {
        let failed = self.meter.failure().is_some();
        let (usage, origin) = used(&self.story, &self.meter);
        if let Some(recorder) = self.story.recorder.take().filter(|_| refusal.is_none() && !failed) {
            recorder.keep();
        }
        let (status, code) = match refusal {
            Some(refusal) => (refusal.status(), refusal.code.text()),
            None if failed => (Code::UpstreamError.status(), Code::UpstreamError.text()),
            None => (self.status, ""),
        };
        let cost = self.story.end(&Ended { status, code, usage, origin });
        if let Some(teller) = &mut self.teller {
            teller.cost(cost);
        }
        if let Some(chunk) = self.usage_chunk.take()
            && self.include_usage
        {
            self.out
                .push_back(with_cost(&chunk, &cost.map_or_else(|| "null".to_owned(), NanoUsd::to_decimal)));
        }
    }

    /// Ends a stream that cannot go on: the client hears why, in its dialect, without `[DONE]`. Before
    /// anything has gone out it is for others to say what follows; `class` is why it failed, `None` that
    /// nobody else is to be asked.
    fn break_off(&mut self, refusal: &Refusal, class: Option<Class>) {
        self.ended = true;
        self.source = Source::Ready(None);
        if self.is_over() && !self.opening {
            return;
        }
        self.usage_chunk = None;
        if self.opening {
            let used = match self.meter.report() {
                // As with a status that says so: who fails a request at once does not bill it.
                None if self.meter.failure().is_some() => (Usage::default(), UsageOrigin::Nothing),
                _ => used(&self.story, &self.meter),
            };
            self.failed = Some(Failed { refusal: refusal.clone(), class, used: Some(used) });
            return;
        }
        self.book(Some(refusal));
        if let Some(teller) = self.teller.as_mut().filter(|teller| teller.is_heard()) {
            teller.fail(refusal);
            self.out.extend(teller.take());
        } else {
            self.out.push_back(render_event(refusal, self.story.route.shape).into());
        }
    }

    /// Ends a stream that is not paid for any further: its provider stops, and its client hears a length
    /// stop that says why.
    fn cut(&mut self, cut: &Cut) {
        self.ended = true;
        self.source = Source::Ready(None);
        if self.is_over() {
            return;
        }
        self.usage_chunk = None;
        let (usage, origin) = used(&self.story, &self.meter);
        let cost = self.story.end(&Ended { status: self.status, code: code(cut), usage, origin });
        if let Some(teller) = &mut self.teller {
            teller.cost(cost);
            teller.cut(self.story.answers, usage, notice(cut));
            return self.out.extend(teller.take());
        }
        let stream = CutStream {
            request: self.story.request,
            model: &self.story.model_asked,
            created: self.story.started_ms / 1_000,
            answers: self.story.answers,
            legacy: self.story.dialect == Dialect::OpenaiCompletions,
            usage: self.include_usage.then_some((usage, cost)),
        };
        self.out.extend(frames(cut, &stream));
    }

    /// Breaks off when the key has died or the process cannot wait.
    fn obey(&mut self, cx: &Context<'_>) {
        if !self.ended
            && !self.is_over()
            && let Poll::Ready(refusal) = self.story.poll_cut(cx)
        {
            self.out.clear();
            self.break_off(&refusal, None);
        }
    }

    /// Takes in what comes next.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.source.poll_chunk(cx) {
            Poll::Ready(Some(Ok(chunk))) => {
                self.silence.heard();
                self.feed(chunk);
            }
            Poll::Ready(Some(Err(failure))) => self.break_off(&self.failure(failure), Some(Class::Retryable)),
            Poll::Ready(None) => self.finish(),
            Poll::Pending if self.done && self.poll_grace(cx).is_ready() => self.ended = true,
            Poll::Pending if !self.done => {
                ready!(self.silence.poll_lasts(self.story.worker.shared.stream_keep_alive, cx));
                self.out.push_back(keep_alive(&self.story, self.array.is_some()));
            }
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(())
    }

    fn feed(&mut self, chunk: Bytes) {
        if self.done {
            return;
        }
        self.splitter.push(chunk);
        while !self.done && !self.ended && !self.story.must_cut() {
            match self.splitter.next_frame() {
                Ok(Some(frame)) => self.take(frame),
                Ok(None) => return,
                Err(_) => return self.break_off(&self.failure(Failure::TooLarge), Some(Class::Retryable)),
            }
        }
    }

    fn finish(&mut self) {
        self.ended = true;
        if self.done {
            return;
        }
        let (complete, opening) = (self.out.len(), self.opening);
        if let Some(frame) = self.splitter.finish() {
            self.take(frame);
        }
        match self.meter.ending() {
            // A stream that ends without a stop reason was cut off, perhaps within an event: half of
            // one would swallow ours.
            Ending::Cut => {
                self.out.truncate(complete);
                self.opening = opening;
                self.break_off(&self.failure(Failure::Closed), Some(Class::Retryable));
            }
            _ => {
                self.book(None);
                let mut events = Vec::new();
                if self.is_told_anew() {
                    self.meter.finish(&mut events);
                    self.encode(events, true);
                }
            }
        }
    }

    fn poll_grace(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let grace = self.grace.get_or_insert_with(|| Box::pin(tokio::time::sleep(AFTER_DONE)));
        grace.as_mut().poll(cx)
    }

    fn failure(&self, failure: Failure) -> Refusal {
        let provider = self.story.target().map(|target| Arc::clone(&target.provider.name));
        failures::of_failure(failure, provider.as_deref().unwrap_or_default())
    }
}

/// The end of an array.
fn closed(mut array: Array) -> Bytes {
    let mut end = Vec::new();
    array.end(&mut end);
    end.into()
}

impl Frames for Delivery {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        loop {
            self.obey(cx);
            // What is not paid for does not go out.
            if let Some(cut) = ready!(self.story.poll_covered(cx)).filter(|_| !self.ended) {
                self.cut(&cut);
            }
            match (self.out.pop_front(), &mut self.array) {
                (Some(bytes), None) => {
                    self.story.keep_piece(&bytes);
                    return Poll::Ready(Some(Ok(bytes)));
                }
                (Some(bytes), Some(array)) => {
                    let mut elements = Vec::with_capacity(bytes.len());
                    array.push(&bytes, &mut elements);
                    if !elements.is_empty() {
                        let piece = Bytes::from(elements);
                        self.story.keep_piece(&piece);
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                (None, _) if self.ended => {
                    let last = self.array.take().map(closed);
                    match &last {
                        Some(piece) => self.story.keep_piece(piece),
                        None => self.story.keep_end(true),
                    }
                    return Poll::Ready(last.map(Ok));
                }
                (None, _) => ready!(self.poll_more(cx)),
            }
        }
    }
}
