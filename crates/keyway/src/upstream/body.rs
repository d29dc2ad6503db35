//! The body of an answer, pulled piece by piece; it gives its connection back when it has ended well.

use super::Failure;
use super::head::Framing;
use super::pool::Pool;
use super::wire::Wire;
use bytes::{Bytes, BytesMut};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A body being read. Pulling it is what reads the socket, so a slow client slows the provider. Dropping
/// it before its end closes the connection at once, which is how a client that leaves stops the provider.
/// The last event of a stream is not its end: pull until `None`, or the connection is lost for others.
pub struct Body {
    /// `None` once the body has ended or failed.
    wire: Option<Box<Wire>>,
    framing: Framing,
    pool: Arc<Pool>,
    keep_alive: bool,
    /// Bytes handed out so far.
    bytes: u64,
}

impl Body {
    pub(super) fn new(
        wire: Box<Wire>,
        framing: Framing,
        keep_alive: bool,
        pool: Arc<Pool>,
    ) -> Result<Self, Failure> {
        if let Framing::Length(length) = framing
            && length > pool.limits.answer_bytes_max
        {
            return Err(Failure::TooLarge);
        }
        let mut body = Self { wire: Some(wire), framing, pool, keep_alive, bytes: 0 };
        if matches!(body.framing, Framing::Length(0)) {
            body.finish();
        }
        Ok(body)
    }

    /// Whether nothing more will come: after the last piece, and after a failure.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.wire.is_none()
    }

    /// Bytes still to come, where the answer said so.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(left) => Some(left),
            Framing::Chunked(_) | Framing::UntilClose => None,
        }
    }

    /// The next piece as soon as any of it is there: what one read has brought. `None` at the end; after
    /// a failure there is no more. The idle time-out runs only while somebody waits here.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        let piece = ready!(self.poll_piece(cx));
        if let Some(Err(_)) = &piece {
            self.wire = None;
        }
        Poll::Ready(piece)
    }

    /// [`Body::poll_chunk`] to await.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, Failure>> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The whole body, when it has at most `bytes_max` bytes.
    ///
    /// # Errors
    /// Any failure of the connection, and [`Failure::TooLarge`].
    pub async fn whole(mut self, bytes_max: usize) -> Result<Bytes, Failure> {
        let announced = self.remaining().map_or(0, |left| usize::try_from(left).unwrap_or(usize::MAX));
        if announced > bytes_max {
            return Err(Failure::TooLarge);
        }
        let Some(first) = self.chunk().await.transpose()? else {
            return Ok(Bytes::new());
        };
        if self.is_ended() && first.len() <= bytes_max {
            return Ok(first);
        }
        let mut whole = BytesMut::with_capacity(announced.max(first.len() * 2).min(bytes_max));
        let mut next = Some(first);
        while let Some(piece) = next {
            if piece.len() > bytes_max - whole.len() {
                return Err(Failure::TooLarge);
            }
            whole.extend_from_slice(&piece);
            next = self.chunk().await.transpose()?;
        }
        Ok(whole.freeze())
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        loop {
            let Some(wire) = &mut self.wire else {
                return Poll::Ready(None);
            };
            if !wire.buf.is_empty() {
                let piece = next_piece(&mut self.framing, &mut wire.buf)?;
                self.bytes += piece.len() as u64;
                if self.bytes > self.pool.limits.answer_bytes_max {
                    return Poll::Ready(Some(Err(Failure::TooLarge)));
                }
                let ended = match &self.framing {
                    Framing::Length(left) => *left == 0,
                    Framing::Chunked(chunked) => chunked.is_ended(),
                    Framing::UntilClose => false,
                };
                if ended {
                    self.finish();
                }
                if !piece.is_empty() {
                    return Poll::Ready(Some(Ok(piece)));
                }
                continue;
            }
            match wire.poll_fill(cx) {
                Poll::Ready(Ok(0)) if matches!(self.framing, Framing::UntilClose) => {
                    self.finish();
                    return Poll::Ready(None);
                }
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Some(Err(Failure::Closed))),
                Poll::Ready(Ok(_)) => wire.deadline.clear(),
                Poll::Pending => {
                    wire.deadline.start(Duration::from_millis(self.pool.limits.idle_ms));
                    ready!(wire.deadline.poll_passed(cx));
                    return Poll::Ready(Some(Err(Failure::IdleTimeout)));
                }
            }
        }
    }

    /// The end was reached. Bytes beyond it belong to no request of ours: such a connection is closed,
    /// for what follows could be taken for the answer to somebody else's request.
    fn finish(&mut self) {
        if let Some(wire) = self.wire.take()
            && self.keep_alive
            && wire.buf.is_empty()
        {
            self.pool.put(wire);
        }
    }
}

/// Body bytes at the front of a buffer that is not empty; empty when there is only framing.
fn next_piece(framing: &mut Framing, buf: &mut BytesMut) -> Result<Bytes, Failure> {
    match framing {
        Framing::UntilClose => Ok(buf.split().freeze()),
        Framing::Length(left) => {
            let take = usize::try_from(*left).map_or(buf.len(), |left| left.min(buf.len()));
            *left -= take as u64;
            Ok(buf.split_to(take).freeze())
        }
        Framing::Chunked(chunked) => chunked.take(buf).map_err(Failure::Protocol),
    }
}
