//! What a key would be, in words: read before it is made.

use super::asked::DAY_SECONDS;
use super::gives::ROWS;
use crate::access::keys::NewKey;
use crate::access::levels::phrase;
use crate::access::models::ModelRules;
use crate::accounts::Scopes;
use crate::console::here::Here;
use crate::console::say;
use ledger::window::Rule;
use maud::{Markup, html};
use serde_json::json;

/// Models that are named.
const NAMED_MAX: usize = 3;

/// A sentence; one that is a warning says so.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    text: String,
    warns: bool,
}

fn line(text: String) -> Line {
    Line { text, warns: false }
}

fn warning(text: &str) -> Line {
    Line { text: text.to_owned(), warns: true }
}

/// The key in words; `warnings`: what making it would say besides.
#[must_use]
pub fn show(here: &Here<'_>, new: &NewKey, warnings: &[String]) -> Markup {
    let mut lines = vec![kind(new), may(new), models(here, new)];
    lines.extend(bounds(new));
    lines.extend(times(here, new));
    lines.extend(warnings.iter().map(|text| warning(text)));
    html! {
        ul .points { @for line in lines {
            li { @if line.warns { strong .warned { "Mind: " } } (line.text) }
        } }
    }
}

fn kind(new: &NewKey) -> Line {
    match new.test {
        true => line("A test key: it reaches the sandbox models alone, and costs nothing.".to_owned()),
        false => line("A live key: it reaches real models, and spends.".to_owned()),
    }
}

fn may(new: &NewKey) -> Line {
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
    line(format!("It may: {}.", named.join(", ")))
}

fn models(here: &Here<'_>, new: &NewKey) -> Line {
    let Some(list) = &new.models else {
        return line("It may call every model that its project may.".to_owned());
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
        count @ 1..=NAMED_MAX => line(format!("It may call {count} of the models there are now: {named}.")),
        count => line(format!("It may call {count} of the models there are now: {named} and others.")),
    }
}

fn bounds(new: &NewKey) -> Vec<Line> {
    let mut lines = Vec::new();
    match &new.budget {
        Some(budget) => {
            let window = match budget.window {
                Rule::Total => "in all".to_owned(),
                window => format!("a {}", window.name()),
            };
            lines.push(line(format!(
                "It may spend {} {window}, and is refused then.",
                say::usd(budget.limit)
            )));
        }
        None if !new.test => lines.push(warning("it has no budget of its own.")),
        None => {}
    }
    let limits: Vec<String> = new.limits.each().map(|(kind, limit)| phrase(kind, limit)).collect();
    if !limits.is_empty() {
        lines.push(line(format!("At most {}.", limits.join(", "))));
    }
    lines.push(line(match &new.ip_allowlist {
        Some(list) => format!("It works from {} alone.", list.join(", ")),
        None => "It works from any address.".to_owned(),
    }));
    if let Some(paths) = &new.details.endpoints {
        lines.push(line(format!("It calls {} alone.", paths.join(", "))));
    }
    lines
}

fn times(here: &Here<'_>, new: &NewKey) -> Vec<Line> {
    let when = here.when();
    let ms = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
    let mut lines = Vec::new();
    if let Some(begins) = new.details.not_before {
        lines.push(line(format!("It works from {} on.", when.day(begins.saturating_mul(1000)))));
    }
    lines.push(match new.expires_in_seconds {
        Some(seconds) => line(format!("It ends on {}.", when.full(when.now_ms.saturating_add(ms(seconds))))),
        None => line("It never ends by itself.".to_owned()),
    });
    if let Some(seconds) = new.details.idle_expires_in_seconds {
        lines.push(line(format!("It ends when it is not used for {} days.", seconds / DAY_SECONDS)));
    }
    let own = new.owner == here.person.id;
    lines.push(line(match new.owner.as_str() {
        "" => "It stays when people leave, for it is the project's.".to_owned(),
        _ if own => "It ends when you leave, and never may more than you.".to_owned(),
        _ => "It stays when people leave, for it is a service account's, and never may more than that."
            .to_owned(),
    }));
    lines
}
