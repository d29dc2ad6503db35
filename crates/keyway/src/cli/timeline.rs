//! `keyway key timeline`: what happened to a key and with it.

use super::failure::Failure;
use super::key::{when, which};
use super::output::Out;
use super::session::Session;
use crate::access::keys::find;
use crate::admin::timeline::TimelineObject;
use crate::watch::timeline;

/// Runs it.
///
/// # Errors
/// "Not found", and when the database cannot be used.
pub async fn run(session: &Session, id: &str, out: &Out) -> Result<(), Failure> {
    let row = find(&mut *session.at.db.connection().await?, &session.org, &which(id, false)).await?;
    let moments = timeline::of(&session.at.db, &session.org, &row.id, true).await?;
    if out.json {
        return out.json(&TimelineObject::new(&row.id, &moments));
    }
    let cells: Vec<Vec<String>> = moments
        .iter()
        .map(|moment| vec![when(Some(moment.at_ms)), moment.what.clone(), moment.summary.clone()])
        .collect();
    out.table(&["when", "what", "how"], &cells)
}
