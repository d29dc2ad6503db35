//! Floor 7: route table, listeners, start-up, drain.

pub mod listen;
pub mod socket;
