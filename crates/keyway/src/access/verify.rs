//! From a credential to a grant: offline checks first, then the cache, then (rarely) the database.

use super::cache::{KeyCache, Known};
use super::grant::{Grant, Kind};
use super::{credential, format};
use crate::accounts::Scope;
use crate::base::{Code, Fields, Refusal};
use crate::sealing::{Digest, MasterKey};
use std::sync::Arc;

/// What verification came to without the database.
pub enum Verdict {
    /// The key is known.
    Known(Arc<Grant>),
    /// The database must be asked: public handle and digest.
    Ask(String, Digest),
}

/// Verifies the credential of a request that came at `now_mono_ms`, from memory.
///
/// # Errors
/// The refusal to answer with.
pub fn from_memory(
    headers: &Fields,
    master: &MasterKey,
    cache: &KeyCache,
    now_mono_ms: i64,
) -> Result<Verdict, Refusal> {
    let text = credential::of(headers)?;
    let (_, kid) = format::parse(text).ok_or_else(credential::invalid)?;
    if !cache.is_fresh(now_mono_ms) {
        return Err(out_of_sync());
    }
    let digest = master.digest(text);
    match cache.get(&digest) {
        Some(Known::Grant(grant)) => Ok(Verdict::Known(grant)),
        Some(Known::Absent) => Err(credential::invalid()),
        None => Ok(Verdict::Ask(kid.to_owned(), digest)),
    }
}

/// What the database's answer means.
///
/// # Errors
/// `invalid_api_key` when there is no such key.
pub fn from_answer(known: Known) -> Result<Arc<Grant>, Refusal> {
    match known {
        Known::Grant(grant) => Ok(grant),
        Known::Absent => Err(credential::invalid()),
    }
}

/// This node has lost sight of the database: it refuses every key rather than guess.
#[must_use]
pub fn out_of_sync() -> Refusal {
    Refusal {
        retry_after_ms: Some(1000),
        ..Refusal::new(
            Code::Overloaded,
            "This node has lost its database and cannot tell which keys are good. Try again shortly.",
        )
    }
}

/// What a route asks of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: no key at all.
    Nothing,
    /// Any project key.
    AnyKey,
    /// A project key with this scope.
    Key(Scope),
    /// An admin key with this scope.
    Admin(Scope),
}

/// Checks a grant against a route.
///
/// # Errors
/// The refusal: a dead key first, then the wrong kind, then the missing scope.
pub fn permit(grant: &Grant, needs: Needs, now_ms: i64) -> Result<(), Refusal> {
    if let Some(refusal) = grant.refusal(now_ms) {
        return Err(refusal);
    }
    let (kind, scope) = match needs {
        Needs::Nothing => return Ok(()),
        Needs::AnyKey => (Kind::Project, None),
        Needs::Key(scope) => (Kind::Project, Some(scope)),
        Needs::Admin(scope) => (Kind::Admin, Some(scope)),
    };
    if grant.kind != kind {
        return Err(wrong_kind(kind));
    }
    match scope {
        Some(scope) if !grant.scopes.has(scope) => Err(Refusal::new(
            Code::MissingScope,
            format!(
                "This key lacks the scope `{}`. Use a key that has it; scopes are set when a key is made.",
                scope.name()
            ),
        )),
        _ => Ok(()),
    }
}

fn wrong_kind(needed: Kind) -> Refusal {
    Refusal::new(
        Code::WrongKeyType,
        match needed {
            Kind::Project => {
                "This route takes a project key (`sk-kw-live-...` or `sk-kw-test-...`), and this is \
                 an admin key. `keyway key create` makes a project key."
            }
            Kind::Admin => {
                "This route takes an admin key (`sk-kw-admin-...`), and this is a project key. \
                 `keyway admin-key create` makes an admin key."
            }
        },
    )
}
