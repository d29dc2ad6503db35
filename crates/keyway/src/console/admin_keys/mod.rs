//! Admin keys: what manages instead of calling models. The list, a wizard of their own, their one moment, their
//! own page, and their end.

mod asked;
pub mod change;
pub mod edit;
mod fields;
mod gives;
pub mod leaked;
pub mod list;
mod made;
pub mod new;
pub mod one;
mod start;
mod summary;

use super::here::Here;
use crate::access::keys::{self as service, Which};
use crate::base::Trouble;
use crate::store::keys::KeyRow;
use crate::store::names::{Named, names};
use std::collections::HashMap;

const PATH: &str = "/console/admin-keys";

fn path(row: &KeyRow) -> String {
    format!("{PATH}/{}", row.id)
}

fn which(row: &KeyRow) -> Which<'_> {
    Which { admin: true, project: None, id: &row.id }
}

/// The admin key that a page's path names, if it may be seen: the operator's are nobody else's to know of.
///
/// # Errors
/// `not_found`: not there and not yours are one answer.
async fn named(here: &Here<'_>) -> Result<KeyRow, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let which = Which { admin: true, project: None, id: here.param(0) };
    let row = service::find(&mut conn, here.org(), &which).await?;
    match row.reach == "installation" && !here.grant.actor.rights.operator {
        true => Err(service::not_there("key").into()),
        false => Ok(row),
    }
}

/// A list that a row holds; `None`: none is written, which is everything.
fn listed(json: Option<&str>) -> Option<Vec<String>> {
    json.and_then(|text| serde_json::from_str(text).ok())
}

/// What the projects are called that a key is bound to; `None`: it is bound to none.
///
/// # Errors
/// When the database cannot be used.
async fn projects_of(here: &Here<'_>, row: &KeyRow) -> Result<Option<Vec<String>>, Trouble> {
    let Some(ids) = listed(row.projects.as_deref()) else { return Ok(None) };
    let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut conn = here.shared.at.db.connection().await?;
    let known: HashMap<String, String> = names(&mut conn, here.org(), Named::Project, &asked).await?;
    Ok(Some(ids.iter().map(|id| known.get(id).unwrap_or(id).clone()).collect()))
}
