//! Floor 7: route table, listeners, start-up, drain.

pub mod banner;
pub mod dispatch;
pub mod door;
pub mod files;
pub mod http1;
pub mod listen;
pub mod metrics_listener;
pub mod open;
pub mod pace;
pub mod routes;
pub mod sandbox;
pub mod serve;
pub mod signals;
pub mod start;
pub mod table;
pub mod worker;
