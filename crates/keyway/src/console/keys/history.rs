//! What happened to a key and with it, on its page.

use crate::accounts::{Scope, Subject, may};
use crate::base::Fault;
use crate::console::here::Here;
use crate::console::parts::moment;
use crate::console::parts::table::{Column, table, text};
use crate::store::keys::KeyRow;
use crate::watch::timeline;
use maud::{Markup, html};

/// Moments shown: the newest.
const SHOWN: usize = 30;
const MOMENTS: &[Column] = &[text("When"), text("What"), text("How")];

/// The newest moments of a key.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(here: &Here<'_>, row: &KeyRow) -> Result<Markup, Fault> {
    let project = Subject::Project(row.project_id.as_deref().unwrap_or_default());
    let audited = may(&here.grant.actor, Scope::READ_AUDIT_LOGS, project).is_ok();
    let moments = timeline::of(&here.shared.at.db, here.org(), &row.id, audited).await?;
    let when = here.when();
    let line = |moment_: &timeline::Moment| {
        vec![
            moment(&when, Some(moment_.at_ms)),
            html! { (moment_.what.replace(['_', '.'], " ")) },
            html! { (moment_.summary) },
        ]
    };
    let cells: Vec<Vec<Markup>> = moments.iter().take(SHOWN).map(line).collect();
    Ok(html! {
        @if !cells.is_empty() {
            section .part { h2 { "What happened" } (table("What happened", MOMENTS, &cells)) }
        }
    })
}
