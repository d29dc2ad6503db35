//! GET and POST `/console/keys/{key}/leaked`: a key has leaked; it is stopped for good, and where it is wanted
//! another takes its place.

use super::made::once;
use super::{allowed, named};
use crate::access::incident::{self, Incident};
use crate::access::keys::Which;
use crate::accounts::Scope;
use crate::accounts::leave::Heir;
use crate::base::Trouble;
use crate::console::account::confirm;
use crate::console::form::{Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::{button_link, moment};
use crate::console::say::{count, usd};
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use crate::watch::used::{self, Uses};
use maud::{Markup, html};

/// How far back uses are shown, milliseconds: thirty days.
pub const SINCE_MS: i64 = 30 * 86_400_000;
const USES: &[Column] =
    &[text("From"), text("Model"), number("Requests"), number("Failed"), number("Cost"), text("Last")];

pages! {
    /// GET: what it does, before it is done.
    ask = first;
    /// POST: does it.
    report = report_it;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    allowed(here, Scope::DELETE_KEYS, &row)?;
    Ok(page(here, &row, &Wrong::nothing()))
}

fn page(here: &Here<'_>, row: &KeyRow, wrong: &Wrong) -> Outbound {
    let path = format!("/console/keys/{}", row.id);
    let body = html! {
        form .panel-card.narrow method="post" action={ (path) "/leaked" } {
            p {
                "The key is refused on every server within a second, and what runs is cut. "
                strong { "There is no way back." }
            }
            p { "Its owner, the organisation's owners and admins and its webhooks are told. Then you see what it was used for, and from where." }
            p .faint { "Another key in its place may the same and has the same limits; what was spent stays spent." }
            (wrong.above(&[]))
            (token_field(&here.token()))
            div .row {
                button .button.danger type="submit" name="replace" value="yes" { "Stop it, and make another" }
                button .button.danger type="submit" name="replace" value="no" { "Stop it" }
                a .quiet href=(path) { "Leave it as it is" }
            }
        }
    };
    let above = [("/console/keys", "API keys"), (path.as_str(), row.name.as_str())];
    Page { above: &above, ..Page::new("The key has leaked", body) }.answer_as(wrong.status(), here)
}

async fn report_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let row = named(here).await?;
    let replace = form.text("replace") == "yes";
    // Stopping it asks nothing more; a new secret is shown to who gave the password.
    if replace && let Some(first) = confirm::needed(here, &here.address()).await? {
        return Ok(first);
    }
    let mut acting = here.act().await?;
    let which = Which { admin: false, project: row.project_id.as_deref(), id: &row.id };
    let since_ms = acting.now_ms - SINCE_MS;
    let reported = incident::compromised(&mut acting, &which, replace, Heir::Nobody).await;
    let incident = match here.settle(acting, reported).await? {
        Ok(incident) => incident,
        Err(wrong) => return Ok(page(here, &row, &wrong)),
    };
    let uses = used::read(&here.shared.at.db, here.org(), &row.id, since_ms).await;
    // What was done stands, and the replacement's secret is shown now or never.
    let uses =
        uses.inspect_err(|fault| tracing::warn!(%fault, "the uses of a leaked key were not read")).ok();
    Ok(done(here, &incident, uses.as_ref()))
}

/// That it is stopped, and who was told.
#[must_use]
pub fn told(incident: &Incident) -> Markup {
    html! {
        p .notice.good role="status" {
            "The key is revoked. "
            @if incident.notified.is_empty() { "Nobody was mailed: there is no owner and no admin with an address." }
            @else { "Told: " (incident.notified.join(", ")) "." }
        }
    }
}

fn done(here: &Here<'_>, incident: &Incident, uses: Option<&Uses>) -> Outbound {
    let path = format!("/console/keys/{}", incident.row.id);
    let body = html! {
        (told(incident))
        @if let Some(made) = &incident.replacement { (once(here, &made.row, &made.secret)) }
        section .part {
            h2 { "What it was used for in the last 30 days" }
            @match uses {
                Some(uses) if uses.all.is_empty() => p .faint { "For nothing." },
                Some(uses) => {
                    (table("Uses", USES, &rows(here, uses)))
                    @if !uses.complete { p .faint { "Only its last requests: there are more." } }
                }
                None => p .faint { "The log could not be read. Look at its requests." },
            }
        }
        p { (button_link(&path, "What happened to the key", false)) }
    };
    let above = [("/console/keys", "API keys"), (path.as_str(), incident.row.name.as_str())];
    Page { above: &above, ..Page::new("The key is stopped", body) }.answer(here)
}

fn rows(here: &Here<'_>, uses: &Uses) -> Vec<Vec<Markup>> {
    let when = here.when();
    let row = |used: &used::Use| {
        vec![
            html! { code { (used.ip) } },
            html! { (used.model) },
            html! { (count(used.requests)) },
            html! { (count(used.failed)) },
            html! { (usd(used.sell)) },
            moment(&when, Some(used.last_ms)),
        ]
    };
    uses.all.iter().map(row).collect()
}
