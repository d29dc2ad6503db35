//! Floor 7: route table, listeners, start-up, drain.

pub mod body;
pub mod dispatch;
pub mod listen;
pub mod open;
pub mod routes;
pub mod socket;
pub mod table;
pub mod worker;
