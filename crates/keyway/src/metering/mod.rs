//! What every request used: admission, the journal, and its way into the database exactly once.
//!
//! A worker writes SENT before the first byte goes to a provider and SETTLE before the last byte
//! goes to the client; what a turn of its loop has to write goes into its own journal by one `pwrite`
//! ([`journal`], [`written`]). The shipper
//! ([`ship`]) reads what is committed, packs and sums it ([`fold`]), and stores it in the same
//! transaction that moves the journal's cursor ([`intake`]): a crash at any point repeats a step
//! or does not, and never half of it. What a dead process left is taken in at the next start
//! ([`recover`]); a SENT without an answer becomes one estimated line.

pub mod admit;
pub mod charges;
pub mod cover;
mod disk;
pub mod fold;
pub mod intake;
pub mod journal;
pub mod keeper;
pub mod limits;
pub mod reader;
pub mod recover;
pub mod seen;
pub mod segment;
pub mod shard;
pub mod shares;
pub mod ship;
pub mod spares;
pub mod spend;
pub mod verify;
pub mod write_off;
pub mod written;

#[cfg(test)]
mod tests;

pub use admit::{Admitted, Worker, admit};
pub use journal::Journal;
pub use recover::{Recovered, recover};
pub use segment::Plan;
pub use shard::ShardState;
pub use ship::Shipper;
pub use spares::Spares;
pub use written::Written;

/// Looks a price version up; `None` when it is not known any more.
pub type Prices = dyn Fn(&str) -> Option<ledger::Price> + Send + Sync;

/// Smallest segment, bytes.
pub const SEGMENT_BYTES_MIN: u32 = 64 * 1024;
/// Largest segment, bytes.
pub const SEGMENT_BYTES_MAX: u32 = 1024 * 1024 * 1024;
/// Segment size unless set, bytes.
pub const SEGMENT_BYTES: u32 = 4 * 1024 * 1024;
