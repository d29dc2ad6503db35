//! Answers: head and body in one write, streams as they come.

use super::body::Inflow;
use super::limits::{GATHER_BYTES_MAX, GATHER_PIECES_MAX, JOIN_BYTES_MAX, SENDS_PER_TURN};
use super::wire::Wire;
use crate::base::Lines;
use crate::relay::Frames;
use bytes::Bytes;
use http::StatusCode;
use std::io::{self, IoSlice, Write as _};
use std::task::{Context, Poll, ready};

/// Room for a usual head, bytes.
const HEAD_BYTES: usize = 512;
const SLICES_MAX: usize = GATHER_PIECES_MAX + 3;
const EMPTY: &[u8] = &[];

/// How a body is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// By its length.
    Length(usize),
    Chunked,
    /// By the end of the connection.
    UntilClose,
    /// There is none, and no length either.
    Bodiless,
}

/// What is on its way out: a head, the size of a chunk, pieces of a body, what follows them.
pub(super) struct Outflow {
    head: Vec<u8>,
    size: Vec<u8>,
    pieces: Vec<Bytes>,
    tail: &'static [u8],
    /// Bytes of the pieces.
    gathered: usize,
    /// Bytes of everything.
    length: usize,
    sent: usize,
}

impl Outflow {
    /// Begins with a head. Its fields say nothing about the connection: those are written here.
    pub(super) fn new(
        status: StatusCode,
        headers: &Lines,
        coding: Coding,
        connection: Option<&str>,
        date: &str,
    ) -> Self {
        let body = match coding {
            Coding::Length(length) if length < JOIN_BYTES_MAX - HEAD_BYTES => length,
            _ => 0,
        };
        // A small body comes behind it.
        let mut head = Vec::with_capacity(HEAD_BYTES + body);
        head.extend_from_slice(b"HTTP/1.1 ");
        head.extend_from_slice(status.as_str().as_bytes());
        head.push(b' ');
        head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
        head.extend_from_slice(b"\r\n");
        head.extend_from_slice(headers.as_bytes());
        let mut put = |name: &str, value: &[u8]| {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                head.extend_from_slice(part);
            }
        };
        match coding {
            Coding::Length(length) => {
                put("content-length", itoa::Buffer::new().format(length).as_bytes());
            }
            Coding::Chunked => put("transfer-encoding", b"chunked"),
            Coding::UntilClose | Coding::Bodiless => {}
        }
        if let Some(connection) = connection {
            put("connection", connection.as_bytes());
        }
        if !date.is_empty() {
            put("date", date.as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        Self {
            length: head.len(),
            head,
            size: Vec::new(),
            pieces: Vec::new(),
            tail: EMPTY,
            gathered: 0,
            sent: 0,
        }
    }

    /// Adds a piece of the body. An empty one would be the end of a chunked body.
    pub(super) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.gathered += piece.len();
            self.length += piece.len();
            self.pieces.push(piece);
        }
    }

    /// Adds a body as a whole: what is small goes right behind the head.
    pub(super) fn push_whole(&mut self, body: Bytes) {
        if self.length + body.len() > JOIN_BYTES_MAX {
            return self.push(body);
        }
        self.head.extend_from_slice(&body);
        self.length += body.len();
    }

    fn is_full(&self) -> bool {
        self.gathered >= GATHER_BYTES_MAX || self.pieces.len() >= GATHER_PIECES_MAX
    }

    /// Makes one chunk of the pieces; behind the last of them, the end of the body.
    fn close_chunk(&mut self, last: bool) {
        if self.gathered > 0 {
            // Writing into memory does not fail.
            let _ = write!(self.size, "{:x}\r\n", self.gathered);
        }
        self.tail = match (self.gathered > 0, last) {
            (true, true) => b"\r\n0\r\n\r\n",
            (true, false) => b"\r\n",
            (false, true) => b"0\r\n\r\n",
            (false, false) => EMPTY,
        };
        self.length += self.size.len() + self.tail.len();
    }

    /// Puts what is small into one piece: to copy it costs less than to have the kernel gather it.
    fn join(&mut self) {
        if self.sent > 0 || self.length > JOIN_BYTES_MAX || self.length == self.head.len() {
            return;
        }
        self.head.reserve(self.length - self.head.len());
        self.head.extend_from_slice(&self.size);
        for piece in &self.pieces {
            self.head.extend_from_slice(piece);
        }
        self.head.extend_from_slice(self.tail);
        self.size.clear();
        self.pieces.clear();
        self.tail = EMPTY;
    }

    /// Writes everything; then there is room again.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>, wire: &mut Wire) -> Poll<io::Result<()>> {
        self.join();
        while self.sent < self.length {
            let mut slices = [IoSlice::new(EMPTY); SLICES_MAX];
            let count = self.rest(&mut slices);
            self.sent += ready!(wire.poll_write(cx, &slices[..count]))?;
        }
        ready!(wire.poll_flush(cx))?;
        self.head.clear();
        self.size.clear();
        self.pieces.clear();
        self.tail = EMPTY;
        (self.gathered, self.length, self.sent) = (0, 0, 0);
        Poll::Ready(Ok(()))
    }

    /// What has not been sent, as slices; how many.
    fn rest<'a>(&'a self, slices: &mut [IoSlice<'a>; SLICES_MAX]) -> usize {
        let mut skip = self.sent;
        let mut count = 0;
        let before = [self.head.as_slice(), self.size.as_slice()];
        let pieces = self.pieces.iter().map(Bytes::as_ref);
        for part in before.into_iter().chain(pieces).chain([self.tail]) {
            let skipped = skip.min(part.len());
            skip -= skipped;
            if skipped < part.len() && count < SLICES_MAX {
                slices[count] = IoSlice::new(&part[skipped..]);
                count += 1;
            }
        }
        count
    }
}

