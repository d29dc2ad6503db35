//! `keyway key compromised` and `keyway admin-key compromised`

use super::args::Global;
use super::failure::Failure;
use super::key::{confirmed, note_settled};
use super::org::asks;
use super::output::Out;
use super::session::{self, Session};
use super::span;
use crate::access::incident;
use crate::access::keys::{self, Which};
use crate::accounts::leave::Heir;
use crate::admin::incident::{IncidentObject, NOBODY_TOLD, SINCE_MS, Used};
use crate::admin::key_acts::KeyAct;
use clap::Args;

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
    /// Of an admin key: project keys made with it go on, and stand under the operator
    #[arg(long)]
    hand_over: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Revokes it, and prints the uses; the replacement's secret stands alone on the first line.
///
/// # Errors
/// What the service refuses; a "no" is no failure.
pub async fn run(
    session: &Session,
    global: &Global,
    asked: &Compromised,
    admin: bool,
    out: &Out,
) -> Result<(), Failure> {
    let which = Which { admin, project: None, id: &asked.id };
    let row = keys::find(&mut *session.at.db.connection().await?, &session.org, &which).await?;
    if asks(asked.yes, global) && !confirmed(&format!("Revoke `{}` for good, as leaked?", row.name), out)? {
        out.note("nothing was changed");
        return Ok(());
    }
    let heir = if asked.hand_over { Heir::Actor } else { Heir::Nobody };
    let mut acting = session.act().await?;
    let incident = incident::compromised(&mut acting, &which, asked.replace, heir).await?;
    let now_ms = acting.now_ms;
    session::done(acting).await?;
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
    let used = Used::read(&session.at.db, &session.org, &incident, since_ms).await;
    if out.json {
        return out.json(&IncidentObject::made(&incident, now_ms, used.ok().as_ref()));
    }
    note_settled(&incident.settled, out);
    out.note(&format!("{} is revoked.", incident.row.id));
    if incident.notified.is_empty() {
        out.note(NOBODY_TOLD);
    }
    for address in &incident.notified {
        out.note(&format!("{address} is told"));
    }
    match used? {
        Used::Uses(uses) => {
            out.table(&["ip", "model", "requests", "failed", "cost usd", "last"], &uses.cells())
        }
        Used::Acts(acts) => {
            let cells: Vec<Vec<String>> = acts.iter().map(KeyAct::cells).collect();
            out.table(&["ip", "change", "times", "last"], &cells)
        }
    }
}
