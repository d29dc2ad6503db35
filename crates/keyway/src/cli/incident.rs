//! `keyway key compromised`

use super::args::Global;
use super::failure::Failure;
use super::key::confirmed;
use super::output::Out;
use super::session::Session;
use super::span;
use crate::access::incident;
use crate::access::keys::{self, Which};
use crate::admin::incident::{IncidentObject, SINCE_MS};
use crate::admin::key_uses;
use clap::Args;
use std::io::IsTerminal;

/// Revoke a key that has leaked, and say what it was used for
#[derive(Debug, Args)]
pub struct Compromised {
    /// key_...
    id: String,
    /// Make another key that may the same; its secret is printed once
    #[arg(long)]
    replace: bool,
    /// How far back to look for uses, as in 7d
    #[arg(long, value_name = "SPAN", value_parser = span::seconds)]
    since: Option<u64>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Revokes it, and prints the uses; the replacement's secret stands alone on the first line.
///
/// # Errors
/// What the service refuses; a "no" is no failure.
pub async fn run(session: &Session, global: &Global, asked: &Compromised, out: &Out) -> Result<(), Failure> {
    let which = Which { admin: false, project: None, id: &asked.id };
    let row = keys::find(&mut *session.at.db.connection().await?, &session.org, &which).await?;
    let asks = !asked.yes && !global.no_input && std::io::stdin().is_terminal();
    if asks && !confirmed(&format!("Revoke `{}` for good, as leaked?", row.name), out)? {
        out.note("nothing was changed");
        return Ok(());
    }
    let mut acting = session.act().await?;
    let incident = incident::compromised(&mut acting, &which, asked.replace).await?;
    let now_ms = acting.now_ms;
    acting.commit().await?;
    if !out.json
        && let Some(made) = &incident.replacement
    {
        out.line(made.secret.reveal())?;
        out.note(&format!("{} takes its place. Its secret is shown this once.", made.row.id));
    }
    let span_ms = asked
        .since
        .and_then(|seconds| i64::try_from(seconds).ok())
        .map(|seconds| seconds.saturating_mul(1000));
    let since_ms = now_ms.saturating_sub(span_ms.unwrap_or(SINCE_MS)).max(0);
    let uses = key_uses::read(&session.at.db, &session.org, &incident.row.id, since_ms).await;
    if out.json {
        return out.json(&IncidentObject::made(&incident, now_ms, uses.ok()));
    }
    out.note(&format!(
        "{} is revoked. Nobody has been told: this version sends no messages.",
        incident.row.id
    ));
    out.table(&["ip", "model", "requests", "failed", "cost usd", "last"], &uses?.cells())
}
