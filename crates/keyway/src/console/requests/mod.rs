//! The request log: the list, and one request with everything that is known of it.

pub mod line;
pub mod list;
pub mod one;
mod trace;

use super::here::Here;
use crate::accounts::Scope;
use crate::accounts::check::narrow;
use crate::base::Refusal;

/// The projects a look at the log is about: those asked for, of those that may be seen. `None`: there is
/// nothing to see. An empty list: every one.
///
/// # Errors
/// A refusal when somebody sees so many projects that they must choose one.
pub fn seen(here: &Here<'_>, mut asked: Vec<String>) -> Result<Option<Vec<String>>, Refusal> {
    match here.grant.actor.rights.places(Scope::READ_REQUESTS) {
        None => Ok(Some(asked)),
        Some(among) => Ok(narrow(&mut asked, among)?.then_some(asked)),
    }
}
