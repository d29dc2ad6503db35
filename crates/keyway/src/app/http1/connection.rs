//! The life of a connection: request, answer, the next request.

use super::Server;
use super::body::{Body, Inflow, linger};
use super::head::{Head, HeadReader};
use super::limits::READ_SPARE_BYTES_MIN;
use super::wire::Wire;
use super::write::{Coding, Ended, Outflow, Streaming};
use crate::app::worker::Stage;
use crate::base::{Code, Refusal, turn};
use crate::relay::{OutBody, Outbound};
use bytes::BytesMut;
use http::{Method, StatusCode, Version};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;

/// How long a connection that has been made before the process began to end may take to send its first
/// request.
pub const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// Serves a connection until it ends. `handler` gets each request, or the reason why there is none, and
/// is dropped when the client leaves before it has answered; so is a streamed body.
pub async fn serve<H>(wire: Wire, server: &Server, stage: watch::Receiver<Stage>, handler: H)
where
    H: AsyncFn(Result<Head, Refusal>, Body<'_>) -> Outbound,
{
    let inflow = RefCell::new(Inflow::new(wire));
    let mut closing = pin!(until_closing(stage.clone(), FIRST_REQUEST));
    let mut fresh = true;
    loop {
        let Some(request) = next_request(&inflow, closing.as_mut()).await else {
            return farewell(&inflow).await;
        };
        if std::mem::take(&mut fresh) {
            closing.set(until_closing(stage.clone(), Duration::ZERO));
        }
        let mut terms = Terms::of(request.as_ref().ok());
        inflow.borrow_mut().begin(request.as_ref().ok());
        // Pinned here: passed on by value, the connection would hold it twice.
        let making = pin!(handler(request, Body::new(&inflow)));
        let Some(answer) = unless_gone(&inflow, making).await else {
            return;
        };
        terms.keep_alive &= *stage.borrow() < Stage::Closing && inflow.borrow().is_reusable();
        match deliver(server, &inflow, answer, &terms).await {
            Ok(Next::Request) => {}
            Ok(Next::Close) if inflow.borrow().is_unread() => return linger(&inflow).await,
            Ok(Next::Close) => return farewell(&inflow).await,
            Ok(Next::Reset) => {
                let _ = inflow.borrow().wire.socket.tcp().set_zero_linger();
                return;
            }
            Err(error) => {
                tracing::trace!(%error, "a client's connection ended early");
                return;
            }
        }
    }
}

async fn farewell(inflow: &RefCell<Inflow>) {
    inflow.borrow_mut().wire.deadline.clear();
    poll_fn(|cx| inflow.borrow_mut().wire.poll_farewell(cx)).await;
}

/// Waits for the end of the process to begin, and then for `more`. Whoever holds what `wait_for` answers
/// locks the stage for everybody: it is let go at once.
pub async fn until_closing(mut stage: watch::Receiver<Stage>, more: Duration) {
    let _ = stage.wait_for(|stage| *stage >= Stage::Closing).await.map(drop);
    if !more.is_zero() {
        tokio::time::sleep(more).await;
    }
}

/// The next request; `None` when the connection has come to its end.
async fn next_request(
    inflow: &RefCell<Inflow>,
    mut closing: Pin<&mut impl Future<Output = ()>>,
) -> Option<Result<Head, Refusal>> {
    let mut reader = HeadReader::default();
    poll_fn(|cx| poll_request(&mut inflow.borrow_mut(), cx, &mut reader, closing.as_mut())).await
}

fn poll_request(
    inflow: &mut Inflow,
    cx: &mut Context<'_>,
    reader: &mut HeadReader,
    closing: Pin<&mut impl Future<Output = ()>>,
) -> Poll<Option<Result<Head, Refusal>>> {
    let wire = &mut inflow.wire;
    loop {
        if !wire.buf.is_empty()
            && let Some(taken) = reader.take(&mut wire.buf).transpose()
        {
            return Poll::Ready(Some(taken));
        }
        let is_idle = wire.buf.is_empty();
        match wire.poll_fill(cx, READ_SPARE_BYTES_MIN) {
            Poll::Ready(Ok(read)) if read > 0 => {
                if is_idle {
                    wire.deadline.clear();
                }
            }
            Poll::Ready(_) => return Poll::Ready(None),
            Poll::Pending if is_idle => {
                wire.buf = BytesMut::new();
                wire.deadline.start(wire.times.idle);
                let ended = closing.poll(cx).is_ready() || wire.deadline.poll_passed(cx).is_ready();
                return if ended { Poll::Ready(None) } else { Poll::Pending };
            }
            Poll::Pending => {
                wire.deadline.start(wire.times.header);
                return wire.deadline.poll_passed(cx).map(|()| {
                    Some(Err(Refusal::new(Code::RequestTimeout, "The request head did not come in time.")))
                });
            }
        }
    }
}

/// Waits for an answer; `None`, and the making of it is dropped, when the client has left.
async fn unless_gone(
    inflow: &RefCell<Inflow>,
    mut making: Pin<&mut impl Future<Output = Outbound>>,
) -> Option<Outbound> {
    poll_fn(|cx| match making.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        // It is asked again at once, and looks then.
        Poll::Pending if turn::goes_again() => Poll::Pending,
        Poll::Pending => inflow.borrow_mut().poll_gone(cx).map(|()| None),
    })
    .await
}

