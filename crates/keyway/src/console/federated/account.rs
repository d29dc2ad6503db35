//! Identities of an account: what is linked, linking another, unlinking one.

use super::buttons;
use super::depart::{Purpose, leave};
use crate::accounts::identities::{self, IDENTITIES_MAX};
use crate::base::{Fault, Trouble};
use crate::console::account::confirm;
use crate::console::form::token_field;
use crate::console::here::{Here, pages};
use crate::console::page::see;
use crate::console::parts::moment;
use crate::console::parts::table::{Column, table, text};
use crate::console::visit::Visit;
use crate::console::when::When;
use crate::mail::Letter;
use crate::relay::Outbound;
use crate::store::Conn;
use crate::store::identities::{self as rows, IdentityRow};
use maud::{Markup, html};

const COLUMNS: &[Column] = &[text("Provider"), text("As"), text("Linked"), text("Last used"), text("")];
const ACCOUNT: &str = "/console/account";

pages! {
    /// POST `/console/account/identities/link`
    link = ask_link;
    /// POST `/console/account/identities/unlink`
    unlink = take_off;
    /// POST `/console/confirm/with`
    confirm_with = ask_confirm;
}

/// The part of the account's page; nothing where nobody vouches for people.
///
/// # Errors
/// When the database cannot be used.
pub async fn part(here: &Here<'_>, conn: &mut Conn, when: &When) -> Result<Markup, Fault> {
    let linked = rows::of_user(conn, &here.person.id, IDENTITIES_MAX).await?;
    if linked.is_empty() && here.shared.desk.sign_in.each().next().is_none() {
        return Ok(html! {});
    }
    let cells: Vec<Vec<Markup>> = linked.iter().map(|row| line(here, when, row)).collect();
    Ok(html! {
        section .part {
            h2 { "Sign-in by others" }
            @if linked.is_empty() {
                p .faint { "Nothing is linked with your account yet." }
            } @else {
                (table("Sign-in by others", COLUMNS, &cells))
            }
            (buttons(here.shared, "/console/account/identities/link", (&here.token(), ACCOUNT), "Link"))
        }
    })
}

fn line(here: &Here<'_>, when: &When, row: &IdentityRow) -> Vec<Markup> {
    let provider = here.shared.desk.sign_in.named(&row.provider);
    let label = provider.map_or(row.provider.as_str(), |provider| provider.label());
    vec![
        html! { (label) },
        html! { @if row.shown.is_empty() { code { (row.subject) } } @else { (row.shown) } },
        moment(when, Some(row.created_ms)),
        moment(when, Some(row.used_ms)),
        html! {
            form method="post" action="/console/account/identities/unlink" {
                (token_field(&here.token()))
                input type="hidden" name="issuer" value=(row.issuer);
                input type="hidden" name="subject" value=(row.subject);
                button .button.small type="submit" { "Unlink" }
            }
        },
    ]
}

async fn ask_link(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    if let Some(elsewhere) = confirm::needed(here, ACCOUNT).await? {
        return Ok(elsewhere);
    }
    let visit = Visit::of(here.shared, here.inbound)?;
    leave(&visit, (Purpose::Link, &here.grant.key), form.text("provider"), ACCOUNT).await
}

async fn take_off(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    if let Some(elsewhere) = confirm::needed(here, ACCOUNT).await? {
        return Ok(elsewhere);
    }
    let mut acting = here.act().await?;
    identities::unlink(&mut acting, &here.person, form.text("issuer"), form.text("subject")).await?;
    here.finish(acting).await?;
    let url = format!("{}{ACCOUNT}", here.shared.desk.public_url);
    here.shared.desk.mail.send(&here.person.email, Letter::changed("the ways to sign in", url));
    Ok(see("/console/account?done=unlinked"))
}

async fn ask_confirm(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let visit = Visit::of(here.shared, here.inbound)?;
    let purpose = (Purpose::Confirm, &*here.grant.key);
    leave(&visit, purpose, form.text("provider"), form.text("next")).await
}
