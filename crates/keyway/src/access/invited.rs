//! What an invitation is worth when it is taken up: what who made it may now.

use super::chain;
use super::format::{self, Prefix};
use crate::accounts::check::not_there;
use crate::accounts::{Acting, Rights, load};
use crate::base::{Fault, Trouble};
use crate::sealing::MasterKey;
use crate::store::Conn;
use crate::store::invites::{self, Invite};
use crate::store::keys;

/// The invitation that a token opens, if it still waits.
///
/// # Errors
/// `not_found` for one that is over, was taken up, or never was.
pub async fn find(conn: &mut Conn, master: &MasterKey, token: &str, now_ms: i64) -> Result<Invite, Trouble> {
    let found = match format::parse(token) {
        Some((Prefix::Invite, _)) => invites::by_token(conn, &master.digest(token).hex()).await?,
        _ => None,
    };
    let waits = |invite: &Invite| invite.accepted_ms.is_none() && invite.expires_ms > now_ms;
    found.filter(waits).ok_or_else(|| not_there("invitation").into())
}

/// Turns an act to the organisation of an invitation, with the rights of who made it.
///
/// # Errors
/// When the database cannot be used.
pub async fn enter(acting: &mut Acting<'_>, invite: &Invite) -> Result<(), Fault> {
    acting.org.clone_from(&invite.org_id);
    acting.actor.rights = maker_now(acting, invite).await?;
    Ok(())
}

async fn maker_now(acting: &mut Acting<'_>, invite: &Invite) -> Result<Rights, Fault> {
    match invite.maker_kind.as_str() {
        "operator" => Ok(Rights::operator()),
        "user" => Ok(load::of_user(&mut acting.tx, &invite.org_id, &invite.maker_id).await?.rights),
        _ => {
            let row = keys::by_any_id(&mut acting.tx, &invite.maker_id).await?;
            match row.filter(|row| row.status == "active") {
                Some(row) => Ok(chain::load(&mut acting.tx, &row, acting.now_ms).await?.rights),
                None => Ok(Rights::none()),
            }
        }
    }
}
