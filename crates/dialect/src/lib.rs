//! LLM wire formats and their translation. Pure: no sockets, no clock, no database.
//!
//! A request in the provider's own dialect is passed on as it came: [`mod@peek`] reads what
//! admission needs, [`edit`] changes named slices of the original bytes. An answer is split
//! into frames by [`sse`] and read as canonical [`event`]s, which is all that metering sees.

pub mod edit;
pub mod event;
pub mod json;
pub mod needs;
pub mod openai_chat;
pub mod peek;
pub mod small;
pub mod sse;

pub use edit::{AskUsage, Wanted, rewrite, rewrite_to};
pub use event::{Event, Part, StopReason, ToolForm, UpstreamMessage};
pub use needs::{Needs, needs};
pub use peek::{Peek, PeekError, peek, peek_in_path};
pub use sse::{Frame, FrameKind, SseError, SseSplitter};
