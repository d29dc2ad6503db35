//! A client's socket with its time limits: an idle connection, a head that dribbles in and a
//! client that does not read each end by themselves. Nothing is armed while bytes flow.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct ClientTimes {
    /// From the first byte of a head to its last.
    pub header: Duration,
    /// Between requests.
    pub idle: Duration,
    /// Without taking a byte of an answer.
    pub write_stall: Duration,
}

/// What a connection is doing; shared between the socket and whoever answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for a request since then.
    Idle(Instant),
    /// A head began to come in then.
    Head(Instant),
    /// A request is being answered.
    Busy,
}

/// A connection's phase, seen from both sides.
pub type PhaseCell = Rc<Cell<Phase>>;

/// The socket.
pub struct TimedSocket<S> {
    inner: S,
    times: ClientTimes,
    phase: PhaseCell,
    write_stalled: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<S> TimedSocket<S> {
    /// Wraps a socket.
    pub fn new(inner: S, times: ClientTimes, phase: PhaseCell) -> Self {
        Self { inner, times, phase, write_stalled: None, alarm: None }
    }

    /// When the wait that is on now is over.
    fn deadline(&self) -> Option<Instant> {
        let read = match self.phase.get() {
            Phase::Idle(since) => Some(since + self.times.idle),
            Phase::Head(since) => Some(since + self.times.header),
            Phase::Busy => None,
        };
        let write = self.write_stalled.map(|since| since + self.times.write_stall);
        match (read, write) {
            (Some(read), Some(write)) => Some(read.min(write)),
            (read, write) => read.or(write),
        }
    }

    /// Ready when the deadline has passed. The alarm is moved only when it rings too early, so
    /// that a busy connection never touches the timer.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline() else {
            return Poll::Pending;
        };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if alarm.deadline() > deadline {
            alarm.as_mut().reset(deadline);
        }
        loop {
            ready!(alarm.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(deadline);
        }
    }
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client took too long")
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.inner).poll_read(cx, buffer) {
            Poll::Ready(result) => {
                if buffer.filled().len() > before && matches!(self.phase.get(), Phase::Idle(_)) {
                    self.phase.set(Phase::Head(Instant::now()));
                }
                Poll::Ready(result)
            }
            Poll::Pending => self.poll_deadline(cx).map(|()| Err(timed_out())),
        }
    }
}

impl<S: AsyncWrite + Unpin> TimedSocket<S> {
    fn after_write<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.write_stalled = None;
            return poll;
        }
        self.write_stalled.get_or_insert_with(Instant::now);
        self.poll_deadline(cx).map(|()| Err(timed_out()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedSocket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.after_write(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.after_write(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.inner).poll_flush(cx);
        self.after_write(cx, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
