//! What runs beside the requests, on the control runtime.

pub mod accounts;
pub mod deliver;
pub mod feed;
pub mod heartbeat;
pub mod last_used;
pub mod retention;
pub mod spent;
pub mod watch;

use std::time::Duration;

/// How long a round of a job waits for the database before it is given up, so that the next one finds a
/// connection that lives.
const JOB_WAIT: Duration = Duration::from_secs(120);
