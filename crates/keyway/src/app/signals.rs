//! Signals that end the process.

use crate::base::Fault;
use crate::base::fault::Doing;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT.
pub struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    /// Begins to listen; from here on the signals no longer kill.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> Result<Self, Fault> {
        Ok(Self {
            term: signal(SignalKind::terminate()).doing("listening for SIGTERM")?,
            int: signal(SignalKind::interrupt()).doing("listening for SIGINT")?,
        })
    }

    /// Waits for the next one.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}
