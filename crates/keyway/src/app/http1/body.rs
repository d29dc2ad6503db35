//! What a client sends after a head: read when somebody asks for it, and not before.

use super::head::{Framing, Head};
use super::limits::{LINGER, LINGER_BYTES_MAX, READ_BYTES_STEP, UNREAD_BYTES_MAX};
use super::wire::Wire;
use crate::app::body::{broken, too_large, too_slow};
use crate::app::pace::Pace;
use crate::base::{Code, Refusal};
use crate::upstream::chunked::Chunked;
use bytes::{Buf, Bytes, BytesMut};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A connection's incoming side. The one who answers a request and the connection itself both look at
/// it, in turns.
pub(super) struct Inflow {
    pub wire: Wire,
    rest: Rest,
    /// The client waits for a word before it sends the body.
    expects: bool,
    /// Somebody reads the body, or began to and left.
    reading: bool,
}

/// What is still to come of the body.
enum Rest {
    /// So many bytes; 0 when all of it has been read.
    Length(u64),
    Chunked(Chunked),
    /// Where the body ends will never be known: the connection is of no further use.
    Lost,
}

/// A body on its way in.
#[derive(Default)]
struct Coming {
    /// What has come of a chunked one.
    whole: BytesMut,
    /// When it first had to be waited for.
    since: Option<Instant>,
    /// Bytes read since.
    received: usize,
}

/// The body of one request.
pub struct Body<'a>(&'a RefCell<Inflow>);

impl<'a> Body<'a> {
    pub(super) fn new(inflow: &'a RefCell<Inflow>) -> Self {
        Self(inflow)
    }

    /// Reads the body, at most `bytes_max`, as long as it keeps to `pace`: one that dribbles in is not
    /// waited for longer. A client that waits for leave to send it gets it here. `room` is asked whenever
    /// more has come and it is not all, with how much that is.
    ///
    /// # Errors
    /// `body_too_large` (before a byte is read, when the length is told), `request_timeout`,
    /// `invalid_request` for a body that is malformed or breaks off, or what `room` says.
    pub async fn read(
        self,
        bytes_max: usize,
        pace: Pace,
        mut room: impl FnMut(usize) -> Result<(), Refusal>,
    ) -> Result<Bytes, Refusal> {
        let Self(inflow) = self;
        if !inflow.borrow_mut().begin_reading(bytes_max)? {
            return Ok(Bytes::new());
        }
        let mut unsent = CONTINUE;
        let mut coming = Coming::default();
        let read = poll_fn(|cx| {
            let inflow = &mut *inflow.borrow_mut();
            ready!(inflow.poll_continue(cx, &mut unsent)).map_err(|_| broken())?;
            inflow.poll_body(cx, &mut coming, (bytes_max, &pace), &mut room)
        })
        .await;
        inflow.borrow_mut().end_reading(read.is_ok());
        read
    }
}

