//! What one rule says of a call, for `explain`.

use crate::base::{Code, Refusal};
use serde::Serialize;

/// How a rule came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It lets the call through.
    Pass,
    /// It does not.
    Fail,
    /// There was nothing to decide.
    Skip,
}

/// What one rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The rule's name.
    pub rule: &'static str,
    /// How it came out.
    pub result: Outcome,
    /// What it looked at, or the refusal that a caller would be told.
    pub detail: String,
    /// The refusal's code.
    #[serde(skip)]
    pub code: Option<Code>,
}

/// Says how a rule came out: `what` is what it looked at, `None` when there was nothing.
#[must_use]
pub fn tell(rule: &'static str, decided: Result<(), Refusal>, what: Option<String>) -> Told {
    match (decided, what) {
        (Err(refusal), _) => Told {
            rule,
            result: Outcome::Fail,
            detail: refusal.message.into_owned(),
            code: Some(refusal.code),
        },
        (Ok(()), Some(detail)) => Told { rule, result: Outcome::Pass, detail, code: None },
        (Ok(()), None) => skip(rule, "There is nothing to check."),
    }
}

/// A rule that could not be asked.
#[must_use]
pub fn skip(rule: &'static str, why: &str) -> Told {
    Told { rule, result: Outcome::Skip, detail: why.to_owned(), code: None }
}
