//! The life of a connection: streams come, are answered side by side, and go.

use super::body::{Body, Held};
use super::io::Io;
use super::limits::{
    CONNECTION_WINDOW_BYTES, ENDED_REMEMBERED_MAX, LINGER, MALFORMED_MAX, RESETS_MAX, RESETS_UNBEGUN_MAX,
    SEND_BUFFER_BYTES_MAX, STREAM_WINDOW_BYTES, STREAMS_MAX,
};
use super::stream::{self, Common, Ended};
use crate::app::http1::limits::HEAD_BYTES_MAX;
use crate::app::http1::{ClientTimes, Head, Server, Wire, until_closing};
use crate::app::worker::Stage;
use crate::base::{Deadline, Refusal};
use crate::relay::Outbound;
use bytes::Bytes;
use h2::Reason;
use h2::server::{Builder, Connection};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Serves a connection until it ends. `handler` gets each request, or the reason why there is none, and
/// is dropped when the client takes the request back or leaves before it has answered; so is a streamed
/// body.
pub async fn serve<H>(wire: Wire, server: Rc<Server>, stage: watch::Receiver<Stage>, handler: H)
where
    H: AsyncFn(Result<Head, Refusal>, Body) -> Outbound + 'static,
{
    let times = server.times;
    let shaking = builder().handshake(Io(wire));
    let Ok(Ok(connection)) = tokio::time::timeout(times.header, shaking).await else {
        return;
    };
    let common = Common { server, handler, held: Rc::new(Held::default()) };
    let mut life = Life {
        connection,
        streams: JoinSet::new(),
        common: Rc::new(common),
        times,
        resets: 0,
        leaving: false,
        deadline: Deadline::default(),
    };
    let mut closing = pin!(until_closing(stage, Duration::ZERO));
    poll_fn(|cx| {
        if !life.leaving && closing.as_mut().poll(cx).is_ready() {
            life.leave(cx);
        }
        life.poll(cx)
    })
    .await;
    // Whatever still runs is dropped with the streams.
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(STREAMS_MAX)
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buffer_size(SEND_BUFFER_BYTES_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESETS_UNBEGUN_MAX)
        .max_local_error_reset_streams(Some(MALFORMED_MAX))
        .max_concurrent_reset_streams(ENDED_REMEMBERED_MAX);
    builder
}

/// A connection.
struct Life<H> {
    connection: Connection<Io, Bytes>,
    streams: JoinSet<Ended>,
    common: Rc<Common<H>>,
    times: ClientTimes,
    /// Requests taken back over those that were let finish.
    resets: usize,
    /// The client has been told that this connection takes no more.
    leaving: bool,
    /// Of the time without any request.
    deadline: Deadline,
}

impl<H> Life<H>
where
    H: AsyncFn(Result<Head, Refusal>, Body) -> Outbound + 'static,
{
    /// Ready when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_accept(cx).is_ready() {
            return Poll::Ready(());
        }
        while let Poll::Ready(Some(ended)) = self.streams.poll_join_next(cx) {
            // One that panicked has been reported by the panic hook, and reset by being dropped.
            self.note(ended.unwrap_or(Ended::Given), cx);
        }
        if !self.streams.is_empty() {
            self.deadline.clear();
            return Poll::Pending;
        }
        self.deadline.start(self.quiet_for());
        if self.deadline.poll_passed(cx).is_pending() {
            return Poll::Pending;
        }
        if self.leaving {
            return Poll::Ready(());
        }
        self.leave(cx);
        Poll::Pending
    }

    /// Takes new requests in; ready when there is no connection any more.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.connection.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => {
                    let task = stream::serve(Rc::clone(&self.common), request, respond);
                    self.streams.spawn_local(task);
                    if self.streams.len() > STREAMS_MAX as usize + RESETS_MAX {
                        self.calm(cx);
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    tracing::trace!(%error, "a client's connection ended early");
                    return Poll::Ready(());
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn note(&mut self, ended: Ended, cx: &mut Context<'_>) {
        match ended {
            Ended::Answered => self.resets = self.resets.saturating_sub(1),
            Ended::Last => self.leave(cx),
            Ended::Reset => {
                self.resets += 1;
                if self.resets > RESETS_MAX {
                    self.calm(cx);
                }
            }
            Ended::Given => {}
        }
    }

    /// How long a connection without requests is kept.
    fn quiet_for(&self) -> Duration {
        match (self.leaving, self.connection.has_streams()) {
            (false, _) => self.times.idle,
            // The ends of answers are on their way.
            (true, true) => self.times.write_stall,
            (true, false) => LINGER,
        }
    }

    /// Says that no more requests are taken; those that run go on.
    fn leave(&mut self, cx: &mut Context<'_>) {
        if !self.leaving {
            self.leaving = true;
            self.deadline.clear();
            self.connection.graceful_shutdown();
            cx.waker().wake_by_ref();
        }
    }

    /// Ends a connection whose client makes work for nothing.
    fn calm(&mut self, cx: &mut Context<'_>) {
        tracing::debug!("a client took back too many HTTP/2 requests");
        self.leaving = true;
        self.deadline.clear();
        self.streams.abort_all();
        self.connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
        cx.waker().wake_by_ref();
    }
}
