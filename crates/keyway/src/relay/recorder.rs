//! Listens to an answer for what its provider will want back of it, and keeps that when the answer is
//! complete.

use super::context::Shared;
use crate::vault::{Kind, Naming, STATE_BYTES_MAX, Thought};
use dialect::event::{Event, Part, ToolForm};
use dialect::hub::Restore;
use std::borrow::Cow;
use std::sync::Arc;

/// The block by which Anthropic tells reasoning that it hides.
pub(super) const HIDDEN: &str = "redacted_thinking";

/// Arguments of a call, told as those of a function.
pub(super) fn arguments(form: ToolForm, text: &str) -> Cow<'_, str> {
    match form {
        ToolForm::Custom => Cow::Owned(Restore::custom_arguments(text)),
        _ => Cow::Borrowed(text),
    }
}

/// A block of the answer, as far as it matters here.
struct Heard {
    block: u32,
    /// The call's id and form; `None` for reasoning.
    call: Option<(String, ToolForm)>,
    thought: Thought,
}

/// Listens to one answer.
pub struct Recorder {
    shared: Arc<Shared>,
    naming: Naming,
    parts: Vec<Heard>,
    calls: u32,
    bytes: usize,
    /// What invented ids of calls begin with, where the client is told the answer anew.
    ids: Option<String>,
    /// There are several answers, or it is too long: nothing is kept.
    given_up: bool,
}

impl Recorder {
    /// A recorder of the turn that comes after those that `naming` has named. Calls without an id get one
    /// that begins with `ids`.
    #[must_use]
    pub fn new(shared: Arc<Shared>, naming: Naming, ids: Option<String>) -> Self {
        Self { shared, naming, parts: Vec::new(), calls: 0, bytes: 0, ids, given_up: false }
    }

    /// Looks at an event on its way to the client.
    pub fn see(&mut self, event: &mut Event<'_>) {
        match event {
            Event::Open { choice: 0, block, part } => self.open(*block, part),
            Event::Open { .. } => self.give_up(),
            Event::Delta { choice: 0, block, text } => self.add(*block, text, |thought| &mut thought.text),
            Event::Signature { choice: 0, block, data } => {
                if let Some(part) = self.parts.iter_mut().find(|part| part.block == *block) {
                    part.thought.state.clear();
                }
                self.add(*block, data, |thought| &mut thought.state);
            }
            _ => {}
        }
    }

    fn open(&mut self, block: u32, part: &mut Part<'_>) {
        let (kind, call) = match part {
            Part::Reasoning => (Kind::Reasoning, None),
            Part::Opaque { kind, .. } if kind == HIDDEN => (Kind::Hidden, None),
            Part::ToolCall { id, form, .. } => {
                if let (true, Some(ids)) = (id.is_empty(), &self.ids) {
                    *id = Cow::Owned(format!("call_{ids}_{}", self.calls));
                }
                (Kind::Call, Some((id.clone().into_owned(), *form)))
            }
            _ => return,
        };
        let thought = Thought { kind, calls_before: self.calls, text: String::new(), state: String::new() };
        self.calls += u32::from(call.is_some());
        self.parts.push(Heard { block, call, thought });
    }

    fn add(&mut self, block: u32, text: &str, of: impl FnOnce(&mut Thought) -> &mut String) {
        let Some(part) = self.parts.iter_mut().find(|part| part.block == block) else { return };
        self.bytes += text.len();
        if self.bytes > STATE_BYTES_MAX {
            return self.give_up();
        }
        of(&mut part.thought).push_str(text);
    }

    fn give_up(&mut self) {
        self.given_up = true;
        self.parts = Vec::new();
    }

    /// Keeps what the complete answer was thought with, if it calls tools and leaves anything behind.
    pub fn keep(mut self) {
        if self.given_up || self.calls == 0 {
            return;
        }
        let calls = self.parts.iter().filter_map(|part| {
            let (id, form) = part.call.as_ref()?;
            Some((&**id, arguments(*form, &part.thought.text)))
        });
        let calls: Vec<(&str, Cow<'_, str>)> = calls.collect();
        let name = self.naming.turn(calls.iter().map(|(id, arguments)| (*id, &**arguments)));
        let says = |thought: &Thought| {
            !thought.state.is_empty() || thought.kind != Kind::Call && !thought.text.is_empty()
        };
        let mut thoughts: Vec<Thought> =
            self.parts.into_iter().map(|part| part.thought).filter(says).collect();
        for thought in thoughts.iter_mut().filter(|thought| thought.kind == Kind::Call) {
            thought.text.clear();
        }
        if !thoughts.is_empty() {
            self.shared.vault.keep(name, &thoughts);
        }
    }
}