/// A streamed body on its way out.
pub(super) struct Streaming {
    /// `None` once it has ended.
    frames: Option<Box<dyn Frames>>,
    chunked: bool,
    cut: bool,
    sending: bool,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Whole.
    Well,
    /// Cut off by what makes it: the client must be able to tell.
    Cut,
}

impl Streaming {
    pub(super) fn new(frames: Box<dyn Frames>, chunked: bool) -> Self {
        Self { frames: Some(frames), chunked, cut: false, sending: false }
    }

    /// Passes the stream on: what is ready goes out in one write, and while nothing is ready the client
    /// is watched. An error when it has left.
    pub(super) fn poll_pass(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outflow,
        inflow: &mut Inflow,
    ) -> Poll<io::Result<Ended>> {
        let mut waits = false;
        for _ in 0..SENDS_PER_TURN {
            if !self.sending {
                waits = self.gather(cx, out);
                if self.chunked {
                    out.close_chunk(self.frames.is_none() && !self.cut);
                }
                self.sending = true;
            }
            ready!(out.poll_send(cx, &mut inflow.wire))?;
            self.sending = false;
            if self.frames.is_none() {
                return Poll::Ready(Ok(if self.cut { Ended::Cut } else { Ended::Well }));
            }
            if waits {
                ready!(inflow.poll_gone(cx));
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes what is ready, up to a bound; `true` when there will be more and it is not ready.
    fn gather(&mut self, cx: &mut Context<'_>, out: &mut Outflow) -> bool {
        while let Some(frames) = &mut self.frames
            && !out.is_full()
        {
            match frames.poll_frame(cx) {
                Poll::Ready(Some(Ok(piece))) => out.push(piece),
                Poll::Ready(end) => {
                    self.cut = end.is_some();
                    // At once: what made the stream ends before its last byte leaves.
                    self.frames = None;
                }
                Poll::Pending => return true,
            }
        }
        false
    }
}
