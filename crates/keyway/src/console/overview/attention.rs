//! What needs a look, from what is already summed or written down.

use crate::accounts::Scope;
use crate::base::Fault;
use crate::console::here::Here;
use crate::console::parts::{Tone, badge};
use crate::console::say;
use crate::console::usage::asked::value;
use crate::console::when::ago;
use crate::store::attention;
use crate::store::usage::Row;
use crate::store::usage_columns::at;
use jiff::tz::TimeZone;
use maud::{Markup, html};

const DAY_MS: i64 = 86_400_000;
/// Keys that end within this are told: seven days.
const KEYS_MS: i64 = 7 * DAY_MS;
/// Thresholds are looked for so far back: the longest window that ends is a month.
const BUDGETS_MS: i64 = 31 * DAY_MS;
/// A budget from here up is told, per cent of its limit.
const BUDGET_PERCENT: i64 = 80;
/// Of each kind at most.
const EACH_MAX: i64 = 5;

/// A thing to look at: how bad, what, where.
pub struct Item {
    tone: Tone,
    kind: &'static str,
    text: String,
    path: String,
}

/// What needs a look. `models`: sums by model of the time looked at.
///
/// # Errors
/// When the database cannot be used.
pub async fn items(here: &Here<'_>, models: &[Row]) -> Result<Vec<Item>, Fault> {
    let mut all = Vec::new();
    let now_ms = here.shared.at.clock.now_ms();
    let rights = &here.grant.actor.rights;
    let mut conn = here.shared.at.db.connection().await?;
    if here.may(Scope::READ_KEYS) {
        let among = rights.places(Scope::READ_KEYS);
        let range = (now_ms, now_ms + KEYS_MS);
        let found = attention::keys(&mut conn, here.org(), among.as_deref(), range, EACH_MAX).await?;
        all.extend(found.iter().map(|key| key_item(key, now_ms)));
    }
    if here.may(Scope::READ_BUDGETS) {
        let among = rights.places(Scope::READ_BUDGETS);
        let which = (BUDGET_PERCENT, now_ms - BUDGETS_MS);
        let found = attention::budgets(&mut conn, here.org(), among.as_deref(), which, EACH_MAX).await?;
        all.extend(found.iter().filter(|it| holds(it, now_ms)).map(|it| budget_item(it, now_ms)));
    }
    drop(conn);
    all.extend(models.iter().filter(|row| row.measures.0[at::UNPRICED_REQUESTS] > 0).map(unpriced));
    all.sort_by_key(|item| item.tone != Tone::Bad);
    Ok(all)
}

fn key_item(key: &attention::Key, now_ms: i64) -> Item {
    let path = format!("/console/keys/{}", key.id);
    if key.exposed {
        let text = format!("{} was seen in a browser: whoever opened that page has it", key.name);
        return Item { tone: Tone::Bad, kind: "exposed", text, path };
    }
    let end = ago(now_ms, key.expires_ms.unwrap_or(now_ms));
    Item { tone: Tone::Warn, kind: "key", text: format!("{} expires {end}", key.name), path }
}

/// Whether the window in which it was reached is the one that runs.
fn holds(reached: &attention::Reached, now_ms: i64) -> bool {
    let zone = TimeZone::get(&reached.time_zone).unwrap_or(TimeZone::UTC);
    reached.window.window(&zone, now_ms).start_ms == reached.window_start_ms
}

fn budget_item(reached: &attention::Reached, now_ms: i64) -> Item {
    let over = reached.percent >= 100;
    let text = format!(
        "{} reached {}\u{202f}% of {} {}",
        reached.name,
        reached.percent,
        say::usd(reached.limit),
        ago(now_ms, reached.at_ms)
    );
    let tone = if over { Tone::Bad } else { Tone::Warn };
    Item { tone, kind: "budget", text, path: "/console/budgets".to_owned() }
}

fn unpriced(row: &Row) -> Item {
    let count = say::counted(row.measures.0[at::UNPRICED_REQUESTS]);
    let model = if value(row).is_empty() { "A model" } else { value(row) };
    Item {
        tone: Tone::Warn,
        kind: "price",
        text: format!("{model} has no price: {count} requests count no cost"),
        path: "/console/usage?by=model".to_owned(),
    }
}

/// The list.
#[must_use]
pub fn list(items: &[Item]) -> Markup {
    html! {
        section .panel-card aria-labelledby="attention" {
            h2 #attention { "Needs attention" }
            @if items.is_empty() {
                p .faint { "Nothing: no key ends this week, no budget is nearly spent, every request has a price." }
            } @else {
                ul .list { @for item in items {
                    li { (badge(item.tone, item.kind)) a href=(item.path) { (item.text) } }
                } }
            }
        }
    }
}
