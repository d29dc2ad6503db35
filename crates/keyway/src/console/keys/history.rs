//! What happened to a key and with it, on its page.

use crate::accounts::{Scope, Subject, may};
use crate::base::Fault;
use crate::console::here::Here;
use crate::console::parts::moment;
use crate::console::parts::table::{Column, table, text};
use crate::store::names::{Named, names};
use crate::watch::timeline::{self, By};
use maud::{Markup, html};
use std::collections::HashMap;

/// Moments shown: the newest.
const SHOWN: usize = 30;
const MOMENTS: &[Column] = &[text("When"), text("What"), text("How")];

/// The newest moments of a key; `place`: what its records in the audit log are about.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(here: &Here<'_>, key: &str, place: Subject<'_>) -> Result<Markup, Fault> {
    let audited = may(&here.grant.actor, Scope::READ_AUDIT_LOGS, place).is_ok();
    let mut moments = timeline::of(&here.shared.at.db, here.org(), key, audited).await?;
    moments.truncate(SHOWN);
    let known = called(here, &moments).await?;
    let when = here.when();
    let line = |moment_: &timeline::Moment| {
        vec![
            moment(&when, Some(moment_.at_ms)),
            html! { (moment_.what.replace(['_', '.'], " ")) },
            html! { @match &moment_.by { Some(by) => (by_whom(by, &known)), None => (moment_.summary) } },
        ]
    };
    let cells: Vec<Vec<Markup>> = moments.iter().map(line).collect();
    Ok(html! {
        @if !cells.is_empty() {
            section .part { h2 { "What happened" } (table("What happened", MOMENTS, &cells)) }
        }
    })
}

/// What the people and keys are called that did something, by their ids.
async fn called(here: &Here<'_>, moments: &[timeline::Moment]) -> Result<HashMap<String, String>, Fault> {
    let of = |kind: &str| -> Vec<&str> {
        let all = moments.iter().filter_map(|it| it.by.as_ref());
        all.filter(|by| by.kind == kind).map(|by| by.id.as_str()).collect()
    };
    let mut conn = here.shared.at.db.connection().await?;
    let mut known = names(&mut conn, here.org(), Named::Owner, &of("user")).await?;
    known.extend(names(&mut conn, here.org(), Named::Key, &of("key")).await?);
    Ok(known)
}

/// Who did it, and from where, in words; whoever has no name here is said by their id.
fn by_whom(by: &By, known: &HashMap<String, String>) -> Markup {
    let name = known.get(&by.id);
    html! {
        @match (by.kind.as_str(), name) {
            ("user", Some(name)) => { "By " (name) },
            ("user", None) => { "By somebody who is gone, " code { (by.id) } },
            ("key", Some(name)) => { "By the admin key " (name) },
            _ => { "By " (by.kind.replace('_', " ")) " " code { (by.id) } },
        }
        @if let Some(ip) = &by.ip { " from " (ip) } "."
    }
}
