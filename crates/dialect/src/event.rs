//! The canonical answer: a sequence of events. A finished answer is a stream that has ended,
//! so there is no second type for it.
//!
//! ```text
//! answer = Start  { Open | Delta | Signature | Citation | Close }  [ Usage ]  { Stop }    ended well
//!        | [ Start  { Open | Delta | Signature | Citation | Close }  [ Usage ] ]  Failed  did not
//! ```
//!
//! * Every `Open` names a new block of a choice; its `Delta`s follow; `Close` ends it.
//! * Blocks may be open at the same time (parallel tool calls). A dialect that forbids it
//!   streams the earliest open block and holds back the others.
//! * There is one `Stop` for each choice, and nothing after `Failed`.
//! * `Usage` is the total of the answer and comes once, before the stops, because some
//!   dialects tell both in one frame.

use crate::hub::Dialect;
use ledger::Usage;
use std::borrow::Cow;

/// One step of an answer. Text borrows from the bytes it was read from where it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// The answer begins.
    Start {
        /// The provider's id of it, may be empty.
        id: Cow<'a, str>,
        /// Model that answers, as the provider names it; may be empty.
        model: Cow<'a, str>,
    },
    /// A block begins.
    Open {
        /// Which of the answers asked for, from 0.
        choice: u32,
        /// Number of the block within its choice, from 0, ascending.
        block: u32,
        /// What it holds.
        part: Part<'a>,
    },
    /// More of a block: text, or a fragment of a tool call's arguments.
    Delta {
        /// Choice of the block.
        choice: u32,
        /// The block.
        block: u32,
        /// What is added; never empty.
        text: Cow<'a, str>,
    },
    /// State of a block that only its own provider can read and wants back; the last one counts.
    Signature {
        /// Choice of the block.
        choice: u32,
        /// The block.
        block: u32,
        /// As it came.
        data: Cow<'a, str>,
    },
    /// A source of what a text block says: a citation or annotation in OpenAI's or Anthropic's shape.
    Citation {
        /// Choice of the block.
        choice: u32,
        /// The block.
        block: u32,
        /// As it was written.
        json: Cow<'a, str>,
    },
    /// A block is complete.
    Close {
        /// Choice of the block.
        choice: u32,
        /// The block.
        block: u32,
    },
    /// What the whole answer used.
    Usage(Usage),
    /// A choice is complete.
    Stop {
        /// The choice.
        choice: u32,
        /// Why, in canonical terms.
        reason: StopReason,
        /// Why, in the provider's word; may be empty.
        native: Cow<'a, str>,
        /// The stop word that was met, or why the answer was withheld; may be empty.
        detail: Cow<'a, str>,
    },
    /// The answer failed; nothing follows.
    Failed(Box<UpstreamMessage>),
}

/// What a block holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text of the answer.
    Text,
    /// Text of the reasoning before it.
    Reasoning,
    /// Why the model declines.
    Refusal,
    /// A tool to be called; the deltas are its arguments.
    ToolCall {
        /// The call's id, may be empty when the provider gives none.
        id: Cow<'a, str>,
        /// Name of the tool.
        name: Cow<'a, str>,
        /// Kind of call.
        form: ToolForm,
    },
    /// Something only its home dialect can express; the deltas are JSON as it came.
    Opaque {
        /// Dialect it goes back to and no other.
        home: Dialect,
        /// Kind of thing there, for example `audio`.
        kind: Cow<'a, str>,
    },
}

/// Kinds of tool call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolForm {
    /// Arguments are JSON.
    Function,
    /// Arguments are free text.
    Custom,
    /// The deprecated `function_call` of a message.
    Legacy,
}

/// Why a choice ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The model was done.
    End,
    /// A stop word was met; which, is the detail.
    Sequence,
    /// The output cap was reached.
    Length,
    /// The model's context is full.
    ContextFull,
    /// Tools are to be called.
    ToolUse,
    /// A filter or the model itself withheld the answer.
    Filtered,
    /// A tool of the provider's own takes long; the turn is to be sent again as it is.
    Paused,
    /// A word this gateway does not know; see `native`.
    Other,
}

/// What a provider says about a failure, whatever shape it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpstreamMessage {
    /// In words, at most 2 KiB, credentials masked.
    pub message: String,
    /// `type` in OpenAI's shape.
    pub kind: Option<String>,
    /// Machine-readable code; numbers become text.
    pub code: Option<String>,
    /// The request member at fault.
    pub param: Option<String>,
}

impl UpstreamMessage {
    /// The answer broke off.
    #[must_use]
    pub fn cut() -> Self {
        Self {
            message: "The provider's answer ended before it was complete.".into(),
            code: Some("stream_cut".into()),
            ..Self::default()
        }
    }

    /// It is no answer of its dialect; `answer` is what that is called there.
    #[must_use]
    pub fn unreadable(answer: &str) -> Self {
        Self {
            message: format!("The provider's answer is not {answer}."),
            code: Some("unreadable_answer".into()),
            ..Self::default()
        }
    }
}

impl Event<'_> {
    /// The same, with its text copied, to be kept.
    #[must_use]
    pub fn kept(self) -> Event<'static> {
        let own = |text: Cow<'_, str>| -> Cow<'static, str> { Cow::Owned(text.into_owned()) };
        match self {
            Self::Start { id, model } => Event::Start { id: own(id), model: own(model) },
            Self::Open { choice, block, part } => Event::Open { choice, block, part: part.kept() },
            Self::Delta { choice, block, text } => Event::Delta { choice, block, text: own(text) },
            Self::Signature { choice, block, data } => Event::Signature { choice, block, data: own(data) },
            Self::Citation { choice, block, json } => Event::Citation { choice, block, json: own(json) },
            Self::Close { choice, block } => Event::Close { choice, block },
            Self::Usage(usage) => Event::Usage(usage),
            Self::Stop { choice, reason, native, detail } => {
                Event::Stop { choice, reason, native: own(native), detail: own(detail) }
            }
            Self::Failed(said) => Event::Failed(said),
        }
    }
}

impl Part<'_> {
    /// The same, with its text copied, to be kept.
    #[must_use]
    pub fn kept(self) -> Part<'static> {
        match self {
            Self::Text => Part::Text,
            Self::Reasoning => Part::Reasoning,
            Self::Refusal => Part::Refusal,
            Self::ToolCall { id, name, form } => {
                Part::ToolCall { id: Cow::Owned(id.into_owned()), name: Cow::Owned(name.into_owned()), form }
            }
            Self::Opaque { home, kind } => Part::Opaque { home, kind: Cow::Owned(kind.into_owned()) },
        }
    }
}
