//! Where an answer's bytes come from: a provider, or the sandbox in this process.

use super::converse::{self, Converse};
use super::way::Way;
use crate::base::{Clock, Fields, id};
use crate::catalog::Dialect;
use crate::metering::Admitted;
use crate::providers::Upstream;
use crate::providers::capacity::Slot;
use crate::sandbox::{self, AnswerBody, SandboxStream};
use crate::upstream::{Body, Failure, Lanes, Request};
use bytes::Bytes;
use std::task::{Context, Poll};
use std::time::Duration;

/// An answer's head, and its bytes to come.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its header fields, as they came.
    pub headers: Fields,
    /// Its bytes.
    pub bytes: Source,
}

impl Answer {
    /// The bytes to come, taken out: nothing is left.
    pub fn take_bytes(&mut self) -> Source {
        std::mem::replace(&mut self.bytes, Source::Ready(None))
    }
}

/// Bytes to come.
pub enum Source {
    /// From a provider, with the place in its account.
    Provider(Body, Option<Slot>),
    /// From the sandbox, piece by piece.
    Sandbox(Box<SandboxStream>),
    /// From a provider, told in another dialect's words.
    Converse(Box<Converse>),
    /// Here already.
    Ready(Option<Bytes>),
}

impl Source {
    /// The next bytes, `None` at the proper end.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        match self {
            Self::Provider(body, slot) => {
                let chunk = body.poll_chunk(cx);
                if matches!(chunk, Poll::Ready(None | Some(Err(_)))) {
                    // The provider is done; the client may take its time.
                    *slot = None;
                }
                chunk
            }
            Self::Sandbox(stream) => stream.poll_chunk(cx).map(|bytes| bytes.map(Ok)),
            Self::Converse(told) => told.poll_chunk(cx),
            Self::Ready(bytes) => Poll::Ready(bytes.take().map(Ok)),
        }
    }

    /// The next bytes, `None` at the proper end.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, Failure>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }
}

/// A request on its way out.
pub struct Asked<'a> {
    /// How it is asked.
    pub way: &'a Way,
    /// Header fields of the client's that go along.
    pub headers: &'a [(&'a str, &'a str)],
    /// Its body, as this provider wants it.
    pub body: Bytes,
    /// What that is.
    pub content_type: &'a str,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// The request's ULID.
    pub request: [u8; 16],
    /// Its place in the provider's account, where that has a cap.
    pub slot: Option<Slot>,
    /// How long its answer may take to begin, milliseconds.
    pub left_ms: u64,
}

/// Sends a request to where it goes. Only what was admitted can be sent.
///
/// # Errors
/// Why no head of an answer came.
pub async fn ask(
    _permission: &Admitted,
    lanes: &Lanes,
    upstream: &Upstream,
    asked: Asked<'_>,
    clock: &Clock,
) -> Result<Answer, Failure> {
    if upstream.places.is_empty() {
        return Ok(ask_sandbox(&asked, clock).await);
    }
    let endpoint =
        upstream.endpoint(asked.way.place).ok_or(Failure::Unsendable("the provider has no such address"))?;
    let way = asked.way;
    let accept = match way.dialect {
        _ if asked.stream && converse::is(way) => "application/vnd.amazon.eventstream",
        _ if asked.stream => "text/event-stream",
        Dialect::OpenaiSpeech | Dialect::OpenaiTranscriptions => "*/*",
        _ => "application/json",
    };
    let request = Request {
        accept,
        query: way.query.as_deref(),
        headers: asked.headers,
        content_type: asked.content_type,
        first_byte_ms: asked.left_ms,
        ..Request::post(&way.path, asked.body)
    };
    let response = lanes.send(endpoint, &request).await?;
    if converse::is(way) {
        let id = id::text("req", asked.request);
        return Ok(converse::told(response, way, (asked.stream, &id), asked.slot));
    }
    Ok(Answer {
        status: response.status,
        headers: response.headers,
        bytes: Source::Provider(response.body, asked.slot),
    })
}

async fn ask_sandbox(asked: &Asked<'_>, clock: &Clock) -> Answer {
    let answer = sandbox::answer(&asked.body, clock.now_ms() / 1000, &id::text("req", asked.request));
    if answer.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    }
    let retry_after = answer.retry_after_s.map(|seconds| seconds.to_string());
    let retry_after = retry_after.iter().map(|seconds| ("retry-after", seconds.as_bytes()));
    let content_type = ("content-type", answer.content_type.as_bytes());
    let headers = Fields::of(std::iter::once(content_type).chain(retry_after));
    let bytes = match answer.body {
        AnswerBody::Whole(bytes) => Source::Ready(Some(bytes)),
        AnswerBody::Stream(stream) => Source::Sandbox(Box::new(stream)),
    };
    Answer { status: answer.status, headers, bytes }
}
