//! Floor 0: what everything stands on.

pub mod clock;
pub mod csv;
pub mod deadline;
pub mod fault;
pub mod fields;
pub mod id;
pub mod map;
pub mod network;
pub mod query;
pub mod refusal;
pub mod secret;
pub mod tasks;
pub mod turn;

pub use clock::Clock;
pub use deadline::Deadline;
pub use fault::{Fault, Trouble};
pub use fields::{Fields, Lines};
pub use map::Map;
pub use refusal::{Code, Refusal};
pub use secret::Secret;
