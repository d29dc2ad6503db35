//! Streams that begin before their provider is asked: one that waits in line is kept alive with comments, so
//! that nobody in between gives its connection up. Its status has gone out by then; what fails later is told
//! as an event.

use super::exchange::{CutOff, Frames, OutBody, Outbound};
use super::refuse;
use super::route::{Local, Shape};
use super::running::Alive;
use crate::base::{Lines, Trouble};
use bytes::Bytes;
use http::StatusCode;
use std::future::poll_fn;
use std::task::{Context, Poll};

/// What is sent to a stream that waits (a comment, by the rules of server-sent events).
const COMMENT: &[u8] = b": waiting for the provider\n\n";

/// Waits for an answer, or begins a stream that is to be kept alive until it comes.
///
/// # Errors
/// Those of the answer.
pub async fn answer(mut making: Local, alive: Alive, shape: Shape) -> Result<Outbound, Trouble> {
    let made = poll_fn(|cx| match making.as_mut().poll(cx) {
        Poll::Ready(made) => Poll::Ready(Some(made)),
        Poll::Pending if alive.count() > 0 => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    });
    if let Some(made) = made.await {
        return made;
    }
    let mut headers = Lines::new();
    headers.put("content-type", "text/event-stream");
    headers.put("cache-control", "no-cache");
    let early = Early { state: State::Waits(making), alive, said: 0, shape };
    Ok(Outbound { status: StatusCode::OK, headers, close: false, body: OutBody::Stream(Box::new(early)) })
}

/// A stream that has begun.
struct Early {
    state: State,
    alive: Alive,
    /// Comments that were sent.
    said: u32,
    shape: Shape,
}

enum State {
    Waits(Local),
    Streams(Box<dyn Frames>),
    Ends,
}

impl Frames for Early {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        loop {
            let making = match &mut self.state {
                State::Streams(frames) => return frames.poll_frame(cx),
                State::Ends => return Poll::Ready(None),
                State::Waits(making) => making,
            };
            let Poll::Ready(made) = making.as_mut().poll(cx) else {
                if self.said == self.alive.count() {
                    return Poll::Pending;
                }
                self.said += 1;
                return Poll::Ready(Some(Ok(Bytes::from_static(COMMENT))));
            };
            let (state, piece) = taken(made, self.shape);
            self.state = state;
            if let Some(piece) = piece {
                return Poll::Ready(Some(Ok(piece)));
            }
        }
    }
}

/// How a stream goes on, and what is said first.
fn taken(made: Result<Outbound, Trouble>, shape: Shape) -> (State, Option<Bytes>) {
    // Refusals are rendered where they are known; what is left is a fault of ours.
    let Ok(answer) = made else {
        return (State::Ends, Some(refuse::render_event(&super::story::internal(), shape).into()));
    };
    match answer.body {
        OutBody::Stream(frames) => (State::Streams(frames), None),
        OutBody::Whole(body) if answer.status.is_success() => (State::Ends, Some(body)),
        OutBody::Whole(body) => (State::Ends, Some(refuse::as_event(&body, shape).into())),
    }
}
