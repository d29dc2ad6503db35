//! `keyway service-account list|create|show|edit|key|remove`

use super::args::Global;
use super::failure::Failure;
use super::key::{confirmed, note_settled, project_id, when};
use super::org::{READ_ROWS, asks};
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::access::keys;
use crate::accounts::check::not_there;
use crate::accounts::service_accounts as service;
use crate::admin::json::{Deleted, Ended, List};
use crate::admin::service_accounts::{DELETED, ServiceAccountObject, ServiceKey, new_key};
use crate::store::service_accounts::{self as rows, ServiceAccount as Row};
use clap::Subcommand;

/// Owners of keys that are no people
#[derive(Debug, Subcommand)]
pub enum ServiceAccount {
    /// List a project's service accounts, oldest first
    List {
        /// Its project (id or name)
        #[arg(long, default_value = "Default")]
        project: String,
    },
    /// Make a service account with a key; the secret is printed once
    Create {
        /// What it is called
        #[arg(long)]
        name: String,
        /// Its project (id or name)
        #[arg(long, default_value = "Default")]
        project: String,
        /// owner or member
        #[arg(long, default_value = "member")]
        role: String,
        /// Make no key
        #[arg(long)]
        alone: bool,
    },
    /// Show one service account
    Show {
        /// sa_...
        id: String,
    },
    /// Change a service account; what is not named stays
    Edit {
        /// sa_...
        id: String,
        /// What it is called from now on
        #[arg(long)]
        name: Option<String>,
        /// owner or member
        #[arg(long)]
        role: Option<String>,
    },
    /// Make another key of a service account; the secret is printed once
    Key {
        /// sa_...
        id: String,
        /// What the key is called
        #[arg(long)]
        name: Option<String>,
        /// What it may do; without it, ordinary inference
        #[arg(long = "scope", value_name = "SCOPE", num_args = 1..)]
        scopes: Option<Vec<String>>,
    },
    /// Remove a service account and revoke its keys
    Remove {
        /// sa_...
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
pub fn run(global: &Global, command: &ServiceAccount, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        ServiceAccount::List { project } => list(session, project, out).await,
        ServiceAccount::Show { id } => show(&find(session, id).await?, out),
        ServiceAccount::Create { name, project, role, alone } => {
            let project = project_id(session, project).await?;
            make(session, &project, name, role, *alone, out).await
        }
        ServiceAccount::Edit { id, name, role } => {
            let project = find(session, id).await?.project;
            let mut acting = session.act().await?;
            let changed =
                service::update(&mut acting, &project, id, name.as_deref(), role.as_deref()).await?;
            session::done(acting).await?;
            show(&changed, out)
        }
        ServiceAccount::Key { id, name, scopes } => {
            let account = find(session, id).await?;
            let mut acting = session.act().await?;
            let new = new_key(&account.project, &account.id, name.clone(), scopes.clone());
            let made = keys::create(&mut acting, &new).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&ServiceKey::new(&made, true));
            }
            show_key(&made, &account.id, out)
        }
        ServiceAccount::Remove { id, yes } => {
            let row = find(session, id).await?;
            if asks(*yes, global) && !confirmed(&format!("Remove `{}` and its keys?", row.name), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            let settled = service::remove(&mut acting, &row.project, id).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&Ended::new(Deleted::new(id, DELETED), settled));
            }
            note_settled(&settled, out);
            out.table(&["id", "status"], &[vec![row.id, "removed".to_owned()]])
        }
    })
}

async fn find(session: &Session, id: &str) -> Result<Row, Failure> {
    let mut conn = session.at.db.connection().await?;
    let found = rows::one(&mut conn, &session.org, id).await?;
    found.ok_or_else(|| not_there("service account").into())
}

async fn make(
    session: &Session,
    project: &str,
    name: &str,
    role: &str,
    alone: bool,
    out: &Out,
) -> Result<(), Failure> {
    let mut acting = session.act().await?;
    let account = service::create(&mut acting, project, name, role).await?;
    let made = match alone {
        true => None,
        false => Some(keys::create(&mut acting, &new_key(project, &account.id, None, None)).await?),
    };
    session::done(acting).await?;
    if out.json {
        let key = made.as_ref().map(|made| ServiceKey::new(made, true));
        return out.json(&ServiceAccountObject::made(&account, key));
    }
    match made {
        None => show(&account, out),
        Some(made) => show_key(&made, &account.id, out),
    }
}

fn show_key(made: &keys::Created, account: &str, out: &Out) -> Result<(), Failure> {
    out.line(made.secret.reveal())?;
    out.note(&format!(
        "{} ({} of {account}). It is shown this once: keep it somewhere safe.",
        made.row.id, made.row.name
    ));
    Ok(())
}

async fn list(session: &Session, project: &str, out: &Out) -> Result<(), Failure> {
    let project = project_id(session, project).await?;
    let mut conn = session.at.db.connection().await?;
    let mut found: Vec<Row> = Vec::new();
    loop {
        let after = found.last().map_or(String::new(), |row| row.id.clone());
        let mut page = rows::of_project(&mut conn, &project, false, &after, READ_ROWS).await?;
        let last = i64::try_from(page.len()).is_ok_and(|count| count < READ_ROWS);
        found.append(&mut page);
        if last {
            break;
        }
    }
    if out.json {
        let objects = found.iter().map(ServiceAccountObject::new).collect();
        return out.json(&List::new(objects, false, |object: &ServiceAccountObject<'_>| object.id));
    }
    let cells: Vec<Vec<String>> = found.iter().map(cells).collect();
    out.table(&["id", "name", "role", "created"], &cells)
}

fn cells(row: &Row) -> Vec<String> {
    vec![row.id.clone(), row.name.clone(), row.role.clone(), when(Some(row.created_ms))]
}

fn show(row: &Row, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&ServiceAccountObject::new(row));
    }
    out.table(&["id", "name", "role", "created"], &[cells(row)])
}
