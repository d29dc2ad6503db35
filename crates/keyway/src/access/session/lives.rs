//! How sessions begin and end. Each is a record of the audit log; what ends one is in the change feed.

use crate::access::format::{self, Prefix};
use crate::access::grant::Grant;
use crate::accounts::acting::Deed;
use crate::accounts::{Acting, check::not_there};
use crate::base::{Fault, Secret, Trouble, id};
use crate::store::changes::{KEY_CHANGED, KEY_STOPPED, NOTHING_CHANGED};
use crate::store::persons::{self, Person};
use crate::store::sessions::{self as rows, SessionRow};
use serde_json::json;

/// Sessions of a person at most: the next one ends the oldest.
pub const SESSIONS_MAX: i64 = 20;
/// Characters kept of what a browser calls itself.
const USER_AGENT_CHARS_MAX: usize = 200;
/// Organisations looked through for the one a session begins in.
const PLACES_MAX: i64 = 100;

/// How long a session lasts.
#[derive(Debug, Clone, Copy)]
pub struct Lasting {
    /// Milliseconds without use.
    pub idle_ms: i64,
    /// Milliseconds in all.
    pub whole_ms: i64,
}

/// A session just begun. Its secret goes into the cookie and nowhere else.
pub struct Begun {
    /// Its row.
    pub row: SessionRow,
    /// What the cookie holds.
    pub secret: Secret,
}

/// Begins a session of somebody who has shown who they are. It looks at the organisation they are in
/// longest; the act is in that one from then on.
///
/// # Errors
/// When the database cannot be used.
pub async fn begin(
    acting: &mut Acting<'_>,
    person: &Person,
    lasting: Lasting,
    (ip, user_agent): (&str, &str),
) -> Result<Begun, Fault> {
    let places = persons::places(&mut acting.tx, &person.id, PLACES_MAX).await?;
    let org = places.first().map_or(String::new(), |place| place.org.clone());
    acting.org.clone_from(&org);
    let open = rows::of_user(&mut acting.tx, &person.id, acting.now_ms, SESSIONS_MAX * 2).await?;
    for old in open.iter().skip(usize::try_from(SESSIONS_MAX - 1).unwrap_or(0)) {
        end_one(acting, old).await?;
    }
    let (kid, secret) = format::mint(Prefix::Session)?;
    let now_ms = acting.now_ms;
    let row = SessionRow {
        id: id::new("sess", &acting.at.clock),
        kid,
        digest: acting.at.master.digest(secret.reveal()).hex(),
        user_id: person.id.clone(),
        org_id: org,
        created_ms: now_ms,
        seen_ms: now_ms,
        idle_ms: lasting.idle_ms,
        expires_ms: now_ms + lasting.whole_ms,
        confirmed_ms: now_ms,
        ip: ip.to_owned(),
        user_agent: user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS_MAX).collect(),
    };
    rows::insert(&mut acting.tx, &row).await?;
    record(acting, "login.succeeded", NOTHING_CHANGED, &row).await?;
    Ok(Begun { row, secret })
}

/// Ends a session of a person's own.
///
/// # Errors
/// `not_found` for one that is not theirs.
pub async fn end(acting: &mut Acting<'_>, user: &str, session: &str) -> Result<(), Trouble> {
    let row = rows::live(&mut acting.tx, session, acting.now_ms).await?;
    let row = row.filter(|row| row.user_id == user).ok_or_else(|| not_there("session"))?;
    Ok(end_one(acting, &row).await?)
}

/// Ends every session of somebody but one; an empty `but`: every one.
///
/// # Errors
/// When the database cannot be used.
pub async fn end_all(acting: &mut Acting<'_>, user: &str, but: &str) -> Result<usize, Fault> {
    let open = rows::of_user(&mut acting.tx, user, acting.now_ms, SESSIONS_MAX * 2).await?;
    let mut ended = 0;
    for row in open.iter().filter(|row| row.id != but) {
        end_one(acting, row).await?;
        ended += 1;
    }
    Ok(ended)
}

async fn end_one(acting: &mut Acting<'_>, row: &SessionRow) -> Result<(), Fault> {
    rows::remove(&mut acting.tx, &row.id).await?;
    record(acting, "logout.succeeded", KEY_STOPPED, row).await
}

/// Turns a session to another organisation its person is in; the operator's to any.
///
/// # Errors
/// `not_found`: not there and not theirs are one answer.
pub async fn turn(acting: &mut Acting<'_>, grant: &Grant, org: &str) -> Result<(), Trouble> {
    let places = persons::places(&mut acting.tx, &grant.owner, PLACES_MAX).await?;
    let theirs = places.iter().any(|place| place.org == org);
    let there = crate::store::organizations::organization(&mut acting.tx, org).await?;
    let there = there.is_some_and(|found| found.archived_ms.is_none());
    if !there || !(theirs || acting.actor.rights.operator) {
        return Err(not_there("organization").into());
    }
    rows::set_org(&mut acting.tx, &grant.key, org).await?;
    acting.org = org.to_owned();
    let detail = json!({ "organization": org });
    let deed = Deed { name: "session.updated", kind: KEY_CHANGED, project: None, object: &grant.key, detail };
    Ok(acting.record(deed).await?)
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    kind: &'static str,
    row: &SessionRow,
) -> Result<(), Fault> {
    let detail = json!({ "user": row.user_id, "ip": row.ip, "user_agent": row.user_agent });
    acting.record(Deed { name, kind, project: None, object: &row.id, detail }).await
}
