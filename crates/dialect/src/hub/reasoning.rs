//! How much to think: efforts and budgets, and the state that thinking leaves behind.

use super::losses::{Losses, Reason};
use super::request::State;
use std::borrow::Cow;

/// What the caller wants of reasoning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// On or off; `None` leaves it to the model.
    pub mode: Option<Mode>,
    /// How much.
    pub effort: Option<Effort>,
    /// Most tokens of it.
    pub budget: Option<u64>,
    /// Whether the reasoning, or a summary of it, shall be told.
    pub visible: Option<bool>,
}

/// Whether to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Not at all.
    Off,
    /// Always.
    On,
    /// As the model sees fit.
    Adaptive,
}

/// How much to think, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// The least a model can.
    Minimal,
    /// A little.
    Low,
    /// The usual.
    Medium,
    /// Much.
    High,
    /// More.
    XHigh,
    /// All it can.
    Max,
}

/// Efforts, their names in every dialect that has them, and the tokens they stand for where a
/// dialect counts tokens (LiteLLM's figures, which clients have come to expect).
const EFFORTS: [(Effort, &str, u64); 6] = [
    (Effort::Minimal, "minimal", 128),
    (Effort::Low, "low", 1024),
    (Effort::Medium, "medium", 2048),
    (Effort::High, "high", 4096),
    (Effort::XHigh, "xhigh", 8192),
    (Effort::Max, "max", 16384),
];

impl Effort {
    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        EFFORTS.iter().find(|(_, known, _)| *known == name).map(|(effort, ..)| *effort)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        EFFORTS.get(self as usize).map_or("medium", |(_, name, _)| name)
    }

    /// Tokens it stands for.
    #[must_use]
    pub fn budget(self) -> u64 {
        EFFORTS.get(self as usize).map_or(2048, |(.., budget)| *budget)
    }

    /// The least effort with at least `budget` tokens.
    #[must_use]
    pub fn of_budget(budget: u64) -> Self {
        EFFORTS.iter().find(|(.., tokens)| *tokens >= budget).map_or(Self::Max, |(effort, ..)| *effort)
    }

    /// The least of `levels` that is no less; their greatest when all are less.
    #[must_use]
    pub fn within(self, levels: &[Self]) -> Option<Self> {
        levels.iter().copied().filter(|level| *level >= self).min().or(levels.iter().copied().max())
    }
}

impl Reasoning {
    /// Notes that it will not be as wanted.
    pub fn given_up(&self, losses: &mut Losses) {
        losses.note("reasoning_effort", Reason::Adjusted);
        if self.budget.is_some() {
            losses.note("reasoning.budget", Reason::Adjusted);
        }
        if self.visible.is_some() {
            losses.note("reasoning.summary", Reason::Adjusted);
        }
    }

    /// Nothing is said about it.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    /// The effort wanted, by its name or by its budget.
    #[must_use]
    pub fn wanted_effort(&self) -> Option<Effort> {
        self.effort.or(self.budget.map(Effort::of_budget))
    }

    /// The budget wanted, in tokens, by its figure or by the effort's.
    #[must_use]
    pub fn wanted_budget(&self) -> Option<u64> {
        self.budget.or(self.effort.map(Effort::budget))
    }
}

/// How state is marked that a client carries for a provider that speaks another dialect.
const MARK: &str = "kw1.";

impl<'a> State<'a> {
    /// As a client can carry it where its own dialect has a place for opaque text. Whose it is
    /// stands before it, so that it never goes to anybody else.
    #[must_use]
    pub fn wrapped(origin: &str, data: &str) -> String {
        format!("{MARK}{origin}.{data}")
    }

    /// Reads what stood in such a place: wrapped by [`State::wrapped`], or the native state of
    /// whoever speaks the dialect (`native`).
    #[must_use]
    pub fn unwrapped(text: Cow<'a, str>, native: &'static str) -> Self {
        let whose = text.strip_prefix(MARK).and_then(|rest| rest.split_once('.'));
        match whose {
            Some((origin, data)) => {
                Self { origin: Cow::Owned(origin.to_owned()), data: Cow::Owned(data.to_owned()) }
            }
            None => Self { origin: Cow::Borrowed(native), data: text },
        }
    }
}
