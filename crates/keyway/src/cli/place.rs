//! `keyway project members|member|add|set|take`: who is in a project.

use super::failure::Failure;
use super::key::project_id;
use super::org::READ_ROWS;
use super::output::Out;
use super::session::{self, Session, every};
use crate::accounts::check::not_there;
use crate::accounts::project_members as service;
use crate::admin::json::{Deleted, Raw};
use crate::admin::project_members::{list_object, object_of, removed};
use crate::store::project_members::{self as rows, ProjectMember};
use clap::{Args, Subcommand};

/// Who is in a project
#[derive(Debug, Subcommand)]
pub enum Place {
    /// List who is in a project
    List {
        /// Id or name
        project: String,
        /// Groups rather than users
        #[arg(long)]
        groups: bool,
    },
    /// Show what a user or a group is in a project
    Show(Who),
    /// Put a user or a group into a project
    Add(As),
    /// Change what a user or a group is in a project
    Edit(As),
    /// Take a user or a group out of a project
    Remove(Who),
}

/// Somebody in a project
#[derive(Debug, Args)]
pub struct Who {
    /// The project's id or name
    project: String,
    /// user_... or group_...
    holder: String,
}

/// Somebody in a project, and as what
#[derive(Debug, Args)]
pub struct As {
    #[command(flatten)]
    who: Who,
    /// owner, member, viewer or a custom role's id
    #[arg(long)]
    role: String,
}

/// Runs it.
///
/// # Errors
/// What the service refuses.
pub async fn run(session: &Session, command: &Place, out: &Out) -> Result<(), Failure> {
    match command {
        Place::List { project, groups } => list(session, project, *groups, out).await,
        Place::Show(who) => {
            let project = project_id(session, &who.project).await?;
            let found = rows::one(&mut *session.at.db.connection().await?, &project, &who.holder).await?;
            show(session, &found.ok_or_else(|| not_there("user"))?, out).await
        }
        Place::Add(asked) | Place::Edit(asked) => {
            let project = project_id(session, &asked.who.project).await?;
            let mut acting = session.act().await?;
            let put = if matches!(command, Place::Add(_)) {
                service::add(&mut acting, &project, &asked.who.holder, &asked.role).await?
            } else {
                service::update(&mut acting, &project, &asked.who.holder, &asked.role).await?
            };
            session::done(acting).await?;
            show(session, &put, out).await
        }
        Place::Remove(who) => {
            let project = project_id(session, &who.project).await?;
            let mut acting = session.act().await?;
            service::remove(&mut acting, &project, &who.holder).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(&who.holder, removed(&who.holder)), &who.holder, "taken out")
        }
    }
}

async fn list(session: &Session, project: &str, groups: bool, out: &Out) -> Result<(), Failure> {
    let project = project_id(session, project).await?;
    let prefix = if groups { "group_" } else { "user_" };
    let mut conn = session.at.db.connection().await?;
    let found = every(
        READ_ROWS,
        |row: &ProjectMember| row.holder.clone(),
        async |after| rows::of_project(&mut conn, &project, prefix, false, &after, READ_ROWS).await,
    )
    .await?;
    if out.json {
        return out.json(&list_object(&mut conn, &session.org, &found, groups, false).await?);
    }
    let cells = |row: &ProjectMember| vec![row.holder.clone(), row.role.clone()];
    out.table(&["id", "role"], &found.iter().map(cells).collect::<Vec<_>>())
}

async fn show(session: &Session, row: &ProjectMember, out: &Out) -> Result<(), Failure> {
    if out.json {
        let object: Raw = object_of(&mut *session.at.db.connection().await?, &session.org, row).await?;
        return out.json(&object);
    }
    out.table(&["id", "project", "role"], &[vec![row.holder.clone(), row.project.clone(), row.role.clone()]])
}
