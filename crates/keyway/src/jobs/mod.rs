//! What runs beside the requests, on the control runtime.

pub mod accounts;
pub mod deliver;
pub mod feed;
pub mod heartbeat;
pub mod last_used;
pub mod retention;
pub mod spent;
pub mod watch;
