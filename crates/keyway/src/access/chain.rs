//! What a key may now: what was given to it, within what its owner and everybody who had a part in
//! its making may now.

use crate::accounts::bound::{self, Gift};
use crate::accounts::load::{self, Loaded};
use crate::accounts::{Rights, Scopes};
use crate::base::Fault;
use crate::store::Conn;
use crate::store::keys::{self, KeyRow};
use std::sync::Arc;

/// Makers above a key at most; a key further down is refused when it is made, and dead if it is there.
pub const MAKERS_MAX: usize = 8;
/// A time at which no credential has ended. An admin key that runs out is no demotion of anybody:
/// the project keys made with it in time stay. The admin keys made with it do not.
const NOTHING_ENDS: i64 = i64::MIN;

/// A key's rights now.
#[derive(Debug, Clone, Default)]
pub struct Bounded {
    /// Rights of an admin key.
    pub rights: Rights,
    /// Scopes of a project key.
    pub scopes: Scopes,
    /// Who made it may no longer: it works no longer.
    pub orphaned: bool,
    /// The earliest end of the key and its makers, unix milliseconds.
    pub expires_ms: Option<i64>,
    /// Makers above it.
    pub makers: usize,
    /// Ids whose changes ask for another look.
    pub depends: Vec<Arc<str>>,
}

/// Loads what a key may now.
///
/// # Errors
/// When the database cannot be used, or a row says what this version does not know.
pub async fn load(conn: &mut Conn, key: &KeyRow, now_ms: i64) -> Result<Bounded, Fault> {
    if key.kind == "admin" { of_admin(conn, key, now_ms).await } else { of_project(conn, key).await }
}

/// An admin key: its scopes in its projects, within its owner's rights, within its maker's.
async fn of_admin(conn: &mut Conn, key: &KeyRow, now_ms: i64) -> Result<Bounded, Fault> {
    let mut line = line_of(conn, key).await?;
    let mut bounded = Bounded { orphaned: line.broken, makers: line.keys.len() - 1, ..Bounded::default() };
    let mut above: Option<(Rights, String)> = line.person.take().map(|(loaded, user)| {
        bounded.depends.extend(loaded.depends);
        (loaded.rights, user)
    });
    // From the first maker down to the key itself.
    for (row, owner) in line.keys.into_iter().rev() {
        bounded.expires_ms = earlier(bounded.expires_ms, row.expires_ms);
        let is_maker = row.id != key.id;
        if is_maker {
            bounded.depends.push(row.id.as_str().into());
            bounded.orphaned |= !is_good(&row, now_ms);
        }
        let person = if row.owner_kind == "user" { row.owner_id.clone() } else { String::new() };
        let gift = gift(&row, &person, owner.as_ref().map(|loaded| &loaded.rights))?;
        let rights = gift.under(above.as_ref().map(|(rights, person)| (rights, person.as_str())));
        bounded.depends.extend(owner.into_iter().flat_map(|loaded| loaded.depends));
        above = Some((rights, person));
    }
    bounded.rights = above.map(|(rights, _)| rights).filter(|_| !bounded.orphaned).unwrap_or_default();
    Ok(bounded)
}

