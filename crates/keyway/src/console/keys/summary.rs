//! What a key would be, in words: read before it is made.

use super::asked::DAY_SECONDS;
use super::gives::ROWS;
use crate::access::keys::NewKey;
use crate::access::levels::phrase;
use crate::access::models::ModelRules;
use crate::accounts::Scopes;
use crate::console::here::Here;
use crate::console::parts::points::{Point, point, points, warning};
use crate::console::say;
use ledger::window::Rule;
use maud::Markup;
use serde_json::json;

/// Models that are named.
const NAMED_MAX: usize = 3;

/// The key in words; `warnings`: what making it would say besides.
#[must_use]
pub fn show(here: &Here<'_>, new: &NewKey, warnings: &[String]) -> Markup {
    let mut lines = vec![kind(new), may(new), models(here, new)];
    lines.extend(bounds(new));
    lines.extend(times(here, new));
    lines.extend(warnings.iter().map(|text| warning(text)));
    points(&lines)
}

fn kind(new: &NewKey) -> Point {
    match new.test {
        true => point("A test key: it reaches the sandbox models alone, and costs nothing.".to_owned()),
        false => point("A live key: it reaches real models, and spends.".to_owned()),
    }
}

fn may(new: &NewKey) -> Point {
    let ordinary = || Scopes::ordinary().names().into_iter().map(str::to_owned).collect();
    let scopes: Vec<String> = new.scopes.clone().unwrap_or_else(ordinary);
    let has = |scope: &str| !scope.is_empty() && scopes.iter().any(|one| one == scope);
    let named = ROWS.iter().filter(|row| has(row.read) || has(row.write));
    let named: Vec<String> = named.map(|row| row.label.to_lowercase()).collect();
    if named.len() == ROWS.len() {
        return warning(
            "it may everything that a key of a project can. Most programs need one or two of it.",
        );
    }
    point(format!("It may: {}.", named.join(", ")))
}

fn models(here: &Here<'_>, new: &NewKey) -> Point {
    let Some(list) = &new.models else {
        return point("It may call every model that its project may.".to_owned());
    };
    let rules = ModelRules::from_row(Some(&json!(list).to_string()));
    let catalog = here.shared.catalog.load();
    let served = |provider: &str| catalog.provider(provider).is_some_and(|one| one.serves(here.org()));
    let found = catalog.models().iter().filter(|model| served(&model.provider) && rules.allow(&model.id));
    let found: Vec<&str> = found.map(|model| &*model.id).collect();
    let named = found.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    match found.len() {
        // A route's name is no model's, and a pattern may wait for models to come.
        0 => warning(
            "no model of the catalog is called so now. It may be a route's name, or of a model to come.",
        ),
        count @ 1..=NAMED_MAX => point(format!("It may call {count} of the models there are now: {named}.")),
        count => point(format!("It may call {count} of the models there are now: {named} and others.")),
    }
}

fn bounds(new: &NewKey) -> Vec<Point> {
    let mut lines = Vec::new();
    match &new.budget {
        Some(budget) => {
            let window = match budget.window {
                Rule::Total => "in all".to_owned(),
                window => format!("a {}", window.name()),
            };
            lines.push(point(format!(
                "It may spend {} {window}, and is refused then.",
                say::usd(budget.limit)
            )));
        }
        None if !new.test => lines.push(warning("it has no budget of its own.")),
        None => {}
    }
    let limits: Vec<String> = new.limits.each().map(|(kind, limit)| phrase(kind, limit)).collect();
    if !limits.is_empty() {
        lines.push(point(format!("At most {}.", limits.join(", "))));
    }
    lines.push(point(match &new.ip_allowlist {
        Some(list) => format!("It works from {} alone.", list.join(", ")),
        None => "It works from any address.".to_owned(),
    }));
    if let Some(paths) = &new.details.endpoints {
        lines.push(point(format!("It calls {} alone.", paths.join(", "))));
    }
    lines
}

fn times(here: &Here<'_>, new: &NewKey) -> Vec<Point> {
    let when = here.when();
    let ms = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
    let mut lines = Vec::new();
    if let Some(begins) = new.details.not_before {
        lines.push(point(format!("It works from {} on.", when.day(begins.saturating_mul(1000)))));
    }
    lines.push(match new.expires_in_seconds {
        Some(seconds) => point(format!("It ends on {}.", when.full(when.now_ms.saturating_add(ms(seconds))))),
        None => point("It never ends by itself.".to_owned()),
    });
    if let Some(seconds) = new.details.idle_expires_in_seconds {
        lines.push(point(format!("It ends when it is not used for {} days.", seconds / DAY_SECONDS)));
    }
    let own = new.owner == here.person.id;
    lines.push(point(match new.owner.as_str() {
        "" => "It stays when people leave, for it is the project's.".to_owned(),
        _ if own => "It ends when you leave, and may never do more than you.".to_owned(),
        _ => "It stays when people leave, for it is a service account's, and may never do more than that."
            .to_owned(),
    }));
    lines
}
