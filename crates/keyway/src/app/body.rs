//! Bodies between the HTTP library and our own types.

use super::socket::{Phase, PhaseCell};
use crate::base::{Code, Refusal};
use crate::relay::exchange::CutOff;
use crate::relay::{Frames, OutBody};
use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Reads a request's body, at most `bytes_max`, each piece within `patience` of the last.
///
/// # Errors
/// `body_too_large` (before a byte is read, when the length is told), `request_timeout`, or
/// `invalid_request` for a body that breaks off.
pub async fn read(mut body: Incoming, bytes_max: usize, patience: Duration) -> Result<Bytes, Refusal> {
    let told = body.size_hint();
    if told.lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    let mut first: Option<Bytes> = None;
    let mut whole = BytesMut::new();
    loop {
        let frame = timeout_at(Instant::now() + patience, body.frame()).await;
        let data = match frame {
            Err(_) => {
                return Err(Refusal::new(Code::RequestTimeout, "The request body did not come in time."));
            }
            Ok(Some(Err(_))) => {
                return Err(Refusal::new(Code::InvalidRequest, "The request body broke off."));
            }
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        // Almost every body comes in one piece, and is passed on without being copied.
        match first.take() {
            None if whole.is_empty() => first = Some(data),
            None => whole.extend_from_slice(&data),
            Some(before) => {
                whole.reserve(usize::try_from(told.lower()).unwrap_or(0).max(before.len() + data.len()));
                whole.extend_from_slice(&before);
                whole.extend_from_slice(&data);
            }
        }
        if first.as_ref().map_or(whole.len(), Bytes::len) > bytes_max {
            return Err(too_large(bytes_max));
        }
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}

fn too_large(bytes_max: usize) -> Refusal {
    Refusal::new(
        Code::BodyTooLarge,
        format!("The request body is larger than the {bytes_max} bytes this route takes."),
    )
}

/// An answer's body, as the HTTP library asks for it. When it is gone, the connection is idle.
pub struct ResponseBody {
    inner: Inner,
    phase: PhaseCell,
}

enum Inner {
    Whole(Option<Bytes>),
    Stream(Box<dyn Frames>),
}

impl ResponseBody {
    /// Wraps a body.
    #[must_use]
    pub fn new(body: OutBody, phase: PhaseCell) -> Self {
        let inner = match body {
            OutBody::Whole(bytes) => Inner::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())),
            OutBody::Stream(frames) => Inner::Stream(frames),
        };
        Self { inner, phase }
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        match &mut self.inner {
            Inner::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::Stream(frames) => {
                frames.poll_frame(cx).map(|frame| frame.map(|frame| frame.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.inner, Inner::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Inner::Stream(_) => SizeHint::default(),
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.phase.set(Phase::Idle(Instant::now()));
    }
}
