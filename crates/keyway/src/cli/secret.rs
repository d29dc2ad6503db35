//! `keyway key rotate` and `keyway key secret list|show|delete`, and the same of `admin-key`

use super::failure::Failure;
use super::key::when;
use super::output::Out;
use super::session::{self, Session};
use super::span;
use crate::access::keys::{Which, not_there};
use crate::access::rotate::{self, is_live};
use crate::admin::json::Deleted;
use crate::admin::secret_object::{SecretObject, secret_deleted};
use crate::admin::secrets::{RotatedObject, list_object};
use crate::base::Clock;
use crate::store::key_secrets::SecretRow;
use clap::{Args, Subcommand};

/// Give a key another secret; the older ones go on for a while
#[derive(Debug, Args)]
pub struct Rotate {
    /// key_...
    id: String,
    /// How long the older secrets go on working, as in 24h; 0 ends them now
    #[arg(long, value_name = "SPAN", value_parser = overlap)]
    overlap: u64,
}

/// Secrets of a key
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// List a key's secrets, newest first
    List {
        /// key_...
        key: String,
    },
    /// Show one of a key's secrets, but not the secret itself
    Show {
        /// key_...
        key: String,
        /// Its public handle, as the list shows it
        id: String,
    },
    /// Take a secret away before its time
    Delete {
        /// key_...
        key: String,
        /// Its public handle, as the list shows it
        id: String,
    },
}

fn overlap(text: &str) -> Result<u64, String> {
    if text == "0" { Ok(0) } else { span::seconds(text) }
}

fn which(id: &str, admin: bool) -> Which<'_> {
    Which { admin, project: None, id }
}

/// Rotates a key and prints its new secret.
///
/// # Errors
/// What the service refuses.
pub async fn rotate(session: &Session, asked: &Rotate, admin: bool, out: &Out) -> Result<(), Failure> {
    let mut acting = session.act().await?;
    let rotated = rotate::rotate(&mut acting, &which(&asked.id, admin), asked.overlap).await?;
    let now_ms = acting.now_ms;
    session::done(acting).await?;
    if out.json {
        return out.json(&RotatedObject::made(&rotated, now_ms));
    }
    out.line(rotated.made.secret.reveal())?;
    let row = &rotated.made.row;
    let end = when(Some(rotated.older_end_ms));
    out.note(&format!(
        "{} (key `{}`). The new secret is shown this once; the older ones end at {end} or before.",
        row.id, row.name
    ));
    Ok(())
}

/// Runs the rest.
///
/// # Errors
/// What the service refuses.
pub async fn run(session: &Session, command: &Secret, admin: bool, out: &Out) -> Result<(), Failure> {
    let now_ms = Clock::system().now_ms();
    let head = ["id", "status", "created", "expires", "last used", "from", "uses"];
    match command {
        Secret::List { key } => {
            let mut conn = session.at.db.connection().await?;
            let (row, secrets) = rotate::secrets(&mut conn, &session.org, &which(key, admin)).await?;
            if out.json {
                return out.json(&list_object(&row, &secrets, now_ms));
            }
            out.table(&head, &secrets.iter().map(|secret| cells(secret, now_ms)).collect::<Vec<_>>())
        }
        Secret::Show { key, id } => {
            let mut conn = session.at.db.connection().await?;
            let (row, secrets) = rotate::secrets(&mut conn, &session.org, &which(key, admin)).await?;
            let secret = secrets.iter().find(|secret| secret.kid == *id);
            let secret = secret.ok_or_else(|| not_there("secret"))?;
            if out.json {
                return out.json(&SecretObject::new(&row, secret, now_ms));
            }
            out.table(&head, &[cells(secret, now_ms)])
        }
        Secret::Delete { key, id } => {
            let mut acting = session.act().await?;
            rotate::take_away(&mut acting, &which(key, admin), id).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&Deleted::new(id, secret_deleted(admin)));
            }
            out.table(&["id", "status"], &[vec![id.clone(), "deleted".to_owned()]])
        }
    }
}

fn cells(secret: &SecretRow, now_ms: i64) -> Vec<String> {
    vec![
        secret.kid.clone(),
        if is_live(secret, now_ms) { "active" } else { "expired" }.to_owned(),
        when(Some(secret.created_ms)),
        when(secret.expires_ms),
        when(secret.last_used_ms),
        secret.last_used_ip.clone().unwrap_or_else(|| "-".to_owned()),
        secret.use_count.to_string(),
    ]
}
