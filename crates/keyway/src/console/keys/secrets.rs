//! A key's secrets, those of earlier rotations among them, and the end of one before its time.

use super::named;
use crate::access::keys::{Which, redacted_kid};
use crate::access::rotate::{is_live, take_away};
use crate::base::Trouble;
use crate::console::form::token_field;
use crate::console::here::{Here, pages};
use crate::console::page::see;
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::{Tone, badge, moment};
use crate::relay::Outbound;
use crate::store::key_secrets::SecretRow;
use crate::store::keys::KeyRow;
use maud::{Markup, html};

const SECRETS: &[Column] =
    &[text("Secret"), text("Made"), text("Ends"), text("Last used"), text("From"), number("Uses"), text("")];

pages! {
    /// POST `/console/keys/{key}/secrets/end`
    end = end_one;
}

/// The secrets, where there is more than the one in use. `path`: the key's page; `ends`: whether whoever looks
/// may end one.
#[must_use]
pub fn part(here: &Here<'_>, row: &KeyRow, path: &str, secrets: &[SecretRow], ends: bool) -> Markup {
    if secrets.len() < 2 {
        return html! {};
    }
    let when = here.when();
    let line = |secret: &SecretRow| {
        let older = secret.expires_ms.is_some() && is_live(secret, when.now_ms);
        vec![
            html! { code { (redacted_kid(row, &secret.kid)) } },
            moment(&when, Some(secret.created_ms)),
            match secret.expires_ms {
                None => badge(Tone::Good, "in use"),
                Some(end) if end <= when.now_ms => badge(Tone::Bad, "ended"),
                end => moment(&when, end),
            },
            moment(&when, secret.last_used_ms),
            html! { (secret.last_used_ip.as_deref().unwrap_or("")) },
            html! { (secret.use_count) },
            html! { @if ends && older && row.status != "revoked" {
                form .inline method="post" action={ (path) "/secrets/end" } {
                    (token_field(&here.token()))
                    button .quiet type="submit" name="secret" value=(secret.kid) { "End it now" }
                }
            } },
        ]
    };
    let cells: Vec<Vec<Markup>> = secrets.iter().map(line).collect();
    html! { section .part { h2 { "Secrets" } (table("Secrets", SECRETS, &cells)) } }
}

async fn end_one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    let which = Which { admin: false, project: row.project_id.as_deref(), id: &row.id };
    end_of(here, &which, &format!("/console/keys/{}", row.id)).await
}

/// Ends the secret that a form names, and leads back to the key's page.
///
/// # Errors
/// `not_found`, `missing_scope`, `conflict` for the secret in use.
pub async fn end_of(here: &Here<'_>, which: &Which<'_>, path: &str) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    take_away(&mut acting, which, form.text("secret")).await?;
    here.finish(acting).await?;
    Ok(see(&format!("{path}?done=secret-ended")))
}
