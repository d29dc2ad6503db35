//! What is done to routes of organisations: make, change, remove. API and CLI all come here.

use super::load::one_row;
use crate::accounts::check::not_there;
use crate::accounts::{Acting, Deed, Scope, Subject};
use crate::base::{Code, Refusal, Trouble, id};
use crate::catalog::fields::{ROUTE_FIELDS, TARGET_FIELDS};
use crate::catalog::{Catalog, Mistake, RouteRow};
use crate::store::changes::CATALOG_CHANGED;
use crate::store::routes::{self as rows, RouteRow as Stored};
use serde_json::{Value, json};

/// Routes of an organisation at most: all of them are in memory.
pub const OF_ORGANIZATION_MAX: i64 = 200;

/// A route's row of the fields it is stored with.
///
/// # Errors
/// What is wrong with them.
pub fn route_row(name: &str, fields: &str) -> Result<RouteRow, Vec<Mistake>> {
    one_row("routes", name, fields, |rows| rows.routes.pop())
}

/// Makes a route, and answers the row and what it says.
///
/// # Errors
/// A refusal of a name or of fields that make no route, `conflict` for a name that is taken.
pub async fn create(
    acting: &mut Acting<'_>,
    catalog: &Catalog,
    name: &str,
    fields: &str,
) -> Result<(Stored, RouteRow), Trouble> {
    acting.may(Scope::CREATE_PROJECTS, Subject::Organization)?;
    let said = checked(catalog, &acting.org, name, fields)?;
    if catalog.routes().iter().any(|route| route.row.name == name) {
        return Err(taken(name, "The configuration file has a route of that name.").into());
    }
    let org = acting.org.clone();
    let known = rows::page(&mut acting.tx, &org, false, "", OF_ORGANIZATION_MAX).await?;
    if i64::try_from(known.len()).unwrap_or(i64::MAX) >= OF_ORGANIZATION_MAX {
        let message = format!("An organization has at most {OF_ORGANIZATION_MAX} routes. Remove one first.");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let row = Stored {
        id: id::new("route", &acting.at.clock),
        org,
        name: name.to_owned(),
        fields: fields.to_owned(),
        created_ms: acting.now_ms,
    };
    if !rows::add(&mut acting.tx, &row).await? {
        return Err(taken(name, "There is a route of that name already.").into());
    }
    record(acting, "route.created", &row.id, json!({ "name": name, "fields": fields })).await?;
    Ok((row, said))
}

/// Changes what a route says.
///
/// # Errors
/// As [`create`], and `not_found`.
pub async fn edit(
    acting: &mut Acting<'_>,
    catalog: &Catalog,
    route: &str,
    fields: &str,
) -> Result<(Stored, RouteRow), Trouble> {
    acting.may(Scope::UPDATE_PROJECTS, Subject::Organization)?;
    let row = found(acting, catalog, route).await?;
    let said = checked(catalog, &acting.org, &row.name, fields)?;
    rows::change(&mut acting.tx, &row.id, fields, acting.now_ms).await?;
    record(acting, "route.updated", &row.id, json!({ "name": row.name, "fields": fields })).await?;
    Ok((Stored { fields: fields.to_owned(), ..row }, said))
}

/// Removes a route, and answers the row it was.
///
/// # Errors
/// `not_found`, and `conflict` for one of the configuration file.
pub async fn remove(acting: &mut Acting<'_>, catalog: &Catalog, route: &str) -> Result<Stored, Trouble> {
    acting.may(Scope::DELETE_PROJECTS, Subject::Organization)?;
    let row = found(acting, catalog, route).await?;
    rows::delete(&mut acting.tx, &row.id).await?;
    record(acting, "route.deleted", &row.id, json!({ "name": row.name })).await?;
    Ok(row)
}

async fn found(acting: &mut Acting<'_>, catalog: &Catalog, route: &str) -> Result<Stored, Trouble> {
    let org = acting.org.clone();
    if let Some(row) = rows::find(&mut acting.tx, &org, route).await? {
        return Ok(row);
    }
    let name = route.strip_prefix(CONFIG_ID).unwrap_or(route);
    if catalog.routes().iter().any(|route| route.row.name == name) {
        let message = format!("The configuration file has the route `{name}`; change it there.");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    Err(not_there("route").into())
}

/// What the ids of the operator's routes begin with; their name follows.
pub const CONFIG_ID: &str = "config:";

/// Reads the fields of a route whose targets are there.
///
/// # Errors
/// A refusal of fields that make no route, or name nobody who can be asked.
pub fn checked(catalog: &Catalog, org: &str, name: &str, fields: &str) -> Result<RouteRow, Refusal> {
    let row = route_row(name, fields).map_err(|mistakes| {
        let (path, fix) =
            mistakes.first().map_or(("", "correct it"), |it| (it.path.as_str(), it.fix.as_str()));
        let mut known = ROUTE_FIELDS.iter().chain(TARGET_FIELDS).map(|field| field.name);
        let field = known.rfind(|name| path.ends_with(&format!(".{name}"))).unwrap_or("name");
        Refusal::field(field, format!("`{field}` makes no route: {fix}."))
    })?;
    let mut served = false;
    for target in &row.targets {
        match catalog.targets(&target.model) {
            Ok(found) => served |= found.iter().any(|target| target.provider.serves(org)),
            Err(None) => {}
            Err(Some((problem, fix))) => {
                return Err(Refusal::field("targets", format!("A target {problem}; {fix}.")));
            }
        }
    }
    if !served {
        let message = "`targets` names only models of providers that are not set up here.";
        return Err(Refusal::field("targets", message));
    }
    Ok(row)
}

fn taken(name: &str, why: &str) -> Refusal {
    let message = format!("The name `{name}` is taken. {why}");
    Refusal { param: Some("name".into()), ..Refusal::new(Code::Conflict, message) }
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    object: &str,
    detail: Value,
) -> Result<(), Trouble> {
    Ok(acting.record(Deed { name, kind: CATALOG_CHANGED, project: None, object, detail }).await?)
}
