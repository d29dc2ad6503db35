//! What a call must pass at the door: a list of named rules. The request's way and `explain` are made
//! from the same list, so that they cannot disagree.

use super::endpoints;
use super::grant::{Grant, Kind};
use super::told::{Told, tell};
use super::verify::{About, Needs};
use crate::accounts::may::Denied;
use crate::accounts::{Subject, may};
use crate::base::{Code, Refusal};
use std::net::IpAddr;

/// A call that a key wants to make.
pub struct Asked<'a> {
    /// The key.
    pub grant: &'a Grant,
    /// What the route asks for.
    pub needs: Needs,
    /// The route's canonical path.
    pub path: &'a str,
    /// What the path's placeholders stand for.
    pub params: &'a [String],
    /// From where it comes; absent only where somebody asks what would be.
    pub peer: Option<IpAddr>,
    /// Unix milliseconds.
    pub now_ms: i64,
}

/// Each rule is a name, the function that decides, and the function that says what there was to decide:
/// `None` when there was nothing. The first is called for every request, straight and in this order; the
/// second by `explain` alone.
macro_rules! rules {
    ($( $name:literal: $decide:ident, $what:ident; )*) => {
        /// Checks a call against every rule.
        ///
        /// # Errors
        /// The refusal of the first rule that it breaks.
        pub fn permit(asked: &Asked<'_>) -> Result<(), Refusal> {
            $( $decide(asked)?; )*
            Ok(())
        }

        /// What each rule says of a call.
        #[must_use]
        pub fn told(asked: &Asked<'_>) -> Vec<Told> {
            vec![$( tell($name, $decide(asked), $what(asked)), )*]
        }
    };
}

rules! {
    "key_status": is_good, standing;
    "key_type": is_right_kind, kind;
    "ip_allowlist": is_from_there, networks;
    "scope": may_do_it, scope;
    "endpoints": may_call_path, endpoint;
}

fn is_good(asked: &Asked<'_>) -> Result<(), Refusal> {
    asked.grant.refusal(asked.now_ms).map_or(Ok(()), Err)
}

fn standing(_: &Asked<'_>) -> Option<String> {
    Some("The key, its makers and its project are in order.".to_owned())
}

fn is_right_kind(asked: &Asked<'_>) -> Result<(), Refusal> {
    match needed_kind(asked.needs) {
        Some(kind) if kind != asked.grant.kind => Err(wrong_kind(kind, asked.grant.token.is_some())),
        _ if asked.needs == Needs::Person && !asked.grant.session => Err(super::credential::signed_out()),
        _ if asked.needs == Needs::OwnKey && asked.grant.token.is_some() => Err(Refusal::new(
            Code::WrongKeyType,
            "This route takes a project key (`sk-kw-live-...` or `sk-kw-test-...`) itself, and this is an \
             ephemeral token of one: tokens make no tokens.",
        )),
        _ => Ok(()),
    }
}

fn kind(asked: &Asked<'_>) -> Option<String> {
    let text = match needed_kind(asked.needs)? {
        Kind::Project => "The route takes project keys, and this is one.",
        Kind::Admin => "The route takes admin keys, and this is one.",
    };
    Some(text.to_owned())
}

fn needed_kind(needs: Needs) -> Option<Kind> {
    match needs {
        Needs::Nothing => None,
        Needs::AnyKey | Needs::OwnKey | Needs::Key(_) => Some(Kind::Project),
        Needs::Admin(..) | Needs::Person => Some(Kind::Admin),
    }
}

fn is_from_there(asked: &Asked<'_>) -> Result<(), Refusal> {
    match asked.peer {
        Some(peer) if !asked.grant.networks.allow(peer) => Err(Refusal::new(
            Code::IpNotAllowed,
            "This key does not work from this address. Its allow-list, its project's and its organisation's \
             say from where it does.",
        )),
        _ => Ok(()),
    }
}

fn networks(asked: &Asked<'_>) -> Option<String> {
    if asked.grant.networks.is_empty() {
        return None;
    }
    asked.peer.map(|peer| format!("Every allow-list has {peer}."))
}

fn may_do_it(asked: &Asked<'_>) -> Result<(), Refusal> {
    match asked.needs {
        Needs::Key(scope) if !asked.grant.scopes.has(scope) => Err(Denied::Missing(scope).into()),
        Needs::Admin(scope, about) => {
            let project = asked.params.first().map_or("", String::as_str);
            let subject = match about {
                About::Installation => Subject::Installation,
                About::Organization => Subject::Organization,
                About::Anywhere => Subject::Anywhere,
                About::Project => Subject::Project(project),
                About::OwnInProject => Subject::OwnIn(project),
            };
            may(&asked.grant.actor, scope, subject).map_err(Denied::into)
        }
        _ => Ok(()),
    }
}

fn scope(asked: &Asked<'_>) -> Option<String> {
    match asked.needs {
        Needs::Key(scope) | Needs::Admin(scope, _) => Some(format!("The key holds `{}` here.", scope.name())),
        Needs::AnyKey | Needs::OwnKey | Needs::Nothing | Needs::Person => None,
    }
}

fn may_call_path(asked: &Asked<'_>) -> Result<(), Refusal> {
    match asked.needs {
        Needs::Key(_) if !endpoints::allow(asked.grant.endpoints.as_deref(), asked.path) => {
            Err(Refusal::new(
                Code::MissingScope,
                "This key may not call this path: its `endpoints` say which it may. Use a key without them, \
                 or have the path added.",
            ))
        }
        _ => Ok(()),
    }
}

fn endpoint(asked: &Asked<'_>) -> Option<String> {
    asked.grant.endpoints.as_ref().map(|_| format!("The key's `endpoints` have `{}`.", asked.path))
}

fn wrong_kind(needed: Kind, ephemeral: bool) -> Refusal {
    Refusal::new(
        Code::WrongKeyType,
        match needed {
            Kind::Project => {
                "This route takes a project key (`sk-kw-live-...` or `sk-kw-test-...`), and this is \
                 an admin key. `keyway key create` makes a project key."
            }
            Kind::Admin if ephemeral => {
                "This route takes an admin key (`sk-kw-admin-...`), and this is an ephemeral token of a \
                 project key. `keyway admin-key create` makes an admin key."
            }
            Kind::Admin => {
                "This route takes an admin key (`sk-kw-admin-...`), and this is a project key. \
                 `keyway admin-key create` makes an admin key."
            }
        },
    )
}
