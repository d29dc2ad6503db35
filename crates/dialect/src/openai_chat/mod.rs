//! The OpenAI chat dialect (`/chat/completions`), as OpenAI and its many imitators speak it.

pub mod chunk;
pub mod decode;
pub mod error;
pub mod quirks;
pub mod redact;
pub mod usage;

pub use chunk::with_cost;
pub use decode::{Decoder, Seen, decode_whole};
pub use usage::{Anomaly, Report, UsageRule};
