//! Telling an answer anew: all of it to a client of another dialect; to a client of its provider's dialect only
//! its end, when the gateway ends it early.

use super::crossing::Crossing;
use super::story::Story;
use crate::base::Refusal;
use bytes::Bytes;
use dialect::event::{Event, Part, StopReason};
use dialect::hub::{self, Dialect, Encoder, Notice, Reply};
use ledger::{NanoUsd, Usage};

/// Tells one answer.
pub struct Teller {
    encoder: Box<Encoder>,
    to: Dialect,
    /// The provider's own words go out: what is said here does not, until the end.
    mute: bool,
    /// Blocks that can be closed at any moment and have not been: choice and number.
    open: Vec<(u32, u32)>,
    said: Vec<u8>,
}

impl Teller {
    /// For a client of another dialect.
    #[must_use]
    pub fn across(crossing: Crossing) -> Self {
        Self::new(crossing.to, crossing.reply, false)
    }

    /// For a stream that may be ended early, in the dialect its provider speaks. Chat needs none: its streams
    /// have no blocks to be closed. `echo`: what the answer repeats of its request.
    #[must_use]
    pub fn of_end(story: &Story, echo: Vec<(&'static str, String)>) -> Option<Self> {
        let to = story.dialect.conversation().filter(|to| *to != Dialect::OpenAiChat)?;
        let origin = story.target().map(|target| target.provider.name.to_string()).unwrap_or_default();
        let created_s = story.started_ms / 1_000;
        let model = story.model_asked.clone();
        Some(Self::new(to, Reply { origin, created_s, model, echo, ..Reply::default() }, true))
    }

    fn new(to: Dialect, reply: Reply, mute: bool) -> Self {
        Self { encoder: Box::new(Encoder::new(to, reply)), to, mute, open: Vec::new(), said: Vec::new() }
    }

    /// Whether the client hears all of it from here.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        !self.mute
    }

    /// Takes what the provider has said.
    pub fn tell(&mut self, event: Event<'_>) {
        match &event {
            Event::Start { id, model } if self.mute => self.name(id, model),
            Event::Open { choice, block, part } if self.can_close(part) => self.open.push((*choice, *block)),
            Event::Close { choice, block } => self.open.retain(|open| open != &(*choice, *block)),
            _ => {}
        }
        self.encoder.event(event, &mut self.said);
        if self.mute {
            self.said.clear();
        }
    }

    /// Google's calls are told in one piece: half of one is none.
    fn can_close(&self, part: &Part<'_>) -> bool {
        self.to != Dialect::Gemini || !matches!(part, Part::ToolCall { .. } | Part::Opaque { .. })
    }

    /// The answer's end is told under the names that its provider has given it.
    fn name(&mut self, id: &str, model: &str) {
        let reply = &mut self.encoder.reply;
        id.strip_prefix("resp_").unwrap_or(id).clone_into(&mut reply.id);
        if !model.is_empty() {
            model.clone_into(&mut reply.model);
        }
    }

    /// What the answer has cost.
    pub fn cost(&mut self, cost: Option<NanoUsd>) {
        self.encoder.reply.cost_usd = cost.map(NanoUsd::to_decimal);
    }

    /// The stream has come to its end.
    pub fn end(&mut self) {
        self.encoder.end(&mut self.said);
    }

    /// The stream fails here.
    pub fn fail(&mut self, refusal: &Refusal) {
        let failure = hub::Failure {
            status: refusal.status(),
            message: &refusal.message,
            kind: Some(refusal.code.kind()),
            code: Some(refusal.code.text()),
            param: refusal.param.as_deref(),
            request_id: None,
        };
        self.encoder.fail(&failure, &mut self.said);
    }

    /// The gateway ends the stream here: with a length stop of every answer, and why.
    pub fn cut(&mut self, answers: u32, usage: Usage, notice: Notice) {
        self.mute = false;
        self.encoder.reply.notice = Some(notice);
        let closes = std::mem::take(&mut self.open);
        let closes = closes.into_iter().map(|(choice, block)| Event::Close { choice, block });
        let stops = (0..answers.max(1)).map(|choice| Event::Stop {
            choice,
            reason: StopReason::Length,
            native: "length".into(),
            detail: "".into(),
        });
        for event in closes.chain([Event::Usage(usage)]).chain(stops) {
            self.encoder.event(event, &mut self.said);
        }
        self.end();
    }

    /// What there is to go out.
    pub fn take(&mut self) -> Option<Bytes> {
        (!self.said.is_empty()).then(|| std::mem::take(&mut self.said).into())
    }
}