impl Inflow {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, rest: Rest::Length(0), expects: false, reading: false }
    }

    /// A request has come; without a head, nobody knows where it ends.
    pub(super) fn begin(&mut self, head: Option<&Head>) {
        self.wire.deadline.clear();
        self.reading = false;
        self.expects = head.is_some_and(|head| head.expect_continue);
        self.rest = match head.map(|head| head.framing) {
            Some(Framing::Length(length)) => Rest::Length(length),
            Some(Framing::Chunked) => Rest::Chunked(Chunked::new()),
            None => Rest::Lost,
        };
    }

    /// Ready when the client has left while it waits for its answer.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.reading {
            // Whoever reads the body notices, and says what was wrong with it.
            return Poll::Pending;
        }
        self.wire.poll_gone(cx)
    }

    /// Whether another request can follow: the body has been read, or is small enough to be read for
    /// nothing.
    pub(super) fn is_reusable(&self) -> bool {
        match &self.rest {
            Rest::Length(0) => true,
            Rest::Length(left) => *left <= UNREAD_BYTES_MAX && !self.expects && !self.reading,
            Rest::Chunked(_) | Rest::Lost => false,
        }
    }

    /// Whether the client may be sending still.
    pub(super) fn is_unread(&self) -> bool {
        !matches!(self.rest, Rest::Length(0)) || !self.wire.buf.is_empty()
    }

    /// `false` when there is no body.
    fn begin_reading(&mut self, bytes_max: usize) -> Result<bool, Refusal> {
        match &self.rest {
            Rest::Length(0) => return Ok(false),
            Rest::Length(length) if *length > bytes_max as u64 => return Err(too_large(bytes_max)),
            Rest::Lost => return Err(broken()),
            Rest::Length(_) | Rest::Chunked(_) => {}
        }
        self.reading = true;
        // A client that has begun to send waits for nothing.
        self.expects &= self.wire.buf.is_empty();
        Ok(true)
    }

    fn end_reading(&mut self, whole: bool) {
        self.reading = false;
        self.expects = false;
        self.wire.deadline.clear();
        self.rest = if whole { Rest::Length(0) } else { Rest::Lost };
    }

    fn poll_continue(&mut self, cx: &mut Context<'_>, unsent: &mut &[u8]) -> Poll<io::Result<()>> {
        while self.expects && !unsent.is_empty() {
            let written = ready!(self.wire.poll_write(cx, &[IoSlice::new(unsent)]))?;
            unsent.advance(written);
        }
        ready!(self.wire.poll_flush(cx))?;
        self.expects = false;
        Poll::Ready(Ok(()))
    }

    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        coming: &mut Coming,
        (bytes_max, pace): (usize, &Pace),
        room: &mut impl FnMut(usize) -> Result<(), Refusal>,
    ) -> Poll<Result<Bytes, Refusal>> {
        loop {
            let wanted = match self.take(&mut coming.whole, bytes_max)? {
                Taken::All(body) => return Poll::Ready(Ok(body)),
                Taken::Some(wanted) => wanted,
            };
            room(coming.whole.len() + self.wire.buf.len())?;
            match self.wire.poll_fill(cx, wanted) {
                Poll::Ready(Ok(read)) if read > 0 => coming.received += read,
                Poll::Ready(_) => return Poll::Ready(Err(broken())),
                Poll::Pending => {
                    let began = *coming.since.get_or_insert_with(Instant::now);
                    self.wire.deadline.set(pace.until(began, coming.received));
                    ready!(self.wire.deadline.poll_passed(cx));
                    return Poll::Ready(Err(too_slow()));
                }
            }
        }
    }

    /// Takes the body off the buffer. Almost every body is there in one piece, and is not copied.
    fn take(&mut self, whole: &mut BytesMut, bytes_max: usize) -> Result<Taken, Refusal> {
        let buf = &mut self.wire.buf;
        match &mut self.rest {
            Rest::Length(length) => {
                let length = usize::try_from(*length).map_err(|_| too_large(bytes_max))?;
                if buf.len() < length {
                    return Ok(Taken::Some(length - buf.len()));
                }
                let body = buf.split_to(length).freeze();
                if length > READ_BYTES_STEP {
                    // What follows does not keep a large body's memory.
                    *buf = BytesMut::from(&buf[..]);
                }
                Ok(Taken::All(body))
            }
            Rest::Chunked(chunked) => {
                let piece = chunked.take(buf).map_err(|_| {
                    Refusal::new(Code::InvalidRequest, "The request body's chunks are malformed.")
                })?;
                if piece.len() > bytes_max - whole.len() {
                    return Err(too_large(bytes_max));
                }
                if chunked.is_ended() && whole.is_empty() {
                    return Ok(Taken::All(piece));
                }
                whole.extend_from_slice(&piece);
                if chunked.is_ended() {
                    return Ok(Taken::All(whole.split().freeze()));
                }
                Ok(Taken::Some(READ_BYTES_STEP))
            }
            Rest::Lost => Err(broken()),
        }
    }

    /// Reads what is left of a body that nobody wanted; `false` when it does not come.
    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        while let Rest::Length(left @ 1..) = &mut self.rest {
            let there =
                usize::try_from(*left).map_or(self.wire.buf.len(), |left| left.min(self.wire.buf.len()));
            self.wire.buf.advance(there);
            *left -= there as u64;
            if *left == 0 {
                break;
            }
            match self.wire.poll_fill(cx, READ_BYTES_STEP) {
                Poll::Ready(Ok(read)) if read > 0 => {}
                Poll::Ready(_) => return Poll::Ready(false),
                Poll::Pending => {
                    self.wire.deadline.start(self.wire.times.header);
                    ready!(self.wire.deadline.poll_passed(cx));
                    return Poll::Ready(false);
                }
            }
        }
        self.wire.deadline.clear();
        Poll::Ready(true)
    }
}

/// Closes a connection whose client may be sending still, so that it sees its answer.
pub(super) async fn linger(inflow: &RefCell<Inflow>) {
    inflow.borrow_mut().wire.deadline.clear();
    let mut read = 0;
    poll_fn(|cx| {
        let wire = &mut inflow.borrow_mut().wire;
        // The socket remembers that it has been shut down.
        if ready!(pin!(wire.socket.shutdown()).poll(cx)).is_err() {
            return Poll::Ready(());
        }
        while read < LINGER_BYTES_MAX {
            wire.buf.clear();
            match wire.poll_fill(cx, READ_BYTES_STEP) {
                Poll::Ready(Ok(more)) if more > 0 => read += more,
                Poll::Ready(_) => break,
                Poll::Pending => {
                    wire.deadline.start(LINGER);
                    return wire.deadline.poll_passed(cx);
                }
            }
        }
        Poll::Ready(())
    })
    .await;
}

/// What of a body is in the buffer.
enum Taken {
    All(Bytes),
    /// Not all: so many bytes are known to come, or are room enough.
    Some(usize),
}
