//! A request's body, whichever protocol it comes by.

use super::pace::Pace;
use super::{http1, http2};
use crate::base::{Code, Refusal};
use crate::relay::load::Seat;
use bytes::Bytes;

/// A body that has not been read.
pub enum Body<'a> {
    /// Over HTTP/1.1.
    Http1(http1::Body<'a>),
    /// Over HTTP/2.
    Http2(http2::Body),
}

impl Body<'_> {
    /// Reads the body, at most `bytes_max`, as long as it keeps to `pace`.
    ///
    /// # Errors
    /// As [`http1::Body::read`].
    pub async fn read(self, bytes_max: usize, pace: Pace) -> Result<Bytes, Refusal> {
        self.read_into(bytes_max, pace, |_| Ok(())).await
    }

    /// As [`Self::read`], and holds what comes in a request's place.
    ///
    /// # Errors
    /// `overloaded` besides.
    pub async fn read_held(self, bytes_max: usize, pace: Pace, seat: &mut Seat) -> Result<Bytes, Refusal> {
        let body = self.read_into(bytes_max, pace, |bytes| seat.hold(bytes as u64)).await?;
        seat.hold(body.len() as u64)?;
        Ok(body)
    }

    async fn read_into(
        self,
        bytes_max: usize,
        pace: Pace,
        room: impl FnMut(usize) -> Result<(), Refusal>,
    ) -> Result<Bytes, Refusal> {
        match self {
            Self::Http1(body) => body.read(bytes_max, pace, room).await,
            Self::Http2(body) => body.read(bytes_max, pace, room).await,
        }
    }
}

/// A body that ended before it should.
#[must_use]
pub fn broken() -> Refusal {
    Refusal::new(Code::InvalidRequest, "The request body broke off.")
}

/// A body that did not come in time.
#[must_use]
pub fn too_slow() -> Refusal {
    Refusal::new(Code::RequestTimeout, "The request body did not come in time.")
}

/// A body longer than the route takes.
#[must_use]
pub fn too_large(bytes_max: usize) -> Refusal {
    Refusal::new(
        Code::BodyTooLarge,
        format!("The request body is larger than the {bytes_max} bytes this route takes."),
    )
}
