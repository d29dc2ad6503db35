//! LLM wire formats and their translation. Pure: no sockets, no clock, no database.
//!
//! A request in the provider's own dialect is passed on as it came: [`mod@peek`] reads what
//! admission needs, [`edit`] changes named slices of the original bytes. An answer is split
//! into frames by [`sse`] and read as canonical [`event`]s, which is all that metering sees.
//! Between two dialects, the [`hub`] translates.

pub mod anthropic;
pub mod bedrock;
pub mod content;
pub mod edit;
pub mod event;
pub mod form;
pub mod gemini;
pub mod hub;
pub mod json;
pub mod media;
pub mod meter;
pub mod needs;
pub mod openai_chat;
pub mod openai_responses;
pub mod peek;
pub mod rerank;
pub mod shape;
pub mod small;
pub mod sse;
pub mod vectors;

pub use content::{Content, content, content_at_most};
pub use edit::{AskUsage, Wanted, rewrite, rewrite_to};
pub use event::{Event, Part, StopReason, ToolForm, UpstreamMessage};
pub use hub::Dialect;
pub use needs::{Needs, needs};
pub use peek::{Peek, PeekError, peek, peek_as};
pub use sse::{Frame, FrameKind, SseError, SseSplitter};
