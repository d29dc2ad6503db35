//! `keyway role list|create|show|edit|remove|give|held|take`

use super::args::Global;
use super::failure::Failure;
use super::key::{confirmed, project_id};
use super::org::asks;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::accounts::check::not_there;
use crate::accounts::custom_roles::{self as service, Wanted};
use crate::admin::json::Deleted;
use crate::admin::roles::{self, Assignment, ROLE_DELETED, RoleObject, list_object};
use clap::{Args, Subcommand};

/// What people may do
#[derive(Debug, Args)]
pub struct Role {
    /// In this project (id or name) rather than in the organisation
    #[arg(long, global = true)]
    project: Option<String>,
    #[command(subcommand)]
    command: Command,
}

/// What to do
#[derive(Debug, Subcommand)]
enum Command {
    /// List roles, the predefined ones first
    List,
    /// Make a custom role
    Create {
        /// What it is called
        #[arg(long)]
        name: String,
        /// What it may, as in read:usage
        #[arg(long = "permission", value_name = "SCOPE", num_args = 1.., required = true)]
        permissions: Vec<String>,
        /// What it is for
        #[arg(long)]
        description: Option<String>,
    },
    /// Show one role
    Show {
        /// role_...
        id: String,
    },
    /// Change a custom role; what is not named stays
    Edit {
        /// role_...
        id: String,
        /// What it is called from now on
        #[arg(long)]
        name: Option<String>,
        /// What it may from now on, all of it
        #[arg(long = "permission", value_name = "SCOPE", num_args = 1..)]
        permissions: Option<Vec<String>>,
        /// What it is for
        #[arg(long)]
        description: Option<String>,
    },
    /// Remove a custom role that nobody has
    Remove {
        /// role_...
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// What is about somebody's roles
    #[command(flatten)]
    Of(Of),
}

/// What is about somebody's roles
#[derive(Debug, Subcommand)]
enum Of {
    /// List the roles that somebody has, or show one of them
    Held {
        /// user_... or group_...
        holder: String,
        /// role_...
        role: Option<String>,
    },
    /// Give somebody a role besides the membership's
    Give {
        /// user_... or group_...
        holder: String,
        /// role_...
        role: String,
    },
    /// Take a role from somebody
    Take {
        /// user_... or group_...
        holder: String,
        /// role_...
        role: String,
    },
}

const HEAD: [&str; 4] = ["id", "name", "where", "permissions"];

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Role, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| {
        let project = match &command.project {
            Some(project) => Some(project_id(session, project).await?),
            None => None,
        };
        dispatch(session, global, (&command.command, project.as_deref()), out).await
    })
}

async fn dispatch(
    session: &Session,
    global: &Global,
    (command, place): (&Command, Option<&str>),
    out: &Out,
) -> Result<(), Failure> {
    match command {
        Command::List => {
            let mut conn = session.at.db.connection().await?;
            list(roles::all(&mut conn, &session.org, place).await?, out)
        }
        Command::Show { id } => {
            let mut conn = session.at.db.connection().await?;
            show(&roles::role_of(&mut conn, &session.org, place, id).await?, out)
        }
        Command::Create { name, permissions, description } => {
            let wanted = Wanted {
                name: Some(name.clone()),
                description: description.clone(),
                permissions: Some(permissions.clone()),
            };
            let mut acting = session.act().await?;
            let made = service::create(&mut acting, place, &wanted).await?;
            session::done(acting).await?;
            show(&RoleObject::custom(&made), out)
        }
        Command::Edit { id, name, permissions, description } => {
            let wanted = Wanted {
                name: name.clone(),
                description: description.clone(),
                permissions: permissions.clone(),
            };
            let mut acting = session.act().await?;
            let changed = service::update(&mut acting, place, id, &wanted).await?;
            session::done(acting).await?;
            show(&RoleObject::custom(&changed), out)
        }
        Command::Remove { id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Remove `{id}`?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            service::remove(&mut acting, place, id).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(id, ROLE_DELETED), id, "removed")
        }
        Command::Of(of) => of_somebody(session, of, place, out).await,
    }
}

/// Runs what is about somebody's roles.
async fn of_somebody(session: &Session, of: &Of, place: Option<&str>, out: &Out) -> Result<(), Failure> {
    match of {
        Of::Held { holder, role } => {
            let mut conn = session.at.db.connection().await?;
            let held = roles::held(&mut conn, &session.org, place, holder).await?;
            let Some(role) = role else { return list(held, out) };
            let found = held.into_iter().find(|it| it.id == *role);
            assigned(holder, found.ok_or_else(|| not_there("role"))?, out)
        }
        Of::Give { holder, role } => {
            let mut acting = session.act().await?;
            roles::find_holder(&mut acting, holder).await?;
            let role = service::assign(&mut acting, place, holder, role).await?;
            let given = roles::role_of(&mut acting.tx, &session.org, place, &role).await?;
            session::done(acting).await?;
            assigned(holder, given, out)
        }
        Of::Take { holder, role } => {
            let mut acting = session.act().await?;
            roles::find_holder(&mut acting, holder).await?;
            service::unassign(&mut acting, place, holder, role).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(role, roles::taken(holder)), role, "taken")
        }
    }
}

fn list(roles: Vec<RoleObject>, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&list_object(roles));
    }
    out.table(&HEAD, &roles.iter().map(RoleObject::cells).collect::<Vec<_>>())
}

fn assigned(holder: &str, role: RoleObject, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&Assignment::new(holder, role));
    }
    out.table(&HEAD, &[role.cells()])
}

fn show(role: &RoleObject, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(role);
    }
    out.table(&HEAD, &[role.cells()])
}
