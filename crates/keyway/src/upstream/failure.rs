//! What can go wrong between us and a provider before, or instead of, a whole answer.

use std::fmt;

/// Why there is no (whole) answer. Closed list; carries no text from outside, so it is safe to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The request cannot be written without harm (bad path or header). Nothing was sent.
    Unsendable(&'static str),
    /// No access token could be had for the credential. Nothing was sent.
    Token,
    /// The provider's name could not be resolved.
    Dns,
    /// No address accepted the connection.
    Connect,
    /// The TLS handshake failed, or the TLS settings are unusable.
    Tls,
    /// No connection within `connect_ms`.
    ConnectTimeout,
    /// The provider did not take the request within `write_ms`.
    WriteTimeout,
    /// No response head within `first_byte_ms`.
    FirstByteTimeout,
    /// Nothing came for `idle_ms` in the middle of an answer.
    IdleTimeout,
    /// The connection ended before the answer did.
    Closed,
    /// The answer is not unambiguous HTTP/1.1, or is encoded in a way we did not ask for.
    Protocol(&'static str),
    /// The answer or its head exceeds its bound.
    TooLarge,
}

impl Failure {
    /// Stable short name for logs and metrics.
    #[must_use]
    pub fn outcome(self) -> &'static str {
        match self {
            Self::Unsendable(_) => "unsendable",
            Self::Token => "token",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::ConnectTimeout => "timeout_connect",
            Self::WriteTimeout => "timeout_write",
            Self::FirstByteTimeout => "timeout_first_byte",
            Self::IdleTimeout => "timeout_idle",
            Self::Closed => "closed",
            Self::Protocol(_) => "protocol",
            Self::TooLarge => "too_large",
        }
    }

    /// Whether the provider may have received the request, and so may bill for it.
    #[must_use]
    pub fn may_have_been_sent(self) -> bool {
        match self {
            Self::Unsendable(_)
            | Self::Token
            | Self::Dns
            | Self::Connect
            | Self::Tls
            | Self::ConnectTimeout => false,
            Self::WriteTimeout
            | Self::FirstByteTimeout
            | Self::IdleTimeout
            | Self::Closed
            | Self::Protocol(_)
            | Self::TooLarge => true,
        }
    }

    /// Whether the provider was too slow, rather than wrong.
    #[must_use]
    pub fn is_timeout(self) -> bool {
        matches!(self, Self::ConnectTimeout | Self::WriteTimeout | Self::FirstByteTimeout | Self::IdleTimeout)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.outcome())?;
        match self {
            Self::Unsendable(why) | Self::Protocol(why) => write!(f, ": {why}"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
