//! HTTP/1.1 towards clients: a server on `httparse`, one task per connection.
//!
//! The task that reads a request answers it, and looks at the socket while the answer is made, so that
//! a client that leaves ends the provider's work at once. A request costs one `recv` and one `writev`;
//! a busy connection touches no timer, an idle one holds no buffer.
//!
//! Requests are read strictly: what two parsers could read differently is answered with an error and
//! the connection is closed.

mod body;
mod connection;
mod date;
pub mod head;
pub mod limits;
pub mod target;
mod wire;
mod write;

#[cfg(test)]
mod tests;

pub use body::Body;
pub use connection::{FIRST_REQUEST, serve, until_closing};
pub use head::{Framing, Head, HeadReader};
pub use wire::Wire;

use crate::base::Clock;
use date::Date;
use std::cell::RefCell;
use std::time::Duration;

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct ClientTimes {
    /// From the first byte of a head to its last.
    pub header: Duration,
    /// Between requests.
    pub idle: Duration,
    /// Without taking a byte of an answer.
    pub write_stall: Duration,
}

/// What the connections of one worker share.
pub struct Server {
    /// How long clients may take.
    pub times: ClientTimes,
    clock: Clock,
    date: RefCell<Date>,
}

impl Server {
    /// A server without connections.
    #[must_use]
    pub fn new(times: ClientTimes, clock: Clock) -> Self {
        Self { times, clock, date: RefCell::default() }
    }

    /// The time of day for an answer.
    #[must_use]
    pub fn date(&self) -> String {
        self.date.borrow_mut().at(self.clock.now_ms()).to_owned()
    }
}
