//! `keyway member list|create|show|edit|remove|setup-link`

use super::args::Global;
use super::failure::{FAILED, Failure};
use super::key::{confirmed, note_settled, when};
use super::org::{READ_ROWS, asks};
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::accounts::check::not_there;
use crate::accounts::leave;
use crate::accounts::members::{self as service, NewMember};
use crate::admin::json::{Deleted, Ended, List};
use crate::admin::people::{USER_DELETED, UserObject};
use crate::app::{banner, start};
use crate::config::Settings;
use crate::store::people::{self as rows, Member as Row};
use crate::store::persons;
use clap::{Args, Subcommand};
use serde_json::json;

/// People of an organisation
#[derive(Debug, Subcommand)]
pub enum Member {
    /// List members, oldest first
    List,
    /// Make somebody a member
    Create(Create),
    /// Show one member
    Show {
        /// Id or e-mail address
        user: String,
    },
    /// Change a member; what is not named stays
    Edit(Edit),
    /// Remove a member: their keys are revoked or handed over
    Remove(Remove),
    /// Print a link that makes the first account at the console; it works once, for 30 minutes
    SetupLink,
}

/// Make somebody a member
#[derive(Debug, Args)]
pub struct Create {
    /// Their e-mail address
    #[arg(long)]
    email: String,
    /// What they are called; without it, as the address
    #[arg(long)]
    name: Option<String>,
    /// owner, admin, developer, billing, auditor, viewer or a custom role's id
    #[arg(long)]
    role: String,
}

/// Change a member; what is not named stays
#[derive(Debug, Args)]
pub struct Edit {
    /// Id or e-mail address
    user: String,
    /// What they are called from now on
    #[arg(long)]
    name: Option<String>,
    /// Their role in the organisation
    #[arg(long)]
    role: Option<String>,
}

/// Remove a member: their keys are revoked or handed over
#[derive(Debug, Args)]
pub struct Remove {
    /// Id or e-mail address
    user: String,
    /// Who gets their project keys (id or e-mail address); without it, they are revoked
    #[arg(long, value_name = "USER")]
    hand_over_to: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Member, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let missing = if matches!(command, Member::Create(_)) { Missing::Make } else { Missing::NotFound };
    Session::with(global, &config, missing, async |session| match command {
        Member::List => list(session, out).await,
        Member::Show { user } => show(&find(session, user).await?, out),
        Member::Create(create) => {
            let name = create.name.clone().unwrap_or_else(|| create.email.clone());
            let new = NewMember { email: create.email.clone(), name, role: create.role.clone() };
            let mut acting = session.act().await?;
            let made = service::add(&mut acting, &new).await?;
            session::done(acting).await?;
            show(&made, out)
        }
        Member::Edit(edit) => change(session, edit, out).await,
        Member::SetupLink => setup_link(session, &config.settings, out).await,
        Member::Remove(remove) => end(session, global, remove, out).await,
    })
}

async fn setup_link(session: &Session, settings: &Settings, out: &Out) -> Result<(), Failure> {
    if persons::any_operator(&session.at.db).await? {
        let text = "the first account is made already; sign in with it";
        return Err(Failure::new(FAILED, text));
    }
    let link = banner::setup_link(&session.at, &session::author().id).await?;
    let url = format!("{}/setup?token={}", start::public_url(settings, settings.listen), link.reveal());
    if out.json { out.json(&json!({ "url": url })) } else { out.line(&url) }
}

async fn find(session: &Session, user: &str) -> Result<Row, Failure> {
    let mut conn = session.at.db.connection().await?;
    let found = if user.contains('@') {
        rows::member_by_email(&mut conn, &session.org, &user.to_lowercase()).await?
    } else {
        rows::member(&mut conn, &session.org, user).await?
    };
    found.ok_or_else(|| not_there("user").into())
}

async fn change(session: &Session, edit: &Edit, out: &Out) -> Result<(), Failure> {
    let user = find(session, &edit.user).await?;
    let mut acting = session.act().await?;
    let changed = service::update(&mut acting, &user.id, edit.name.as_deref(), edit.role.as_deref()).await?;
    session::done(acting).await?;
    show(&changed, out)
}

async fn end(session: &Session, global: &Global, remove: &Remove, out: &Out) -> Result<(), Failure> {
    let user = find(session, &remove.user).await?;
    let heir = match &remove.hand_over_to {
        Some(heir) => Some(find(session, heir).await?.id),
        None => None,
    };
    if asks(remove.yes, global) && !confirmed(&format!("Remove `{}`, and what they hold?", user.email), out)?
    {
        out.note("nothing was changed");
        return Ok(());
    }
    let mut acting = session.act().await?;
    let settled = leave::remove_member(&mut acting, &user.id, heir.as_deref()).await?;
    session::done(acting).await?;
    if out.json {
        return out.json(&Ended::new(Deleted::new(&user.id, USER_DELETED), settled));
    }
    note_settled(&settled, out);
    out.table(&["id", "status"], &[vec![user.id, "removed".to_owned()]])
}

async fn list(session: &Session, out: &Out) -> Result<(), Failure> {
    let mut conn = session.at.db.connection().await?;
    let mut found: Vec<Row> = Vec::new();
    loop {
        let after = found.last().map_or(String::new(), |row| row.id.clone());
        let mut page = rows::members(&mut conn, &session.org, false, &after, READ_ROWS).await?;
        let last = i64::try_from(page.len()).is_ok_and(|count| count < READ_ROWS);
        found.append(&mut page);
        if last {
            break;
        }
    }
    if out.json {
        let objects = found.iter().map(UserObject::new).collect();
        return out.json(&List::new(objects, false, |object: &UserObject<'_>| object.id));
    }
    let cells: Vec<Vec<String>> = found.iter().map(cells).collect();
    out.table(&["id", "name", "email", "role", "added"], &cells)
}

fn cells(row: &Row) -> Vec<String> {
    vec![row.id.clone(), row.name.clone(), row.email.clone(), row.role.clone(), when(Some(row.added_ms))]
}

fn show(row: &Row, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&UserObject::new(row));
    }
    out.table(&["id", "name", "email", "role", "added"], &[cells(row)])
}
