//! The canonical answer: a sequence of events. A finished answer is a stream that has ended,
//! so there is no second type for it.
//!
//! ```text
//! answer = Start  { Open | Delta | Signature | Close }  [ Usage ]  { Stop }    ended well
//!        | [ Start  { Open | Delta | Signature | Close }  [ Usage ] ]  Failed  did not
//! ```
//!
//! * Every `Open` names a new block of a choice; its `Delta`s follow; `Close` ends it.
//! * Blocks may be open at the same time (parallel tool calls). A dialect that forbids it
//!   streams the earliest open block and holds back the others.
//! * There is one `Stop` for each choice, and nothing after `Failed`.
//! * `Usage` is the total of the answer and comes once, before the stops, because some
//!   dialects tell both in one frame.

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
    /// State of a reasoning block that only its own provider can read and wants back.
    Signature {
        /// Choice of the block.
        choice: u32,
        /// The block.
        block: u32,
        /// As it came.
        data: Cow<'a, str>,
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
        home: &'static str,
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
    /// The model was done, or met a stop sequence.
    End,
    /// The output cap was reached.
    Length,
    /// The model's context is full.
    ContextFull,
    /// Tools are to be called.
    ToolUse,
    /// A filter or the model itself withheld the answer.
    Filtered,
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
