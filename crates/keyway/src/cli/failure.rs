//! How a command ends when it does not succeed.

use crate::app::open::NotOpened;
use crate::base::{Code, Fault, Refusal, Trouble};

/// Fine.
pub const FINE: u8 = 0;
/// Failed.
pub const FAILED: u8 = 1;
/// Wrongly called.
pub const USAGE: u8 = 2;
/// What was named is not there.
pub const NOT_FOUND: u8 = 3;
/// Not permitted.
pub const PERMISSION: u8 = 4;
/// A database or server cannot be reached.
pub const UNREACHABLE: u8 = 5;
/// The configuration is at fault (`EX_CONFIG` of sysexits.h).
pub const CONFIGURATION: u8 = 78;

/// An exit code, and what is said on stderr before it; nothing when all has been said.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of the codes above.
    pub code: u8,
    /// What happened and what to do.
    pub text: String,
}

impl Failure {
    /// A failure with an exit code.
    pub fn new(code: u8, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code {
            Code::NotFound | Code::ModelNotFound => NOT_FOUND,
            Code::InvalidRequest | Code::UnsupportedParameter => USAGE,
            Code::MissingScope
            | Code::WrongKeyType
            | Code::ModelNotAllowed
            | Code::InvalidApiKey
            | Code::ExpiredApiKey
            | Code::RevokedApiKey
            | Code::DisabledApiKey => PERMISSION,
            _ => FAILED,
        };
        Self::new(code, refusal.message)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(FAILED, fault.to_string())
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refusal(refusal) => refusal.into(),
            Trouble::Fault(fault) => fault.into(),
        }
    }
}

impl From<NotOpened> for Failure {
    fn from(not_opened: NotOpened) -> Self {
        let (code, fault) = match not_opened {
            NotOpened::Configuration(fault) => (CONFIGURATION, fault),
            NotOpened::Unreachable(fault) => (UNREACHABLE, fault),
            NotOpened::Failed(fault) => (FAILED, fault),
        };
        Self::new(code, fault.to_string())
    }
}