/// A project key: its scopes, as far as its owner may use them, while who made it may make keys there.
async fn of_project(conn: &mut Conn, key: &KeyRow) -> Result<Bounded, Fault> {
    let mut bounded = Bounded { expires_ms: key.expires_ms, ..Bounded::default() };
    let maker = match key.maker_kind.as_str() {
        "operator" => None,
        "user" => {
            let maker = load::of_user(conn, &key.org_id, &key.maker_id).await?;
            bounded.depends.extend(maker.depends);
            Some(maker.rights)
        }
        "key" => {
            bounded.depends.push(key.maker_id.as_str().into());
            match keys::by_any_id(conn, &key.maker_id).await?.filter(stands) {
                None => Some(Rights::none()),
                Some(maker) => {
                    let above = of_admin(conn, &maker, NOTHING_ENDS).await?;
                    bounded.makers = above.makers + 1;
                    bounded.depends.extend(above.depends);
                    Some(above.rights)
                }
            }
        }
        _ => return Err(Fault::plain(format!("key {} has an unknown maker", key.id))),
    };
    let owner = match key.owner_kind.as_str() {
        "" => None,
        "user" => Some(load::of_user(conn, &key.org_id, &key.owner_id).await?),
        "service_account" => Some(load::of_service_account(conn, &key.org_id, &key.owner_id).await?),
        _ => return Err(Fault::plain(format!("key {} has an unknown owner", key.id))),
    };
    let owner = owner.map(|owner| {
        bounded.depends.extend(owner.depends);
        owner.rights
    });
    let project = key.project_id.as_deref().unwrap_or_default();
    let left = bound::scopes_in(given_scopes(key)?, project, owner.as_ref(), maker.as_ref());
    bounded.orphaned = left.is_none();
    bounded.scopes = left.unwrap_or_default();
    Ok(bounded)
}

/// A key with its makers up to the one that nobody bounds.
struct Line {
    /// The key first, with what its owner may.
    keys: Vec<(KeyRow, Option<Loaded>)>,
    /// The person who made the uppermost, when it was no key and not the operator.
    person: Option<(Loaded, String)>,
    /// A maker is missing, or there are too many.
    broken: bool,
}

async fn line_of(conn: &mut Conn, key: &KeyRow) -> Result<Line, Fault> {
    let mut line = Line { keys: Vec::new(), person: None, broken: false };
    let mut next = Some(key.clone());
    while let Some(row) = next.take() {
        let owner = match row.owner_kind.as_str() {
            "user" => Some(load::of_user(conn, &row.org_id, &row.owner_id).await?),
            _ => None,
        };
        match row.maker_kind.as_str() {
            "operator" => {}
            "user" => {
                let loaded = load::of_user(conn, &row.org_id, &row.maker_id).await?;
                line.person = Some((loaded, row.maker_id.clone()));
            }
            "key" if line.keys.len() < MAKERS_MAX => {
                next = keys::by_any_id(conn, &row.maker_id).await?;
                // Across organisations only the operator makes keys.
                let fits = |maker: &KeyRow| maker.org_id == row.org_id || maker.reach == "installation";
                line.broken |= !next.as_ref().is_some_and(fits);
            }
            _ => line.broken = true,
        }
        line.keys.push((row, owner));
    }
    Ok(line)
}

/// What was given to an admin key.
fn gift<'a>(row: &KeyRow, person: &'a str, owner: Option<&'a Rights>) -> Result<Gift<'a>, Fault> {
    let projects = row.projects.as_deref().map(serde_json::from_str).transpose();
    let projects =
        projects.map_err(|error| Fault::new(format!("reading the projects of key {}", row.id), error))?;
    Ok(Gift { scopes: given_scopes(row)?, projects, operator: row.reach == "installation", person, owner })
}

/// The scopes written in a key's row, defaults for what is not.
fn given_scopes(row: &KeyRow) -> Result<Scopes, Fault> {
    let admin = row.kind == "admin";
    match &row.scopes {
        None if admin => Ok(Scopes::administration()),
        None => Ok(Scopes::ordinary()),
        Some(list) => serde_json::from_str::<Vec<String>>(list)
            .ok()
            .and_then(|names| Scopes::parse(&names, admin).ok())
            .ok_or_else(|| Fault::plain(format!("key {} has an unknown scope", row.id))),
    }
}

fn stands(row: &KeyRow) -> bool {
    row.kind == "admin" && row.status == "active"
}

fn is_good(row: &KeyRow, now_ms: i64) -> bool {
    stands(row) && row.expires_ms.is_none_or(|end| end > now_ms)
}

fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
