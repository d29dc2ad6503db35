//! A client's socket: read buffer and one timer, which outlive its requests.

use super::ClientTimes;
use super::limits::{LINGER, READ_AHEAD_BYTES_MAX, READ_BYTES_MIN, READ_BYTES_STEP, READ_SPARE_BYTES_MIN};
use crate::app::socket::Socket;
use crate::base::Deadline;
use bytes::BytesMut;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncReadExt, AsyncWrite};

/// A connection to one client.
pub struct Wire {
    /// What is read and written.
    pub socket: Socket,
    /// Bytes read and not yet used.
    pub buf: BytesMut,
    /// Of the wait that is on now; whoever begins to wait for something else clears it.
    pub deadline: Deadline,
    /// How long the client may take.
    pub times: ClientTimes,
}

impl Wire {
    /// A connection nothing has been read from.
    #[must_use]
    pub fn new(socket: Socket, times: ClientTimes) -> Self {
        Self { socket, buf: BytesMut::new(), deadline: Deadline::default(), times }
    }

    /// Reads what is there into the buffer; `Ok(0)` is the end. `wanted`: bytes that are known to come.
    pub fn poll_fill(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
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
    pub fn poll_write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let socket = Pin::new(&mut self.socket);
        let written = match slices {
            // The cheaper of two system calls.
            [slice] => socket.poll_write(cx, slice),
            slices => socket.poll_write_vectored(cx, slices),
        };
        match written {
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

    /// Sends what TLS has taken and not yet passed on; plain TCP holds nothing back.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.socket.is_tls() {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut self.socket).poll_flush(cx) {
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

    /// Tells a TLS client that this is the end, and not the work of somebody in between.
    pub(super) fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.socket.is_tls() && Pin::new(&mut self.socket).poll_shutdown(cx).is_pending() {
            self.deadline.start(LINGER);
            return self.deadline.poll_passed(cx);
        }
        Poll::Ready(())
    }
}
