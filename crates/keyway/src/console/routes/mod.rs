//! Routes: names that stand for several models, and who would be asked for one.

pub mod change;
pub mod list;
pub mod one;
mod rules;
pub mod simulator;

mod compare;
mod draft;

use super::here::Here;
use crate::accounts::{Scope, Subject, may};
use crate::base::Trouble;
use crate::catalog::{RouteRow, Strategy, TargetRow};
use crate::pricing::routes::{CONFIG_ID, OF_ORGANIZATION_MAX, route_row};
use crate::store::routes as rows;
use maud::{Markup, html};

const PATH: &str = "/console/routes";

/// A route as the pages know it.
struct Known {
    /// `route_...`, or `config:` and its name.
    id: String,
    row: RouteRow,
}

impl Known {
    /// Whether it is the configuration file's, and changed there alone.
    fn is_of_file(&self) -> bool {
        self.id.starts_with(CONFIG_ID)
    }
}

/// The configuration file's routes, then the organisation's.
async fn every(here: &Here<'_>) -> Result<Vec<Known>, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let found = rows::page(&mut conn, here.org(), false, "", OF_ORGANIZATION_MAX).await?;
    drop(conn);
    let catalog = here.shared.catalog.load();
    let of_file = catalog
        .routes()
        .iter()
        .map(|route| Known { id: format!("{CONFIG_ID}{}", route.row.name), row: route.row.clone() });
    let stored = found.into_iter().filter_map(|stored| {
        let row = route_row(&stored.name, &stored.fields).ok()?;
        Some(Known { id: stored.id, row })
    });
    Ok(of_file.chain(stored).collect())
}

/// Whether the person may do something to routes of the organisation.
fn allowed(here: &Here<'_>, scope: Scope) -> bool {
    may(&here.grant.actor, scope, Subject::Organization).is_ok()
}

/// What a strategy does with the targets.
fn order(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Priority => "the first of the list that can",
        Strategy::Weight => "shared out by weight",
        Strategy::Latency => "whoever answers soonest",
        Strategy::Cost => "whoever is cheapest for the request at this hour",
        Strategy::Quality => "whoever has the best score",
    }
}

/// For which requests a target is there.
fn conditions(target: &TargetRow) -> String {
    let mut all = Vec::new();
    if !target.labels.is_empty() {
        all.push(format!("labelled {}", target.labels.join(" and ")));
    }
    if !target.needs.is_empty() {
        let needs: Vec<&str> = target.needs.iter().map(|need| need.word()).collect();
        all.push(format!("in need of {}", needs.join(" or ")));
    }
    if let Some(most) = target.prompt_tokens_max {
        all.push(format!("of at most {most} prompt tokens"));
    }
    if all.is_empty() { "every request".to_owned() } else { format!("requests {}", all.join(", ")) }
}

/// Which providers may be asked.
fn providers(row: &RouteRow) -> String {
    let of = match row.regions.is_empty() {
        true => "of every region".to_owned(),
        false => format!("of {}", row.regions.join(", ")),
    };
    if row.zero_retention { format!("{of}, that keep nothing") } else { of }
}

/// Targets as a list that can be read, in their order.
fn targets(row: &RouteRow) -> Markup {
    html! {
        ol .plain { @for target in &row.targets {
            li { code { (target.model) } @if row.strategy == Strategy::Weight { " \u{00d7} " (target.weight) } }
        } }
    }
}
