//! GET and POST `/console/admin-keys/{key}/leaked`: an admin key has leaked. It is stopped for good with what was
//! made with it, where it is wanted another takes its place, and what it did is shown.

use super::change::{heir, heir_field};
use super::{PATH, named, path, which};
use crate::access::incident::{self, Incident};
use crate::base::Trouble;
use crate::console::account::confirm;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::keys::leaked::{SINCE_MS, told};
use crate::console::keys::made::once;
use crate::console::page::Page;
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::{button_link, moment};
use crate::console::say::counted;
use crate::relay::Outbound;
use crate::store::audit::{self, Acts};
use crate::store::keys::KeyRow;
use maud::{Markup, html};

const ACTS: &[Column] = &[text("What"), text("From"), number("Times"), text("First"), text("Last")];

pages! {
    /// GET: what it does, before it is done.
    ask = first;
    /// POST: does it.
    report = report_it;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    Ok(page(here, &row, &Form::empty(), &Wrong::nothing()))
}

fn page(here: &Here<'_>, row: &KeyRow, form: &Form, wrong: &Wrong) -> Outbound {
    let path = path(row);
    let body = html! {
        form .panel-card.narrow method="post" action={ (path) "/leaked" } {
            p { "The key is refused on every server within a second. " strong { "There is no way back." } }
            p { "Its owner, the organisation's owners and admins and its webhooks are told. Then you see what was changed with it, and from where." }
            p .faint { "Whoever had it may have made keys of projects with it: let them go on only if you know every one." }
            (wrong.above(&[]))
            (token_field(&here.token()))
            (heir_field(form))
            div .row {
                button .button.danger type="submit" name="replace" value="yes" { "Stop it, and make another" }
                button .button.danger type="submit" name="replace" value="no" { "Stop it" }
                a .quiet href=(path) { "Leave it as it is" }
            }
        }
    };
    let above = [(PATH, "Admin keys"), (path.as_str(), row.name.as_str())];
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
    let since_ms = acting.now_ms - SINCE_MS;
    let done = incident::compromised(&mut acting, &which(&row), replace, heir(&form)).await;
    let incident = match here.settle(acting, done).await? {
        Ok(incident) => incident,
        Err(wrong) => return Ok(page(here, &row, &form, &wrong)),
    };
    // What was done stands, and the replacement's secret is shown now or never.
    let acts = acts(here, &row.id, since_ms).await;
    let acts = acts.inspect_err(|fault| tracing::warn!(%fault, "what a leaked key did was not read")).ok();
    Ok(done_page(here, &incident, acts.as_deref()))
}

async fn acts(here: &Here<'_>, key: &str, since_ms: i64) -> Result<Vec<Acts>, crate::base::Fault> {
    audit::acts_of(&mut *here.shared.at.db.connection().await?, key, since_ms).await
}

fn done_page(here: &Here<'_>, incident: &Incident, acts: Option<&[Acts]>) -> Outbound {
    let settled = &incident.settled;
    let body = html! {
        (told(incident))
        @if !settled.revoked.is_empty() || !settled.handed_over.is_empty() {
            p .notice.warn {
                "Of the keys that were made with it " (settled.revoked.len()) " ended, and "
                (settled.handed_over.len()) " go on. The audit log names each."
            }
        }
        @if let Some(made) = &incident.replacement { (once(here, &made.row, &made.secret)) }
        section .part {
            h2 { "What was changed with it in the last 30 days" }
            @match acts {
                Some([]) => p .faint { "Nothing." },
                Some(acts) => (table("Changes", ACTS, &acts.iter().map(|act| line(here, act)).collect::<Vec<_>>())),
                None => p .faint { "The audit log could not be read. Look at it for this key." },
            }
        }
        p { (button_link(&path(&incident.row), "What happened to the key", false)) }
    };
    let path = path(&incident.row);
    let above = [(PATH, "Admin keys"), (path.as_str(), incident.row.name.as_str())];
    Page { above: &above, ..Page::new("The key is stopped", body) }.answer(here)
}

fn line(here: &Here<'_>, act: &Acts) -> Vec<Markup> {
    let when = here.when();
    vec![
        html! { (act.event.replace(['_', '.'], " ")) },
        html! { @match &act.ip { Some(ip) => code { (ip) }, None => span .faint { "this machine" } } },
        html! { (counted(act.count)) },
        moment(&when, Some(act.first_ms)),
        moment(&when, Some(act.last_ms)),
    ]
}
