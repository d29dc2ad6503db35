//! How a change begins that a verified credential asks for: with what it may in that very transaction.

use super::chain;
use super::credential;
use super::grant::Grant;
use crate::accounts::{Acting, Actor, Installation, load};
use crate::audit::Author;
use crate::base::Trouble;
use crate::store::{keys, sessions};
use std::net::IpAddr;

/// Who is named for what a credential does.
#[must_use]
pub fn author(grant: &Grant, from: IpAddr) -> Author {
    let ip = Some(from.to_string());
    if grant.session {
        return Author { kind: "user", id: grant.owner.to_string(), ip };
    }
    Author { kind: "admin_key", id: grant.key.to_string(), ip }
}

/// Begins a change. Who was demoted a moment ago may no more than they may now.
///
/// # Errors
/// `invalid_api_key` when the credential has ended meanwhile.
pub async fn begin<'a>(
    at: &'a Installation,
    grant: &Grant,
    org: &str,
    from: IpAddr,
) -> Result<Acting<'a>, Trouble> {
    let mut acting = Acting::begin(at, author(grant, from), grant.actor.clone(), org).await?;
    acting.actor = if grant.session {
        of_session(&mut acting, grant).await?
    } else {
        of_key(&mut acting, grant).await?
    };
    Ok(acting)
}

async fn of_key(acting: &mut Acting<'_>, grant: &Grant) -> Result<Actor, Trouble> {
    let row = keys::by_any_id(&mut acting.tx, &grant.key).await?;
    let row = row.filter(|row| row.status == "active").ok_or_else(credential::invalid)?;
    let bounded = chain::load(&mut acting.tx, &row, acting.now_ms).await?;
    Ok(Actor { rights: bounded.rights, ..grant.actor.clone() })
}

async fn of_session(acting: &mut Acting<'_>, grant: &Grant) -> Result<Actor, Trouble> {
    let row = sessions::live(&mut acting.tx, &grant.key, acting.now_ms).await?;
    let row = row.ok_or_else(credential::signed_out)?;
    let org = acting.org.clone();
    let loaded = load::of_user(&mut acting.tx, &org, &row.user_id).await?;
    Ok(Actor { rights: loaded.rights, ..grant.actor.clone() })
}
