//! How long a provider has said nothing. One timer for many pieces of a stream: it is looked at when nothing
//! is there, and set anew when it ends, so what comes costs nothing but a flag.

use super::route::Shape;
use super::story::Story;
use bytes::Bytes;
use dialect::hub::Dialect;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// A sign of life in the words of the client's dialect.
#[must_use]
pub fn keep_alive(story: &Story, array: bool) -> Bytes {
    Bytes::from_static(match story.route.shape {
        // Google's clients know no comments.
        Shape::Google if !array => {
            b"

"
        }
        _ => story.dialect.conversation().unwrap_or(Dialect::OpenAiChat).keep_alive(),
    })
}

/// The silence of one stream.
#[derive(Default)]
pub struct Silence {
    timer: Option<Pin<Box<Sleep>>>,
    /// Something has come since the timer was set.
    broken: bool,
}

impl Silence {
    /// Something has come.
    pub fn heard(&mut self) {
        self.broken = true;
    }

    /// Ready when nothing has come for `long`, or for up to twice as long; and again each `long` after that.
    pub fn poll_lasts(&mut self, long: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| {
            self.broken = false;
            Box::pin(tokio::time::sleep(long))
        });
        while timer.as_mut().poll(cx).is_ready() {
            timer.as_mut().reset(Instant::now() + long);
            if !std::mem::take(&mut self.broken) {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}
