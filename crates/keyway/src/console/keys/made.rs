//! A key's one moment: the answer to its making, or to its rotation, and nothing else, holds it.

use super::snippets::{Filled, samples};
use crate::access::keys::redacted;
use crate::base::{Secret, Trouble, id};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::paging::encoded;
use crate::console::parts::{Tone, badge, button_link, copied};
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use crate::store::requests::{self, Filter, OwnedEntry};
use maud::{Markup, html};

/// The model that works without any provider.
const SANDBOX_MODEL: &str = "sandbox/echo";

/// A key with the secret that was just made for it.
pub struct Made<'a> {
    /// The key.
    pub row: &'a KeyRow,
    /// Its secret.
    pub secret: &'a Secret,
    /// What its holder should know.
    pub warnings: &'a [String],
}

pages! {
    /// GET `/console/keys/{key}/first-call`: what the page of a new key waits for.
    first_call = came;
}

/// The page.
///
/// # Errors
/// When the database cannot be used.
pub fn page(here: &Here<'_>, made: &Made<'_>) -> Result<Outbound, Trouble> {
    let (key, row) = (made.secret.reveal(), made.row);
    let base_url = here.base_url();
    let model = model_for(here, row);
    let body = html! {
        @for warning in made.warnings { p .notice.warn { (warning) } }
        (once(here, row, made.secret))
        section .part aria-labelledby="call" {
            h2 #call { "Make a call" }
            (samples(&Filled { base_url: &base_url, key, model: &model }))
            (waiting(&row.id))
        }
    };
    let above = [("/console/keys", "API keys")];
    Ok(Page { above: &above, scripts: &["wait.js"], ..Page::new(&row.name, body) }.answer(here))
}

/// The one moment itself: a secret, and the ways to keep it.
#[must_use]
pub fn once(here: &Here<'_>, row: &KeyRow, secret: &Secret) -> Markup {
    let (key, base_url) = (secret.reveal(), here.base_url());
    let (file, path) = match row.kind.as_str() {
        "admin" => (format!("KEYWAY_ADMIN_KEY={key}\n"), "/console/admin-keys"),
        _ => (
            format!("KEYWAY_API_KEY={key}\nOPENAI_API_KEY={key}\nOPENAI_BASE_URL={base_url}/v1\n"),
            "/console/keys",
        ),
    };
    let file = format!("data:text/plain;charset=utf-8,{}", encoded(&file));
    html! {
        section .panel-card aria-labelledby="once" {
            h2 #once { "This is the only time the key is shown" }
            (copied("key", "The key", key))
            p .faint { "Later you will see only " code { (redacted(row)) } " of it. If it gets lost, rotate the key." }
            div .row {
                a .button href=(file) download=".env" { "Download as .env" }
                (button_link(&format!("{path}/{}", row.id), "I have stored it", true))
            }
        }
    }
}

/// What waits for the first request. Without scripts it is a link.
fn waiting(key: &str) -> Markup {
    let path = format!("/console/keys/{key}/first-call");
    html! {
        div .panel-card data-wait=(path) role="status" {
            p .waiting { "Waiting for the first request with this key." }
            p { a href=(path) { "See whether it has come" } }
        }
    }
}

/// The first model that the key may call: a real one for a live key, if there is one.
fn model_for(here: &Here<'_>, row: &KeyRow) -> String {
    let named: Option<Vec<String>> = row.models.as_deref().and_then(|list| serde_json::from_str(list).ok());
    if let Some(model) = named.iter().flatten().find(|model| !model.contains('*')) {
        return model.clone();
    }
    let catalog = here.shared.catalog.load();
    let real = catalog.models().iter().find(|model| {
        let provider = catalog.provider(&model.provider);
        !model.id.starts_with("sandbox/") && provider.is_some_and(|provider| provider.serves(here.org()))
    });
    match real {
        Some(model) if row.mode == "live" => model.id.to_string(),
        _ => SANDBOX_MODEL.to_owned(),
    }
}

async fn came(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = super::named(here).await?;
    let filter = Filter { key_ids: vec![row.id.clone()], ..Filter::default() };
    let found = requests::list(&here.shared.at.db, here.org(), &filter, None, 1).await?;
    let body = match found.entries.first() {
        Some(entry) => arrived(entry),
        None => waiting(&row.id),
    };
    let above = [("/console/keys", "API keys")];
    Ok(Page { above: &above, scripts: &["wait.js"], ..Page::new(&row.name, body) }.answer(here))
}

fn arrived(entry: &OwnedEntry) -> Markup {
    let good = entry.status < 400;
    let tone = if good { Tone::Good } else { Tone::Bad };
    html! {
        div .panel-card data-came role="status" {
            div .row {
                (badge(tone, if good { "It works" } else { "It arrived, and failed" }))
                code { (id::text("req", entry.request)) }
            }
            p {
                (entry.model_asked) " answered " (entry.status) " in " (entry.latency_ms) " ms, with "
                (entry.usage.input()) " tokens in and " (entry.usage.output()) " out, for "
                (crate::console::say::cost(entry.sell)) "."
            }
            @if !entry.error.is_empty() { p .faint { "Reason: " code { (entry.error) } } }
            p { a href="/console/keys" { "To your keys" } }
        }
    }
}
