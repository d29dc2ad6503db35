//! `keyway admin-key edit`

use super::failure::{Failure, USAGE};
use super::key::when;
use super::output::Out;
use super::session::{self, Session};
use super::span;
use crate::access::edit;
use crate::access::keys::Which;
use crate::admin::key_object::KeyObject;
use clap::{Args, ValueEnum};

/// Change what an admin key may; what is not named stays
#[derive(Debug, Args)]
pub struct Edit {
    /// key_...
    id: String,
    /// What it is called
    #[arg(long)]
    name: Option<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// What it may do
    #[arg(long = "scope", value_name = "SCOPE", num_args = 1..)]
    scopes: Option<Vec<String>>,
    /// It only looks from now on
    #[arg(long)]
    read_only: bool,
    /// Bind it to these projects (ids)
    #[arg(long = "project", value_name = "PROJECT", num_args = 1..)]
    projects: Option<Vec<String>>,
    /// Where it works from, as addresses or networks
    #[arg(long = "ip", value_name = "CIDR", num_args = 1..)]
    ip_allowlist: Option<Vec<String>>,
    /// How long it works from now, as in 90d
    #[arg(long = "expires", value_name = "SPAN", value_parser = span::seconds)]
    expires_in_seconds: Option<u64>,
    /// Take these back to what they are when nothing is said
    #[arg(long, value_name = "FIELD", num_args = 1..)]
    clear: Vec<Field>,
}

/// A field that can be cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Field {
    Scope,
    Project,
    Ip,
    Expires,
}

/// Edits an admin key.
///
/// # Errors
/// What the service refuses.
pub async fn edit(session: &Session, asked: &Edit, out: &Out) -> Result<(), Failure> {
    let change = edit::Edit {
        name: asked.name.clone(),
        description: asked.description.clone(),
        scopes: asked.field(Field::Scope, asked.scopes.clone())?,
        read_only: asked.read_only.then_some(true),
        projects: asked.field(Field::Project, asked.projects.clone())?,
        ip_allowlist: asked.field(Field::Ip, asked.ip_allowlist.clone())?,
        expires_in_seconds: asked.field(Field::Expires, asked.expires_in_seconds)?,
        ..edit::Edit::default()
    };
    if change == edit::Edit::default() {
        return Err(Failure::new(USAGE, "name what to change, as in --name, --scope or --expires"));
    }
    let mut acting = session.act().await?;
    let which = Which { admin: true, project: None, id: &asked.id };
    let (row, warnings) = edit::edit(&mut acting, &which, &change).await?;
    let now_ms = acting.now_ms;
    session::done(acting).await?;
    if out.json {
        return out.json(&KeyObject::warned(&row, now_ms, &warnings));
    }
    for warning in &warnings {
        out.note(&format!("warning: {warning}"));
    }
    out.table(&["id", "name", "expires"], &[vec![row.id, row.name, when(row.expires_ms)]])
}

impl Edit {
    fn field<T>(&self, field: Field, given: Option<T>) -> Result<edit::Change<T>, Failure> {
        match (self.clear.contains(&field), given) {
            (true, Some(_)) => {
                Err(Failure::new(USAGE, "a field is both set and cleared; leave one of the two out"))
            }
            (true, None) => Ok(Some(None)),
            (false, given) => Ok(given.map(Some)),
        }
    }
}
