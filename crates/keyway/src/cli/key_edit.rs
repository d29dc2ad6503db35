//! `keyway key edit`

use super::failure::{Failure, USAGE};
use super::key::when;
use super::key_details::DetailFlags;
use super::limit::LimitFlags;
use super::output::Out;
use super::session::Session;
use super::span;
use crate::access::edit::{self, Change};
use crate::access::keys::Which;
use crate::admin::key_object::KeyObject;
use clap::{Args, ValueEnum};

/// Change what a key may; what is not named stays
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
    /// It only looks from now on: models, and itself
    #[arg(long)]
    read_only: bool,
    /// Which models it may call, with * for any run of letters
    #[arg(long = "model", value_name = "MODEL", num_args = 1..)]
    models: Option<Vec<String>>,
    /// Where it works from, as addresses or networks
    #[arg(long = "ip", value_name = "CIDR", num_args = 1..)]
    ip_allowlist: Option<Vec<String>>,
    /// How long it works from now, as in 90d
    #[arg(long = "expires", value_name = "SPAN", value_parser = span::seconds)]
    expires_in_seconds: Option<u64>,
    #[command(flatten)]
    details: DetailFlags,
    #[command(flatten)]
    limits: LimitFlags,
    /// Take these back to what they are when nothing is said
    #[arg(long, value_name = "FIELD", num_args = 1..)]
    clear: Vec<Field>,
}

/// A field that can be cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Field {
    Scope,
    Model,
    Endpoint,
    Ip,
    Expires,
    NotBefore,
    IdleExpires,
    Label,
    Metadata,
}

/// Edits a key.
///
/// # Errors
/// What the service refuses.
pub async fn edit(session: &Session, asked: &Edit, out: &Out) -> Result<(), Failure> {
    let change = asked.change()?;
    if change == edit::Edit::default() {
        return Err(Failure::new(USAGE, "name what to change, as in --name, --model or --rpm"));
    }
    let mut acting = session.act().await?;
    let which = Which { admin: false, project: None, id: &asked.id };
    let (row, warnings) = edit::edit(&mut acting, &which, &change).await?;
    let now_ms = acting.now_ms;
    acting.commit().await?;
    if out.json {
        return out.json(&KeyObject::warned(&row, now_ms, &warnings));
    }
    for warning in &warnings {
        out.note(&format!("warning: {warning}"));
    }
    out.table(&["id", "name", "expires"], &[vec![row.id, row.name, when(row.expires_ms)]])
}

impl Edit {
    fn change(&self) -> Result<edit::Edit, Failure> {
        let details = self.details.details();
        Ok(edit::Edit {
            name: self.name.clone(),
            description: self.description.clone(),
            scopes: self.field(Field::Scope, self.scopes.clone())?,
            read_only: self.read_only.then_some(true),
            projects: None,
            models: self.field(Field::Model, self.models.clone())?,
            endpoints: self.field(Field::Endpoint, details.endpoints)?,
            ip_allowlist: self.field(Field::Ip, self.ip_allowlist.clone())?,
            expires_in_seconds: self.field(Field::Expires, self.expires_in_seconds)?,
            not_before: self.field(Field::NotBefore, details.not_before)?,
            idle_expires_in_seconds: self.field(Field::IdleExpires, details.idle_expires_in_seconds)?,
            labels: self.field(Field::Label, details.labels)?,
            metadata: self.field(Field::Metadata, details.metadata)?,
            limits: Some(self.limits.edit()).filter(|limits| limits.iter().any(Option::is_some)),
        })
    }

    fn field<T>(&self, field: Field, given: Option<T>) -> Result<Change<T>, Failure> {
        match (self.clear.contains(&field), given) {
            (true, Some(_)) => {
                Err(Failure::new(USAGE, "a field is both set and cleared; leave one of the two out"))
            }
            (true, None) => Ok(Some(None)),
            (false, given) => Ok(given.map(Some)),
        }
    }
}
