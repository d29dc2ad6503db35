//! A time limit that costs nothing until somebody waits for it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// A moment after which waiting is over. The timer behind it is made when somebody first has to wait,
/// and moved only when it fires too early or would fire too late, so that a read that waits a little
/// does not touch the timer wheel.
#[derive(Default)]
pub struct Deadline {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// Takes the deadline away.
    pub fn clear(&mut self) {
        self.at = None;
    }

    /// Sets the deadline unless it is set.
    pub fn start(&mut self, wait: Duration) {
        if self.at.is_none() {
            self.at = Instant::now().checked_add(wait);
        }
    }

    /// Sets the deadline, earlier or later than it was.
    pub fn set(&mut self, at: Instant) {
        self.at = Some(at);
    }

    /// Ready when the deadline has passed; never without one.
    pub fn poll_passed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if timer.deadline() > at {
            timer.as_mut().reset(at);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= at {
                return Poll::Ready(());
            }
            timer.as_mut().reset(at);
        }
    }
}
