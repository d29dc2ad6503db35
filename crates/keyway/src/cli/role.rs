//! `keyway role list|create|show|edit|remove`

use super::args::Global;
use super::failure::Failure;
use super::key::confirmed;
use super::org::asks;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::accounts::check::not_there;
use crate::accounts::custom_roles::{self as service, Wanted};
use crate::admin::json::{Deleted, List};
use crate::admin::roles::{self, ROLE_DELETED, RoleObject};
use clap::Subcommand;

/// What people may do
#[derive(Debug, Subcommand)]
pub enum Role {
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
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Role, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Role::List => {
            let mut conn = session.at.db.connection().await?;
            let all = roles::all(&mut conn, &session.org).await?;
            if out.json {
                return out.json(&List::new(all, false, |role: &RoleObject| &role.id).with_next());
            }
            let cells: Vec<Vec<String>> = all.iter().map(RoleObject::cells).collect();
            out.table(&["id", "name", "where", "permissions"], &cells)
        }
        Role::Show { id } => {
            let mut conn = session.at.db.connection().await?;
            let all = roles::all(&mut conn, &session.org).await?;
            let found = all.into_iter().find(|role| role.id == *id);
            show(&found.ok_or_else(|| not_there("role"))?, out)
        }
        Role::Create { name, permissions, description } => {
            let wanted = Wanted {
                name: Some(name.clone()),
                description: description.clone(),
                permissions: Some(permissions.clone()),
            };
            let mut acting = session.act().await?;
            let made = service::create(&mut acting, &wanted).await?;
            session::done(acting).await?;
            show(&RoleObject::custom(&made), out)
        }
        Role::Edit { id, name, permissions, description } => {
            let wanted = Wanted {
                name: name.clone(),
                description: description.clone(),
                permissions: permissions.clone(),
            };
            let mut acting = session.act().await?;
            let changed = service::update(&mut acting, id, &wanted).await?;
            session::done(acting).await?;
            show(&RoleObject::custom(&changed), out)
        }
        Role::Remove { id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Remove `{id}`?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            service::remove(&mut acting, id).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&Deleted::new(id, ROLE_DELETED));
            }
            out.table(&["id", "status"], &[vec![id.clone(), "removed".to_owned()]])
        }
    })
}

fn show(role: &RoleObject, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(role);
    }
    out.table(&["id", "name", "where", "permissions"], &[role.cells()])
}
