//! `keyway key review`: keys that somebody should look at, with the command that settles each finding.

use super::failure::Failure;
use super::key::when;
use super::output::Out;
use super::pages::every;
use super::session::Session;
use crate::access::review::Asked;
use crate::admin::json::List;
use crate::admin::review::{ReviewObject, look};
use crate::base::Clock;

/// Keys of one look.
const LOOK_KEYS: i64 = 100;

/// Runs it.
///
/// # Errors
/// When the database cannot be used.
pub async fn run(session: &Session, out: &Out) -> Result<(), Failure> {
    let asked = Asked { org: &session.org, operators: true, now_ms: Clock::system().now_ms(), only: "" };
    let mut conn = session.at.db.connection().await?;
    let all = every(async |after| look(&mut conn, &asked, after, LOOK_KEYS).await).await?;
    if out.json {
        return out.json(&List::new(all, false, |object: &ReviewObject| &object.id));
    }
    let rows: Vec<Vec<String>> = all.iter().flat_map(rows_of).collect();
    out.table(&["key", "name", "last used", "finding", "detail", "command"], &rows)
}

fn rows_of(object: &ReviewObject) -> Vec<Vec<String>> {
    let row = |finding: &crate::access::review::Finding| {
        vec![
            object.id.clone(),
            object.name.clone(),
            when(object.last_used_at.map(|at| at * 1000)),
            finding.finding.to_owned(),
            finding.detail.clone(),
            finding.command.clone(),
        ]
    };
    object.findings.iter().map(row).collect()
}