/// What a request asks of the connection.
struct Terms {
    version: Version,
    keep_alive: bool,
    /// The answer to HEAD has no body.
    head_only: bool,
}

impl Terms {
    fn of(head: Option<&Head>) -> Self {
        Self {
            version: head.map_or(Version::HTTP_11, |head| head.version),
            keep_alive: head.is_some_and(|head| head.keep_alive),
            head_only: head.is_some_and(|head| head.method == Method::HEAD),
        }
    }
}

/// What comes after an answer.
enum Next {
    Request,
    Close,
    /// Close so that the client sees that the answer is not whole.
    Reset,
}

/// Writes an answer.
async fn deliver(
    server: &Server,
    inflow: &RefCell<Inflow>,
    answer: Outbound,
    terms: &Terms,
) -> io::Result<Next> {
    let coding = coding(&answer, terms);
    let close = !terms.keep_alive || coding == Coding::UntilClose || answer.close;
    let connection = match (close, terms.version) {
        (true, _) => Some("close"),
        (false, Version::HTTP_10) => Some("keep-alive"),
        (false, _) => None,
    };
    let mut out = {
        let mut date = server.date.borrow_mut();
        let date = date.at(server.clock.now_ms());
        Outflow::new(answer.status, &answer.headers, coding, connection, date)
    };
    let has_body = !terms.head_only && coding != Coding::Bodiless;
    let mut ended = Ended::Well;
    match answer.body {
        OutBody::Stream(frames) if has_body => {
            let mut streaming = Streaming::new(frames, coding == Coding::Chunked);
            ended = poll_fn(|cx| streaming.poll_pass(cx, &mut out, &mut inflow.borrow_mut())).await?;
        }
        body => {
            if let OutBody::Whole(bytes) = body
                && has_body
            {
                out.push_whole(bytes);
            }
            poll_fn(|cx| out.poll_send(cx, &mut inflow.borrow_mut().wire)).await?;
        }
    }
    if ended == Ended::Cut {
        // A body that ends with its connection looks whole unless the connection breaks.
        return Ok(if coding == Coding::UntilClose { Next::Reset } else { Next::Close });
    }
    if close || !poll_fn(|cx| inflow.borrow_mut().poll_drain(cx)).await {
        return Ok(Next::Close);
    }
    Ok(Next::Request)
}

fn coding(answer: &Outbound, terms: &Terms) -> Coding {
    let bodiless = matches!(answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    match &answer.body {
        _ if bodiless => Coding::Bodiless,
        OutBody::Whole(body) => Coding::Length(body.len()),
        OutBody::Stream(_) if terms.version == Version::HTTP_10 => Coding::UntilClose,
        OutBody::Stream(_) => Coding::Chunked,
    }
}
