//! Request bodies of HTTP/2.

use super::limits::BODIES_BYTES_MAX;
use super::stream::Respond;
use crate::app::body::{broken, too_large, too_slow};
use crate::app::pace::Pace;
use crate::base::{Code, Deadline, Refusal};
use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use http::{Response, StatusCode};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::time::Instant;

/// Bytes of all bodies that a connection has in memory.
#[derive(Default)]
pub(super) struct Held(Cell<usize>);

/// One request's part of them, given back when the request has ended.
pub(super) struct Share {
    held: Rc<Held>,
    own: Cell<usize>,
}

impl Share {
    pub(super) fn of(held: &Rc<Held>) -> Rc<Self> {
        Rc::new(Self { held: Rc::clone(held), own: Cell::new(0) })
    }

    /// Takes room for some bytes; `false` when the others have taken too much.
    fn take(&self, bytes: usize) -> bool {
        let others = self.held.0.get() - self.own.get();
        self.own.set(self.own.get() + bytes);
        self.held.0.set(self.held.0.get() + bytes);
        others == 0 || self.held.0.get() <= BODIES_BYTES_MAX
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.held.0.set(self.held.0.get().saturating_sub(self.own.get()));
    }
}

/// A body on its way in.
#[derive(Default)]
struct Coming {
    whole: BytesMut,
    /// When it first had to be waited for.
    since: Option<Instant>,
    /// Bytes read since.
    received: usize,
    deadline: Deadline,
}

/// The body of one request.
pub struct Body {
    pub(super) stream: RecvStream,
    pub(super) share: Rc<Share>,
    pub(super) respond: Rc<Respond>,
    /// What the Content-Length says.
    pub(super) length: u64,
    /// The client waits for a word before it sends the body.
    pub(super) expects: bool,
}

impl Body {
    /// Reads the body, at most `bytes_max`, as long as it keeps to `pace`. `room` is asked whenever more has
    /// come and it is not all, with how much that is.
    ///
    /// # Errors
    /// `body_too_large` (before a byte is read, when the length is told), `request_timeout`, `overloaded`
    /// when the connection's other requests have filled its room, or `invalid_request` for a body that
    /// breaks off.
    pub async fn read(
        mut self,
        bytes_max: usize,
        pace: Pace,
        mut room: impl FnMut(usize) -> Result<(), Refusal>,
    ) -> Result<Bytes, Refusal> {
        if self.stream.is_end_stream() {
            return Ok(Bytes::new());
        }
        if self.length > bytes_max as u64 {
            return Err(too_large(bytes_max));
        }
        if self.expects {
            let mut answer = Response::new(());
            *answer.status_mut() = StatusCode::CONTINUE;
            self.respond.borrow_mut().send_informational(answer).map_err(|_| broken())?;
        }
        let mut coming = Coming::default();
        poll_fn(|cx| self.poll_body(cx, &mut coming, (bytes_max, &pace), &mut room)).await
    }

    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        coming: &mut Coming,
        (bytes_max, pace): (usize, &Pace),
        room: &mut impl FnMut(usize) -> Result<(), Refusal>,
    ) -> Poll<Result<Bytes, Refusal>> {
        loop {
            let piece = match self.stream.poll_data(cx) {
                Poll::Ready(Some(Ok(piece))) => piece,
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(broken())),
                Poll::Ready(None) => return Poll::Ready(Ok(coming.whole.split().freeze())),
                Poll::Pending => {
                    let began = *coming.since.get_or_insert_with(Instant::now);
                    coming.deadline.set(pace.until(began, coming.received));
                    ready!(coming.deadline.poll_passed(cx));
                    return Poll::Ready(Err(too_slow()));
                }
            };
            // Only what is known here goes wrong: that so much has not been received.
            let _ = self.stream.flow_control().release_capacity(piece.len());
            coming.received += if coming.since.is_some() { piece.len() } else { 0 };
            if piece.len() > bytes_max - coming.whole.len() {
                return Poll::Ready(Err(too_large(bytes_max)));
            }
            if !self.share.take(piece.len()) {
                return Poll::Ready(Err(Refusal::new(
                    Code::Overloaded,
                    "This connection has too many large request bodies at once. Send fewer, or use another \
                     connection.",
                )));
            }
            if coming.whole.is_empty() && self.stream.is_end_stream() {
                return Poll::Ready(Ok(piece));
            }
            coming.whole.extend_from_slice(&piece);
            room(coming.whole.len())?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_share_the_room_of_their_connection() {
        let held = Rc::new(Held::default());
        let one = Share::of(&held);
        // Alone, a body may be as large as its route takes.
        assert!(one.take(BODIES_BYTES_MAX) && one.take(1));
        let other = Share::of(&held);
        assert!(!other.take(1));
        drop(one);
        assert!(other.take(1));
        let third = Share::of(&held);
        assert!(third.take(BODIES_BYTES_MAX - 2) && !third.take(1));
        drop((other, third));
        assert_eq!(held.0.get(), 0);
    }
}
