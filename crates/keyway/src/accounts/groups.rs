//! What is done to groups: what a group has, everybody in it has.

use super::acting::{Acting, Deed};
use super::check::{check_name, not_there};
use super::load;
use super::may::Subject;
use super::members;
use super::scope::Scope;
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::PRINCIPAL_CHANGED;
use crate::store::groups::{self as rows, Group};
use serde_json::{Value, json};

/// Makes a group.
///
/// # Errors
/// A refusal that names the field.
pub async fn create(acting: &mut Acting<'_>, name: &str) -> Result<Group, Trouble> {
    acting.may(Scope::CREATE_MEMBERS, Subject::Organization)?;
    check_name("name", name)?;
    let group =
        Group { id: id::new("group", &acting.at.clock), name: name.to_owned(), created_ms: acting.now_ms };
    let org = acting.org.clone();
    rows::insert(&mut acting.tx, &org, &group).await?;
    record(acting, "group.created", &group.id, json!({ "name": name })).await?;
    Ok(group)
}

/// Renames a group.
///
/// # Errors
/// `not_found`, a refusal that names the field.
pub async fn rename(acting: &mut Acting<'_>, id: &str, name: &str) -> Result<Group, Trouble> {
    acting.may(Scope::UPDATE_MEMBERS, Subject::Organization)?;
    check_name("name", name)?;
    let mut group = find(acting, id).await?;
    rows::rename(&mut acting.tx, id, name).await?;
    name.clone_into(&mut group.name);
    record(acting, "group.updated", id, json!({ "name": name })).await?;
    Ok(group)
}

/// Removes a group: what it gave is gone.
///
/// # Errors
/// `not_found`, `missing_scope` for a group that holds more than the actor.
pub async fn remove(acting: &mut Acting<'_>, id: &str) -> Result<(), Trouble> {
    acting.may(Scope::DELETE_MEMBERS, Subject::Organization)?;
    let group = touch(acting, id).await?;
    rows::remove(&mut acting.tx, id).await?;
    record(acting, "group.deleted", id, json!({ "name": group.name })).await
}

/// Puts a user into a group.
///
/// # Errors
/// `not_found` for the group, `missing_scope` for a group that holds more than the actor, `conflict` for
/// who is in it.
pub async fn add_user(acting: &mut Acting<'_>, id: &str, user: &str) -> Result<Group, Trouble> {
    acting.may(Scope::UPDATE_MEMBERS, Subject::Organization)?;
    let group = touch(acting, id).await?;
    members::find(acting, user)
        .await
        .map_err(|_| Refusal::field("user_id", "`user_id` names nobody of this organisation."))?;
    if rows::has_user(&mut acting.tx, id, user).await? {
        return Err(Refusal::new(Code::Conflict, "The user is in this group already.").into());
    }
    rows::add_user(&mut acting.tx, id, user, acting.now_ms).await?;
    record(acting, "group.user.added", user, json!({ "group": id })).await?;
    Ok(group)
}

/// Takes a user out of a group.
///
/// # Errors
/// `not_found`, `missing_scope` for a group that holds more than the actor.
pub async fn remove_user(acting: &mut Acting<'_>, id: &str, user: &str) -> Result<(), Trouble> {
    acting.may(Scope::UPDATE_MEMBERS, Subject::Organization)?;
    touch(acting, id).await?;
    if !rows::has_user(&mut acting.tx, id, user).await? {
        return Err(not_there("user").into());
    }
    rows::remove_user(&mut acting.tx, id, user).await?;
    record(acting, "group.user.removed", user, json!({ "group": id })).await
}

/// A group of the organisation acted in.
///
/// # Errors
/// `not_found`.
pub async fn find(acting: &mut Acting<'_>, id: &str) -> Result<Group, Trouble> {
    let org = acting.org.clone();
    let found = rows::group(&mut acting.tx, &org, id).await?;
    found.ok_or_else(|| not_there("group").into())
}

/// A group whose rights the actor holds too.
async fn touch(acting: &mut Acting<'_>, id: &str) -> Result<Group, Trouble> {
    let group = find(acting, id).await?;
    let org = acting.org.clone();
    let held = load::of_group(&mut acting.tx, &org, id).await?.rights;
    acting.may_grant(&held, "group_id")?;
    Ok(group)
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    object: &str,
    detail: Value,
) -> Result<(), Trouble> {
    Ok(acting.record(Deed { name, kind: PRINCIPAL_CHANGED, project: None, object, detail }).await?)
}
