//! `keyway group list|create|show|edit|remove|users|add|take`

use super::args::Global;
use super::failure::Failure;
use super::key::{confirmed, when};
use super::org::{READ_ROWS, asks};
use super::output::Out;
use super::session::{self, Missing, Session, every};
use crate::accounts::check::not_there;
use crate::accounts::groups as service;
use crate::admin::groups::{GROUP_DELETED, GROUP_USER_DELETED, GroupObject, GroupUser};
use crate::admin::json::{Deleted, List};
use crate::admin::people::UserObject;
use crate::store::groups::{self as rows, Group as Row};
use crate::store::people::{self, Member};
use clap::Subcommand;

/// Groups of people: what a group has, everybody in it has
#[derive(Debug, Subcommand)]
pub enum Group {
    /// List groups, oldest first
    List,
    /// Make a group
    Create {
        /// What it is called
        #[arg(long)]
        name: String,
    },
    /// Show one group
    Show {
        /// group_...
        id: String,
    },
    /// Rename a group
    Edit {
        /// group_...
        id: String,
        /// What it is called from now on
        #[arg(long)]
        name: String,
    },
    /// Remove a group: what it gave is gone
    Remove {
        /// group_...
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// List who is in a group
    Users {
        /// group_...
        id: String,
    },
    /// Put a user into a group
    Add {
        /// group_...
        id: String,
        /// user_...
        user: String,
    },
    /// Take a user out of a group
    Take {
        /// group_...
        id: String,
        /// user_...
        user: String,
    },
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Group, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Group::List => list(session, out).await,
        Group::Show { id } => show(&find(session, id).await?, out),
        Group::Users { id } => users(session, id, out).await,
        Group::Create { name } => {
            let mut acting = session.act().await?;
            let made = service::create(&mut acting, name).await?;
            session::done(acting).await?;
            show(&made, out)
        }
        Group::Edit { id, name } => {
            let mut acting = session.act().await?;
            let changed = service::rename(&mut acting, id, name).await?;
            session::done(acting).await?;
            show(&changed, out)
        }
        Group::Remove { id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Remove `{id}`, and what it gives?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            service::remove(&mut acting, id).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(id, GROUP_DELETED), id, "removed")
        }
        Group::Add { id, user } => {
            let mut acting = session.act().await?;
            let group = service::add_user(&mut acting, id, user).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&GroupUser::new(user, &group.id));
            }
            out.table(&["group", "user"], &[vec![group.id, user.clone()]])
        }
        Group::Take { id, user } => {
            let mut acting = session.act().await?;
            service::remove_user(&mut acting, id, user).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(user, GROUP_USER_DELETED), user, "taken out")
        }
    })
}

async fn find(session: &Session, id: &str) -> Result<Row, Failure> {
    let mut conn = session.at.db.connection().await?;
    let found = rows::group(&mut conn, &session.org, id).await?;
    found.ok_or_else(|| not_there("group").into())
}

async fn list(session: &Session, out: &Out) -> Result<(), Failure> {
    let mut conn = session.at.db.connection().await?;
    let found = every(
        READ_ROWS,
        |row: &Row| row.id.clone(),
        async |after| rows::groups(&mut conn, &session.org, false, &after, READ_ROWS).await,
    )
    .await?;
    if out.json {
        let objects = found.iter().map(GroupObject::new).collect();
        return out.json(&List::new(objects, false, |object: &GroupObject<'_>| object.id).with_next());
    }
    out.table(&["id", "name", "created"], &found.iter().map(cells).collect::<Vec<_>>())
}

async fn users(session: &Session, id: &str, out: &Out) -> Result<(), Failure> {
    let group = find(session, id).await?;
    let mut conn = session.at.db.connection().await?;
    let ids = every(READ_ROWS, String::clone, async |after| {
        rows::user_ids(&mut conn, &group.id, false, &after, READ_ROWS).await
    })
    .await?;
    let mut found: Vec<Member> = Vec::new();
    for user in &ids {
        found.extend(people::member(&mut conn, &session.org, user).await?);
    }
    if out.json {
        let objects = found.iter().map(UserObject::new).collect();
        return out.json(&List::new(objects, false, |object: &UserObject<'_>| object.id).with_next());
    }
    let cells = |row: &Member| vec![row.id.clone(), row.name.clone(), row.email.clone()];
    out.table(&["id", "name", "email"], &found.iter().map(cells).collect::<Vec<_>>())
}

fn cells(row: &Row) -> Vec<String> {
    vec![row.id.clone(), row.name.clone(), when(Some(row.created_ms))]
}

fn show(row: &Row, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&GroupObject::new(row));
    }
    out.table(&["id", "name", "created"], &[cells(row)])
}
