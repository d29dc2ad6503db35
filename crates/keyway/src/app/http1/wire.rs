//! A client's socket: read buffer and one timer, which outlive its requests.

use super::ClientTimes;
use super::limits::{READ_AHEAD_BYTES_MAX, READ_BYTES_MIN, READ_BYTES_STEP, READ_SPARE_BYTES_MIN};
use crate::base::Deadline;
use bytes::BytesMut;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;

/// A connection to one client.
pub(super) struct Wire {
    pub socket: TcpStream,
    /// Bytes read and not yet used.
    pub buf: BytesMut,
    /// Of the wait that is on now; whoever begins to wait for something else clears it.
    pub deadline: Deadline,
    pub times: ClientTimes,
}

impl Wire {
    pub(super) fn new(socket: TcpStream, times: ClientTimes) -> Self {
        Self { socket, buf: BytesMut::new(), deadline: Deadline::default(), times }
    }

    /// Reads what is there into the buffer; `Ok(0)` is the end. `wanted`: bytes that are known to come.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        let spare = self.buf.capacity() - self.buf.len();
        if spare < wanted.clamp(1, READ_SPARE_BYTES_MIN) {
            // No room is made before there is something to put there: an idle connection holds none.
            ready!(self.socket.poll_read_ready(cx))?;
            let step = self.buf.len().max(READ_BYTES_STEP);
            self.buf.reserve(wanted.clamp(READ_BYTES_MIN, step));
        }
        // `read_buf` is cancel safe: pending means that nothing was read.
        pin!(self.socket.read_buf(&mut self.buf)).poll(cx)
    }

    /// Ready when the client has left. What it sends ahead meanwhile is kept, up to a bound; beyond it
    /// nothing is read, and its leaving is noticed when it is written to.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.buf.len() < READ_AHEAD_BYTES_MAX {
            match ready!(self.poll_fill(cx, READ_SPARE_BYTES_MIN)) {
                Ok(read) if read > 0 => {}
                _ => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    /// Writes some; an error when the client takes nothing for too long.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.socket).poll_write_vectored(cx, slices) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(done) => {
                self.deadline.clear();
                Poll::Ready(done)
            }
            Poll::Pending => {
                self.deadline.start(self.times.write_stall);
                ready!(self.deadline.poll_passed(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}
