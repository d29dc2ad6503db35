//! From a credential to a grant: offline checks first, then the cache, then (rarely) the database.

use super::cache::{KeyCache, Known, Wanted};
use super::credential;
use super::ephemeral::claims;
use super::format::{self, Prefix};
use super::grant::Grant;
use super::shown::Shown;
use crate::accounts::Scope;
use crate::base::{Code, Fields, Refusal};
use crate::sealing::{Digest, MasterKey};
use std::sync::Arc;

/// What verification came to without the database.
pub enum Verdict {
    /// The key is known.
    Known(Arc<Grant>),
    /// The database must be asked.
    Ask(Wanted, Digest),
}

/// Verifies the credential of a request that came at `now_mono_ms`, from memory. `shown`: what its connection
/// showed before.
///
/// # Errors
/// The refusal to answer with.
pub fn from_memory(
    headers: &Fields,
    shown: &Shown,
    master: &MasterKey,
    cache: &KeyCache,
    now_mono_ms: i64,
) -> Result<Verdict, Refusal> {
    let text = credential::of(headers)?;
    if let Some(digest) = shown.digest(text)
        && cache.is_fresh(now_mono_ms)
        && let Some(Known::Grant(grant)) = cache.get(&digest)
    {
        return Ok(Verdict::Known(grant));
    }
    let handle = format::parse(text);
    let no_key = match handle {
        None => !claims::looks_signed(text),
        Some((prefix, _)) => matches!(prefix, Prefix::Invite | Prefix::Session | Prefix::Link),
    };
    if no_key {
        return Err(credential::invalid());
    }
    if !cache.is_fresh(now_mono_ms) {
        return Err(out_of_sync());
    }
    let digest = master.digest(text);
    match cache.get(&digest) {
        Some(Known::Grant(grant)) => {
            shown.keep(text, digest);
            Ok(Verdict::Known(grant))
        }
        Some(Known::Absent | Known::NoToken(_)) => Err(credential::invalid()),
        None => Ok(Verdict::Ask(wanted(text, handle, master, cache)?, digest)),
    }
}

/// Verifies the session of a cookie, from memory.
///
/// # Errors
/// The refusal to answer with.
pub fn session_from_memory(
    cookie: Option<&str>,
    master: &MasterKey,
    cache: &KeyCache,
    now_mono_ms: i64,
) -> Result<Verdict, Refusal> {
    let text = cookie.ok_or_else(credential::signed_out)?;
    let Some((Prefix::Session, kid)) = format::parse(text) else {
        return Err(credential::signed_out());
    };
    if !cache.is_fresh(now_mono_ms) {
        return Err(out_of_sync());
    }
    let digest = master.digest(text);
    match cache.get(&digest) {
        Some(Known::Grant(grant)) => Ok(Verdict::Known(grant)),
        Some(Known::Absent | Known::NoToken(_)) => Err(credential::signed_out()),
        None => Ok(Verdict::Ask(Wanted::Session(kid.to_owned()), digest)),
    }
}

/// What to look for: nothing, for a guess that is not even well-formed or not signed here.
fn wanted(
    text: &str,
    handle: Option<(Prefix, &str)>,
    master: &MasterKey,
    cache: &KeyCache,
) -> Result<Wanted, Refusal> {
    match handle {
        Some((Prefix::Invite | Prefix::Session | Prefix::Link, _)) => Err(credential::invalid()),
        Some((Prefix::Ephemeral, kid)) => Ok(Wanted::Token(kid.to_owned())),
        Some((_, kid)) => Ok(Wanted::Key(kid.to_owned())),
        None => Ok(Wanted::Signed(Box::new(claims::verify(master, text, cache.now_seconds())?))),
    }
}

/// What the database's answer means.
///
/// # Errors
/// `invalid_api_key` when there is no such key.
pub fn from_answer(known: Known) -> Result<Arc<Grant>, Refusal> {
    match known {
        Known::Grant(grant) => Ok(grant),
        Known::Absent | Known::NoToken(_) => Err(credential::invalid()),
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
    /// Any project key, or a token of one.
    AnyKey,
    /// Any project key itself.
    OwnKey,
    /// A project key with this scope.
    Key(Scope),
    /// An admin key, or a session, that may do this to what the route is about.
    Admin(Scope, About),
    /// A session, whatever its person may.
    Person,
}

/// What a management route is about. The path's first parameter names the project, where it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The installation: the operator's alone.
    Installation,
    /// The organisation as a whole.
    Organization,
    /// What of the organisation the caller can see: the handler shows no more than that.
    Anywhere,
    /// A project.
    Project,
    /// A project, and maybe only one's own things in it: the handler asks again when it knows whose.
    OwnInProject,
}
