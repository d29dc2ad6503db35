//! One open connection: socket, read buffer and one timer that outlives its requests.

use super::limits::{READ_BYTES_MAX, READ_BYTES_MIN, READ_SPARE_BYTES_MIN};
use super::send::poll_send;
use crate::base::Deadline;
use bytes::BytesMut;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The two kinds of connection.
pub(super) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection to one origin.
pub(super) struct Wire {
    socket: Socket,
    /// Bytes read and not yet used.
    pub buf: BytesMut,
    pub deadline: Deadline,
    /// Whether anything has been read since [`Wire::begin`].
    pub received: bool,
    read_bytes: usize,
}

impl Wire {
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            socket,
            buf: BytesMut::new(),
            deadline: Deadline::default(),
            received: false,
            read_bytes: READ_BYTES_MIN,
        }
    }

    /// Prepares for the next exchange.
    pub(super) fn begin(&mut self) {
        self.received = false;
        self.deadline.clear();
        self.read_bytes = READ_BYTES_MIN;
    }

    /// Reads what is there into the buffer; `Ok(0)` is the end. A stream of small events shares one
    /// allocation as long as there is room; a bulk answer gets larger buffers as it fills them.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.buf.capacity() - self.buf.len() < READ_SPARE_BYTES_MIN {
            self.buf.reserve(self.read_bytes);
        }
        let spare = self.buf.capacity() - self.buf.len();
        // `read_buf` is cancel safe: pending means that nothing was read.
        let read = match &mut self.socket {
            Socket::Plain(tcp) => ready!(pin!(tcp.read_buf(&mut self.buf)).poll(cx)),
            Socket::Tls(tls) => ready!(pin!(tls.read_buf(&mut self.buf)).poll(cx)),
        }?;
        self.received |= read > 0;
        if read == spare {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES_MAX);
        }
        Poll::Ready(Ok(read))
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match (&mut self.socket, slices) {
            // The cheaper of two system calls.
            (Socket::Plain(tcp), [slice]) => poll_send(tcp, cx, slice),
            (Socket::Plain(tcp), slices) => Pin::new(tcp).poll_write_vectored(cx, slices),
            (Socket::Tls(tls), slices) => Pin::new(tls).poll_write_vectored(cx, slices),
        }
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(_) => Poll::Ready(Ok(())),
            Socket::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    /// Whether an unused connection is still open and silent. Costs no system call while the reactor has
    /// nothing to report. On TLS, session tickets are taken in on the way.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.buf.is_empty() && self.poll_fill(&mut Context::from_waker(Waker::noop())).is_pending()
    }
}
