//! `keyway admin-key create|list|show|edit|rotate|secret|compromised|revoke`

use super::admin_key_edit::{self, Edit};
use super::args::Global;
use super::failure::Failure;
use super::incident::{self, Compromised};
use super::key::{self, Revoke};
use super::output::Out;
use super::secret::{self, Rotate, Secret};
use super::session::{self, Missing, Session};
use super::span;
use crate::access::keys::{self as service, NewKey};
use crate::store::keys::Filter;
use clap::{Args, Subcommand};

/// Keys that manage
#[derive(Debug, Subcommand)]
pub enum AdminKey {
    /// Make an admin key; its secret is printed once
    Create(Create),
    /// List admin keys, oldest first
    List,
    /// Show one admin key
    Show {
        /// key_...
        id: String,
    },
    /// Change what an admin key may; what is not named stays
    Edit(Edit),
    /// Give an admin key another secret; the older ones go on for a while
    Rotate(Rotate),
    /// Secrets of an admin key
    #[command(subcommand)]
    Secret(Secret),
    /// Revoke an admin key that has leaked with what was made with it, and say what it did
    Compromised(Compromised),
    /// Stop an admin key for good
    Revoke(Revoke),
}

/// Make an admin key; its secret is printed once
#[derive(Debug, Args)]
pub struct Create {
    /// What it is called
    #[arg(long)]
    name: String,
    /// What it is for
    #[arg(long, default_value = "")]
    description: String,
    /// What it may do; without it, all of administration
    #[arg(long = "scope", value_name = "SCOPE", num_args = 1..)]
    scopes: Option<Vec<String>>,
    /// It only looks
    #[arg(long)]
    read_only: bool,
    /// Bind it to these projects (ids)
    #[arg(long = "project", value_name = "PROJECT", num_args = 1..)]
    projects: Option<Vec<String>>,
    /// Where it works from, as addresses or networks
    #[arg(long = "ip", value_name = "CIDR", num_args = 1..)]
    ip_allowlist: Option<Vec<String>>,
    /// The user it stands for: it may no more than they may
    #[arg(long, value_name = "USER", default_value = "")]
    owner: String,
    /// How long it works, as in 90d
    #[arg(long = "expires", value_name = "SPAN", value_parser = span::seconds)]
    expires_in_seconds: Option<u64>,
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &AdminKey, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let missing = if matches!(command, AdminKey::Create(_)) { Missing::Make } else { Missing::NotFound };
    Session::with(global, &config, missing, async |session| match command {
        AdminKey::Create(create) => {
            let new = NewKey {
                name: create.name.clone(),
                description: create.description.clone(),
                scopes: create.scopes.clone(),
                read_only: create.read_only,
                projects: create.projects.clone(),
                ip_allowlist: create.ip_allowlist.clone(),
                owner: create.owner.clone(),
                // An organisation that was named is the one it is for.
                of_organization: global.org.is_some(),
                expires_in_seconds: create.expires_in_seconds,
                ..NewKey::default()
            };
            key::make(session, &new, out).await
        }
        AdminKey::List => {
            key::list(
                session,
                &Filter { org: &session.org, kind: "admin", project: "", operators: true },
                out,
            )
            .await
        }
        AdminKey::Show { id } => {
            let mut conn = session.at.db.connection().await?;
            key::show(&service::find(&mut conn, &session.org, &key::which(id, true)).await?, out)
        }
        AdminKey::Edit(asked) => admin_key_edit::edit(session, asked, out).await,
        AdminKey::Rotate(asked) => secret::rotate(session, asked, true, out).await,
        AdminKey::Secret(command) => secret::run(session, command, true, out).await,
        AdminKey::Compromised(asked) => incident::run(session, global, asked, true, out).await,
        AdminKey::Revoke(revoked) => key::revoke(session, global, revoked, true, out).await,
    })
}
