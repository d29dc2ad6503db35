//! What a turn was thought with, as it is kept.

use serde::{Deserialize, Serialize};

/// A piece of reasoning, or the state of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thought {
    /// What it is.
    #[serde(rename = "k")]
    pub kind: Kind,
    /// Calls of the turn that came before it; of a call's state, that call's place.
    #[serde(rename = "n")]
    pub calls_before: u32,
    /// The reasoning, as far as it was told; of something redacted, the block as it came.
    #[serde(rename = "t")]
    pub text: String,
    /// What only the provider reads; may be empty.
    #[serde(rename = "s")]
    pub state: String,
}

/// Kinds of thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Reasoning, told or not.
    #[serde(rename = "r")]
    Reasoning,
    /// Reasoning that its provider hides; a block that only its dialect knows.
    #[serde(rename = "h")]
    Hidden,
    /// The state of a call.
    #[serde(rename = "c")]
    Call,
}

pub(super) fn written(thoughts: &[Thought]) -> Option<Vec<u8>> {
    serde_json::to_vec(thoughts).ok()
}

pub(super) fn read(plain: &[u8]) -> Option<Vec<Thought>> {
    serde_json::from_slice(plain).ok()
}
