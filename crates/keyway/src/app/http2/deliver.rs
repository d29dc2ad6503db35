//! Answers on their streams: never more in memory than the client is about to take.

use super::stream::{Ended, Respond};
use crate::base::Deadline;
use crate::relay::{Frames, OutBody, Outbound};
use bytes::Bytes;
use h2::{Reason, SendStream};
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// What a request asks of its answer, and for how long a client may take none of it.
pub(super) struct Answering {
    /// The answer to HEAD has no body.
    pub head_only: bool,
    pub write_stall: Duration,
}

/// Why a body has not been written to its end.
enum Lost {
    /// The client has taken the request back, or has left.
    Reset,
    /// The client takes nothing.
    Stalled,
}

/// Writes an answer.
pub(super) async fn deliver(answer: Outbound, respond: &Respond, date: &str, answering: &Answering) -> Ended {
    let last = answer.close;
    let bodiless = matches!(answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let head = head_of(&answer, bodiless, date);
    let is_empty = matches!(&answer.body, OutBody::Whole(body) if body.is_empty());
    let no_body = bodiless || answering.head_only || is_empty;
    let Ok(stream) = respond.borrow_mut().send_response(head, no_body) else {
        return Ended::Reset;
    };
    if no_body {
        return if last { Ended::Last } else { Ended::Answered };
    }
    let mut writing = Writing { stream, deadline: Deadline::default(), stall: answering.write_stall };
    let written = match answer.body {
        OutBody::Whole(body) => writing.put(body, true).await.map(|()| true),
        OutBody::Stream(frames) => writing.pass(frames).await,
    };
    match written {
        Ok(true) if last => Ended::Last,
        Ok(true) => Ended::Answered,
        Ok(false) => writing.break_off(Reason::INTERNAL_ERROR),
        Err(Lost::Stalled) => writing.break_off(Reason::CANCEL),
        Err(Lost::Reset) => Ended::Reset,
    }
}

/// The head as `h2` wants it. None of the answer's fields is about the connection, which HTTP/2 has no
/// fields for (RFC 9113, section 8.2.2).
fn head_of(answer: &Outbound, bodiless: bool, date: &str) -> Response<()> {
    let mut head = Response::new(());
    *head.status_mut() = answer.status;
    let headers = head.headers_mut();
    for (name, value) in answer.headers.iter() {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    if let OutBody::Whole(body) = &answer.body
        && !bodiless
    {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    if let Ok(date) = HeaderValue::from_str(date)
        && !date.is_empty()
    {
        headers.insert(header::DATE, date);
    }
    head
}

/// A body on its way out.
struct Writing {
    stream: SendStream<Bytes>,
    deadline: Deadline,
    stall: Duration,
}

impl Writing {
    /// Passes a stream on; `false` when what makes it cut it off. A piece is asked for when the one before
    /// has room, and while none is ready the client is watched.
    async fn pass(&mut self, frames: Box<dyn Frames>) -> Result<bool, Lost> {
        let mut frames = frames;
        loop {
            let piece = poll_fn(|cx| match frames.poll_frame(cx) {
                Poll::Ready(piece) => Poll::Ready(Ok(piece)),
                Poll::Pending => self.stream.poll_reset(cx).map(|_| Err(Lost::Reset)),
            })
            .await?;
            match piece {
                Some(Ok(piece)) => self.put(piece, false).await?,
                Some(Err(_)) => return Ok(false),
                None => break,
            }
        }
        // At once: what made the stream ends before its last byte leaves.
        drop(frames);
        self.put(Bytes::new(), true).await.map(|()| true)
    }

    /// Hands a piece over as the client makes room for it.
    async fn put(&mut self, mut piece: Bytes, end: bool) -> Result<(), Lost> {
        while !piece.is_empty() {
            self.stream.reserve_capacity(piece.len());
            let room = poll_fn(|cx| self.poll_room(cx)).await?;
            let part = piece.split_to(room.min(piece.len()));
            let is_last = end && piece.is_empty();
            self.stream.send_data(part, is_last).map_err(|_| Lost::Reset)?;
            if is_last {
                return Ok(());
            }
        }
        if end {
            self.stream.send_data(Bytes::new(), true).map_err(|_| Lost::Reset)?;
        }
        Ok(())
    }

    /// How much may be handed over now, at least a byte.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, Lost>> {
        loop {
            let room = self.stream.capacity();
            if room > 0 {
                self.deadline.clear();
                return Poll::Ready(Ok(room));
            }
            match self.stream.poll_capacity(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(_) => return Poll::Ready(Err(Lost::Reset)),
                Poll::Pending => {
                    self.deadline.start(self.stall);
                    ready!(self.deadline.poll_passed(cx));
                    return Poll::Ready(Err(Lost::Stalled));
                }
            }
        }
    }

    fn break_off(&mut self, reason: Reason) -> Ended {
        self.stream.send_reset(reason);
        Ended::Given
    }
}
