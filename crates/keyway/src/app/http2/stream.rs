//! One request on its stream: head, answer, and away with it when the client takes it back.

use super::body::{Body, Held, Share};
use super::deliver::{self, Answering};
use super::head;
use crate::app::http1::{Framing, Head, Server};
use crate::base::Refusal;
use crate::relay::Outbound;
use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{Method, Request};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// Where a stream is answered.
pub(super) type Respond = RefCell<SendResponse<Bytes>>;

/// What the streams of one connection share.
pub(super) struct Common<H> {
    pub server: Rc<Server>,
    pub handler: H,
    pub held: Rc<Held>,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Answered.
    Answered,
    /// Answered, and the connection is to take no more.
    Last,
    /// Taken back by the client.
    Reset,
    /// Ended from here: cut, or not taken by the client.
    Given,
}

/// Answers a request.
pub(super) async fn serve<H>(
    common: Rc<Common<H>>,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) -> Ended
where
    H: AsyncFn(Result<Head, Refusal>, Body) -> Outbound,
{
    let (parts, stream) = request.into_parts();
    let head_only = parts.method == Method::HEAD;
    let head = head::read(parts);
    let (length, expects) = head.as_ref().map_or((0, false), |head| {
        let length = if let Framing::Length(length) = head.framing { length } else { 0 };
        (length, head.expect_continue)
    });
    let respond = Rc::new(RefCell::new(respond));
    // Held until the answer is out, for the body is held as long.
    let share = Share::of(&common.held);
    let body = Body { stream, share: Rc::clone(&share), respond: Rc::clone(&respond), length, expects };
    let Some(answer) = unless_reset(&respond, (common.handler)(head, body)).await else {
        return Ended::Reset;
    };
    let answering = Answering { head_only, write_stall: common.server.times.write_stall };
    deliver::deliver(answer, &respond, &common.server.date(), &answering).await
}

/// Waits for an answer; `None`, and the making of it is dropped, when the client has taken the request
/// back.
async fn unless_reset(respond: &Respond, making: impl Future<Output = Outbound>) -> Option<Outbound> {
    let mut making = pin!(making);
    poll_fn(|cx| {
        // First: what has been taken back already is not even begun.
        if respond.borrow_mut().poll_reset(cx).is_ready() {
            return Poll::Ready(None);
        }
        making.as_mut().poll(cx).map(Some)
    })
    .await
}
