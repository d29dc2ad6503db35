//! A finished answer put together from the events it came in. It is no second form of answer: only
//! what an encoder holds while it writes what a dialect says in one piece.

use super::Dialect;
use crate::event::{Event, Part, StopReason, UpstreamMessage};
use ledger::Usage;
use std::borrow::Cow;

/// An answer so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Whole {
    /// The provider's id of it.
    pub id: String,
    /// Model as the provider names it.
    pub model: String,
    /// Its choices in ascending order of their first event.
    pub choices: Vec<Choice>,
    /// What it used.
    pub usage: Option<Usage>,
    /// What the provider said when it failed.
    pub failed: Option<UpstreamMessage>,
}

/// One choice so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// Its index.
    pub index: u32,
    /// Its blocks in the order they began.
    pub blocks: Vec<Built>,
    /// Why it ended: reason, the provider's word, detail.
    pub stop: Option<(StopReason, String, String)>,
}

/// One block so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// Its number.
    pub block: u32,
    /// What it holds.
    pub part: Part<'static>,
    /// All its text.
    pub text: String,
    /// The provider's state for it; may be empty.
    pub state: String,
    /// Sources, as they were written.
    pub citations: Vec<String>,
}

impl Whole {
    /// The answer that `events` tell.
    pub fn of<'a>(events: impl IntoIterator<Item = Event<'a>>) -> Self {
        let mut whole = Self::default();
        for event in events {
            whole.push(&event);
        }
        whole
    }

    /// Adds one event.
    pub fn push(&mut self, event: &Event<'_>) {
        match event {
            Event::Start { id, model } => {
                (self.id, self.model) = (id.to_string(), model.to_string());
            }
            Event::Open { choice, block, part } => {
                let built = Built {
                    block: *block,
                    part: part.clone().kept(),
                    text: String::new(),
                    state: String::new(),
                    citations: Vec::new(),
                };
                self.choice(*choice).blocks.push(built);
            }
            Event::Delta { choice, block, text } => {
                self.with(*choice, *block, |built| built.text.push_str(text));
            }
            Event::Signature { choice, block, data } => {
                self.with(*choice, *block, |built| built.state = data.to_string());
            }
            Event::Citation { choice, block, json } => {
                self.with(*choice, *block, |built| built.citations.push(json.to_string()));
            }
            Event::Close { .. } => {}
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Stop { choice, reason, native, detail } => {
                self.choice(*choice).stop = Some((*reason, native.to_string(), detail.to_string()));
            }
            Event::Failed(said) => self.failed = Some((**said).clone()),
        }
    }

    /// The first choice, which is the only one in dialects without several.
    #[must_use]
    pub fn first(&self) -> Option<&Choice> {
        self.choices.first()
    }

    /// A block, if it has begun.
    #[must_use]
    pub fn block(&self, choice: u32, block: u32) -> Option<&Built> {
        let choice = self.choices.iter().find(|known| known.index == choice)?;
        choice.blocks.iter().find(|built| built.block == block)
    }

    fn choice(&mut self, index: u32) -> &mut Choice {
        let at = self.choices.iter().position(|known| known.index == index).unwrap_or_else(|| {
            self.choices.push(Choice { index, ..Choice::default() });
            self.choices.len() - 1
        });
        &mut self.choices[at]
    }

    fn with(&mut self, choice: u32, block: u32, change: impl FnOnce(&mut Built)) {
        let choice = self.choice(choice);
        if let Some(built) = choice.blocks.iter_mut().find(|built| built.block == block) {
            change(built);
        }
    }

    /// The events that tell it: each block in one piece.
    #[must_use]
    pub fn events(&self) -> Vec<Event<'_>> {
        let mut out = vec![Event::Start { id: Cow::Borrowed(&self.id), model: Cow::Borrowed(&self.model) }];
        for known in &self.choices {
            let choice = known.index;
            for built in &known.blocks {
                let block = built.block;
                out.push(Event::Open { choice, block, part: built.part.clone() });
                if !built.text.is_empty() {
                    out.push(Event::Delta { choice, block, text: Cow::Borrowed(&built.text) });
                }
                let citation = |json| Event::Citation { choice, block, json: Cow::Borrowed(json) };
                out.extend(built.citations.iter().map(String::as_str).map(citation));
                if !built.state.is_empty() {
                    out.push(Event::Signature { choice, block, data: Cow::Borrowed(&built.state) });
                }
                out.push(Event::Close { choice, block });
            }
        }
        out.extend(self.usage.map(Event::Usage));
        if let Some(said) = &self.failed {
            out.push(Event::Failed(Box::new(said.clone())));
            return out;
        }
        for known in &self.choices {
            if let Some((reason, native, detail)) = &known.stop {
                let (native, detail) = (Cow::Borrowed(native.as_str()), Cow::Borrowed(detail.as_str()));
                out.push(Event::Stop { choice: known.index, reason: *reason, native, detail });
            }
        }
        out
    }
}

impl Built {
    /// Whether it is a thing of another dialect than `dialect` alone.
    #[must_use]
    pub fn is_foreign(&self, dialect: Dialect) -> bool {
        matches!(self.part, Part::Opaque { home, .. } if home != dialect)
    }
}
