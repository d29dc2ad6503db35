//! What is done to members of an organisation. Nobody gives a role that holds more than they hold, and
//! nobody touches who holds more.

use super::acting::{Acting, Deed};
use super::check::{check_name, email, not_there};
use super::load::{self, Given};
use super::may::Subject;
use super::rights::{Held, Rights};
use super::role::{self, Level};
use super::scope::Scope;
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::PRINCIPAL_CHANGED;
use crate::store::people::{self, Member};
use crate::store::roles;
use serde_json::json;

/// A person about to become a member.
#[derive(Debug, Clone, Default)]
pub struct NewMember {
    /// Their address.
    pub email: String,
    /// What they are called here.
    pub name: String,
    /// A predefined role's name or a custom role's id.
    pub role: String,
}

/// Makes somebody a member.
///
/// # Errors
/// A refusal that names the field, `conflict` for who is one, `missing_scope` for a role that holds
/// more than the actor.
pub async fn add(acting: &mut Acting<'_>, new: &NewMember) -> Result<Member, Trouble> {
    acting.may(Scope::CREATE_MEMBERS, Subject::Organization)?;
    let (role, given) = find_role(acting, None, "role", &new.role).await?;
    acting.may_grant(&anywhere(given), "role")?;
    join(acting, &new.email, &new.name, &role).await
}

/// Makes somebody a member with a role that has been checked.
///
/// # Errors
/// A refusal that names the field, `conflict` for who is a member.
pub(super) async fn join(
    acting: &mut Acting<'_>,
    address: &str,
    name: &str,
    role: &str,
) -> Result<Member, Trouble> {
    let address = email(address)?;
    check_name("name", name)?;
    let org = acting.org.clone();
    if people::member_by_email(&mut acting.tx, &org, &address).await?.is_some() {
        return Err(Refusal::new(Code::Conflict, "Somebody with this address is a member already.").into());
    }
    let known = people::user_by_email(&mut acting.tx, &address).await?;
    let member = Member {
        id: known.clone().unwrap_or_else(|| id::new("user", &acting.at.clock)),
        name: name.to_owned(),
        email: address,
        role: role.to_owned(),
        added_ms: acting.now_ms,
    };
    if known.is_none() {
        people::insert_user(&mut acting.tx, &member.id, &member.email, acting.now_ms).await?;
    }
    people::insert_member(&mut acting.tx, &org, &member).await?;
    record(acting, "user.added", &member).await?;
    Ok(member)
}

/// Changes a member's role and name; what is absent stays.
///
/// # Errors
/// `not_found`, `missing_scope` for a role or a person that holds more than the actor, `conflict` for
/// the last owner.
pub async fn update(
    acting: &mut Acting<'_>,
    user: &str,
    name: Option<&str>,
    role: Option<&str>,
) -> Result<Member, Trouble> {
    acting.may(Scope::UPDATE_MEMBERS, Subject::Organization)?;
    let mut member = touch(acting, user).await?;
    if let Some(name) = name {
        check_name("name", name)?;
        name.clone_into(&mut member.name);
    }
    if let Some(role) = role {
        let (role, given) = find_role(acting, None, "role", role).await?;
        acting.may_grant(&anywhere(given), "role")?;
        if role != member.role {
            keep_an_owner(acting, &member).await?;
        }
        member.role = role;
    }
    let org = acting.org.clone();
    people::update_member(&mut acting.tx, &org, user, &member.name, &member.role).await?;
    record(acting, "user.updated", &member).await?;
    Ok(member)
}

/// A member whom the actor may touch.
///
/// # Errors
/// `not_found`, `missing_scope` for somebody who holds more.
pub(super) async fn touch(acting: &mut Acting<'_>, user: &str) -> Result<Member, Trouble> {
    let member = find(acting, user).await?;
    let org = acting.org.clone();
    let held = load::of_user(&mut acting.tx, &org, user).await?.rights;
    acting.may_grant(&held, "user_id")?;
    Ok(member)
}

/// A member of the organisation acted in.
///
/// # Errors
/// `not_found`.
pub async fn find(acting: &mut Acting<'_>, user: &str) -> Result<Member, Trouble> {
    let org = acting.org.clone();
    let found = people::member(&mut acting.tx, &org, user).await?;
    found.ok_or_else(|| not_there("user").into())
}

/// Refuses to take the last owner away. The operator may: organisations without owner are theirs.
///
/// # Errors
/// `conflict`.
pub(super) async fn keep_an_owner(acting: &mut Acting<'_>, member: &Member) -> Result<(), Trouble> {
    let org = acting.org.clone();
    if member.role != "owner"
        || acting.actor.rights.operator
        || people::anyone_else(&mut acting.tx, &org, "owner", &member.id).await?
    {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Conflict,
        "This is the organisation's last owner. Make somebody else an owner first.",
    )
    .into())
}

/// Looks up a role somebody names for a project, or for the organisation, by name or by id: its name or id
/// as it is kept, and what it gives.
///
/// # Errors
/// A refusal that names the field.
pub(super) async fn find_role(
    acting: &mut Acting<'_>,
    project: Option<&str>,
    field: &'static str,
    named: &str,
) -> Result<(String, Given), Trouble> {
    let level = if project.is_some() { Level::Project } else { Level::Organization };
    let by_id = role::PREDEFINED.iter().find(|role| role.level == level && role.id() == named);
    let named = by_id.map_or(named, |role| role.name);
    let org = acting.org.clone();
    let custom =
        if named.starts_with("role_") { roles::all(&mut acting.tx, &org).await? } else { Vec::new() };
    let given = load::find_role(project, named, &custom).ok_or_else(|| {
        let known: Vec<String> = role::names(level).iter().map(|name| format!("`{name}`")).collect();
        Refusal::field(field, format!("`{field}` must be {} or a custom role's id.", known.join(", ")))
    })?;
    Ok((named.to_owned(), given))
}

/// Everything a role of the organisation can come to, whatever projects its holder is put into.
pub(super) fn anywhere(given: Given) -> Rights {
    let held: Held = match given {
        Given::Predefined(role) => role.held.or(role.in_own_projects),
        Given::Custom(_) => given.held(),
    };
    Rights { everywhere: held, ..Rights::default() }
}

async fn record(acting: &mut Acting<'_>, name: &'static str, member: &Member) -> Result<(), Trouble> {
    let detail = json!({ "email": member.email, "name": member.name, "role": member.role });
    let deed = Deed { name, kind: PRINCIPAL_CHANGED, project: None, object: &member.id, detail };
    Ok(acting.record(deed).await?)
}
