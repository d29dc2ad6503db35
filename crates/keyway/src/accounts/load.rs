//! Rights of people and service accounts, from what stands in the database now.

use super::rights::{Held, Rights};
use super::role::{Level, Role};
use super::scope::Scopes;
use crate::base::Fault;
use crate::store::roles::{self, CustomRole};
use crate::store::{Conn, groups, people, persons, project_members, service_accounts};
use std::sync::Arc;

/// Rights, and whose changes change them: users, groups, roles, keys.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What may be done.
    pub rights: Rights,
    /// Ids whose changes ask for another look.
    pub depends: Vec<Arc<str>>,
}

/// A role somebody has, looked up.
#[derive(Debug, Clone, Copy)]
pub enum Given {
    /// One of the table.
    Predefined(&'static Role),
    /// A list of permissions.
    Custom(Scopes),
}

impl Given {
    /// What it gives where it is held.
    #[must_use]
    pub fn held(self) -> Held {
        match self {
            Self::Predefined(role) => role.held,
            Self::Custom(all) => Held { all, own: Scopes::NONE },
        }
    }

    fn in_own_projects(self) -> Held {
        match self {
            Self::Predefined(role) => role.in_own_projects,
            Self::Custom(_) => Held::NONE,
        }
    }
}

/// Looks a role up that is held in a project, or in the organisation: a predefined one's name or a custom
/// one's id. What is not there gives nothing.
#[must_use]
pub fn find_role(project: Option<&str>, role: &str, custom: &[CustomRole]) -> Option<Given> {
    let level = if project.is_some() { Level::Project } else { Level::Organization };
    if let Some(role) = Role::named(level, role) {
        return Some(Given::Predefined(role));
    }
    // A project's own roles are held there and nowhere else.
    let fits = |row: &&CustomRole| row.project.is_none() || row.project.as_deref() == project;
    let row = custom.iter().filter(fits).find(|row| row.id == role)?;
    let names: Vec<String> = serde_json::from_str(&row.permissions).ok()?;
    // A list that cannot be read gives nothing.
    Scopes::parse_any(&names).ok().map(Given::Custom)
}

/// Rights of somebody with some roles in the organisation and some in projects.
#[must_use]
pub fn combine(of_org: &[Given], of_projects: &[(String, Given)]) -> Rights {
    let fold = |held: Held, more: Held| held.or(more);
    let mut rights = Rights {
        everywhere: of_org.iter().map(|role| role.held()).fold(Held::NONE, fold),
        ..Rights::default()
    };
    let own = of_org.iter().map(|role| role.in_own_projects()).fold(Held::NONE, fold);
    for (project, role) in of_projects {
        let member = matches!(role, Given::Predefined(role) if role.name == "member");
        rights.add(project, if member { own } else { role.held() });
    }
    rights
}

/// What a user may in an organisation now. Who is no member may nothing.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_user(conn: &mut Conn, org: &str, user: &str) -> Result<Loaded, Fault> {
    let mut loaded = Loaded { rights: Rights::none(), depends: vec![user.into()] };
    if persons::is_operator(conn, user).await? {
        loaded.rights = Rights::operator();
        return Ok(loaded);
    }
    let Some(member) = people::member(conn, org, user).await? else {
        return Ok(loaded);
    };
    let mut holders = vec![user.to_owned()];
    holders.extend(groups::of_user(conn, org, user).await?);
    let held = of_holders(conn, org, &holders, vec![member.role]).await?;
    loaded.rights = held.rights;
    loaded.depends.extend(held.depends);
    Ok(loaded)
}

/// The most that a group can give somebody who is in it, now: in the projects where it is a `member`,
/// what the role gives that gives most there.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_group(conn: &mut Conn, org: &str, group: &str) -> Result<Loaded, Fault> {
    let mut loaded = of_holders(conn, org, &[group.to_owned()], Vec::new()).await?;
    let most = Role::named(Level::Organization, "developer").map_or(Held::NONE, |role| role.in_own_projects);
    let places = project_members::of_holder(conn, org, group).await?;
    let places = places.into_iter().map(|place| (place.project, place.role));
    for (project, role) in places.chain(roles::assigned_in_projects(conn, org, group).await?) {
        if role == "member" {
            loaded.rights.add(&project, most);
        }
    }
    Ok(loaded)
}

async fn of_holders(
    conn: &mut Conn,
    org: &str,
    holders: &[String],
    mut of_org: Vec<String>,
) -> Result<Loaded, Fault> {
    let mut of_projects = Vec::new();
    for holder in holders {
        of_org.extend(roles::assigned(conn, org, holder).await?);
        let places = project_members::of_holder(conn, org, holder).await?;
        of_projects.extend(places.into_iter().map(|place| (place.project, place.role)));
        of_projects.extend(roles::assigned_in_projects(conn, org, holder).await?);
    }
    let named = of_org.iter().chain(of_projects.iter().map(|(_, role)| role));
    let custom_ids: Vec<Arc<str>> =
        named.filter(|role| role.starts_with("role_")).map(|role| role.as_str().into()).collect();
    let custom = if custom_ids.is_empty() { Vec::new() } else { roles::all(conn, org).await? };
    let of_org: Vec<Given> = of_org.iter().filter_map(|role| find_role(None, role, &custom)).collect();
    let of_projects: Vec<(String, Given)> = of_projects
        .into_iter()
        .filter_map(|(project, role)| {
            let given = find_role(Some(&project), &role, &custom)?;
            Some((project, given))
        })
        .collect();
    let mut depends: Vec<Arc<str>> = holders.iter().map(|holder| holder.as_str().into()).collect();
    depends.extend(custom_ids);
    Ok(Loaded { rights: combine(&of_org, &of_projects), depends })
}

/// What a service account may in its project now; nothing when it is gone.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_service_account(conn: &mut Conn, org: &str, id: &str) -> Result<Loaded, Fault> {
    let mut loaded = Loaded { rights: Rights::none(), depends: vec![id.into()] };
    if let Some(account) = service_accounts::one(conn, org, id).await? {
        loaded.rights.add(&account.project, service_account_role(&account.role));
    }
    Ok(loaded)
}

/// What a service account's role gives in its project.
#[must_use]
pub fn service_account_role(role: &str) -> Held {
    match role {
        "owner" => Role::named(Level::Project, "owner").map_or(Held::NONE, |role| role.held),
        _ => Held { all: Scopes::INFERENCE, own: Scopes::NONE },
    }
}
