//! Everything that goes wrong and is nobody's business outside: logged once, at the edge.

use super::Refusal;
use std::error::Error;
use std::fmt;

/// An internal failure: what was being done, and what stopped it. Shown to operators only.
#[derive(Debug)]
pub struct Fault {
    doing: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    told: Option<Box<Refusal>>,
}

impl Fault {
    /// A failure with a cause.
    pub fn new(doing: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing: doing.into(), source: Some(source.into()), told: None }
    }

    /// A failure that is its own explanation.
    pub fn plain(what: impl Into<String>) -> Self {
        Self { doing: what.into(), source: None, told: None }
    }

    /// The same, with what the client is told instead of `internal_error`.
    #[must_use]
    pub fn told(self, refusal: Refusal) -> Self {
        Self { told: Some(Box::new(refusal)), ..self }
    }

    /// What the client is told, where it is not `internal_error`.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.told.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)?;
        let mut cause: Option<&(dyn Error + 'static)> = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What a step can end with when it does not succeed: something to tell the client, or something to log.
#[derive(Debug)]
pub enum Trouble {
    /// Tell the client.
    Refusal(Refusal),
    /// Log it; the client hears `internal_error`, or what [`Fault::told`] says.
    Fault(Fault),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Adds what was being done to a foreign error.
pub trait Doing<T> {
    /// Turns the error into a [`Fault`] that says what was being done.
    ///
    /// # Errors
    /// The fault, when `self` is an error.
    fn doing(self, what: &str) -> Result<T, Fault>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> Doing<T> for Result<T, E> {
    fn doing(self, what: &str) -> Result<T, Fault> {
        self.map_err(|error| Fault::new(what, error))
    }
}
