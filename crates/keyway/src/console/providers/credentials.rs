//! Credentials of a provider: the part of its page, and what is done to them.

use super::one::{Came, page};
use super::{PATH, allowed, every, is_operator};
use crate::accounts::Scope;
use crate::accounts::check::not_there;
use crate::base::{Secret, Trouble};
use crate::console::account::confirm;
use crate::console::form::{Form, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::see;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::{Field, Tone, badge, button, moment, submit};
use crate::providers::CONFIG;
use crate::providers::credentials::{self as service, Edit, New, owner};
use crate::providers::known::Known;
use crate::providers::probe::{Probed, probe};
use crate::providers::standing::triable;
use crate::relay::Outbound;
use crate::store::providers::{BROKEN, CredentialRow, DISABLED, ENABLED};
use maud::{Markup, html};

const COLUMNS: &[Column] = &[text("Credential"), text("Of"), text("State"), text("Added"), text("")];
const FIELDS: &[&str] = &["name", "value"];

pages! {
    /// POST `/console/providers/{provider}/credentials`
    add = do_add;
    /// POST `/console/providers/{provider}/credentials/{credential}`
    change = do_change;
    /// POST `/console/providers/{provider}/test`
    test = do_test;
}

/// The part of the provider's page.
#[must_use]
pub fn part(here: &Here<'_>, id: &str, found: &[CredentialRow], known: &Known, came: &Came) -> Markup {
    let configured = is_operator(here)
        && here.shared.from_config.iter().any(|given| given.provider == id && given.secret.is_some());
    let mut cells: Vec<Vec<Markup>> = Vec::new();
    cells.extend(configured.then(|| of_config(here, id)));
    cells.extend(found.iter().map(|row| line(here, id, row)));
    html! {
        section .part {
            h2 { "Credentials" }
            @if let Some((credential, probed)) = &came.probed { (tried(credential, probed)) }
            @if cells.is_empty() { p .faint { "None yet." } } @else { (table("Credentials", COLUMNS, &cells)) }
            @if let (Some(why), true) = (known.obstacle(), cells.is_empty()) {
                p .faint { "It takes no credential here: " (why) "." }
            } @else if allowed(here, Scope::CREATE_PROVIDERS) {
                (new(here, id, came, cells.is_empty()))
            }
        }
    }
}

/// What came of a try.
fn tried(credential: &str, probed: &Probed) -> Markup {
    let models = probed.models.map_or(String::new(), |count| format!(", {count} models"));
    html! {
        @match (&probed.error, probed.ok) {
            (_, true) => p .notice.good role="status" { "It works: answered in " (probed.latency_ms) " ms" (models) ". " code { (credential) } },
            (Some(error), _) => p .notice.bad role="alert" { "It does not work: " (error) ", after " (probed.latency_ms) " ms. " code { (credential) } },
            (None, false) => p .notice.bad role="alert" { "It does not work. " code { (credential) } },
        }
    }
}

fn test_form(here: &Here<'_>, id: &str, credential: &str) -> Markup {
    html! {
        @if allowed(here, Scope::UPDATE_PROVIDERS) {
            form .inline method="post" action={ (PATH) "/" (id) "/test" } {
                (token_field(&here.token()))
                input type="hidden" name="credential" value=(credential);
                button .button.small type="submit" { "Test" }
            }
        }
    }
}

fn of_config(here: &Here<'_>, id: &str) -> Vec<Markup> {
    vec![
        html! { "of the configuration or the environment" span .under { "change it there" } },
        html! { "the installation" },
        badge(Tone::Good, "in use"),
        html! { span .faint { "at the start" } },
        test_form(here, id, CONFIG),
    ]
}

fn line(here: &Here<'_>, id: &str, row: &CredentialRow) -> Vec<Markup> {
    let state = match row.state.as_str() {
        ENABLED => badge(Tone::Good, "in use"),
        BROKEN => badge(Tone::Bad, "does not open"),
        _ => badge(Tone::Warn, "turned off"),
    };
    let when = here.when();
    vec![
        html! { strong { (row.name) } @if !row.hint.is_empty() { span .under { "…" (row.hint) } } },
        html! { @if owner(row) == "installation" { "the installation" } @else { "the organisation" } },
        html! { (state) @if let Some(error) = &row.last_error {
            span .under { (error) ", " (moment(&when, row.last_error_ms)) }
        } },
        moment(&when, Some(row.created_ms)),
        html! { (test_form(here, id, &row.id)) (acts(here, id, row)) },
    ]
}

fn acts(here: &Here<'_>, id: &str, row: &CredentialRow) -> Markup {
    let path = format!("{PATH}/{id}/credentials/{}", row.id);
    let input = format!("value-{}", row.id);
    html! {
        @if allowed(here, Scope::UPDATE_PROVIDERS) {
            details {
                summary { "Change" }
                form .narrow method="post" action=(path) {
                    (token_field(&here.token()))
                    div .field {
                        label for=(input) { "New value" }
                        input #(input) type="password" name="value" autocomplete="off";
                    }
                    div .row {
                        (button("do", "rotate", "Put it in place of the old"))
                        @if row.state == DISABLED { (button("do", "on", "Turn on")) } @else { (button("do", "off", "Turn off")) }
                        @if allowed(here, Scope::DELETE_PROVIDERS) { (button("do", "remove", "Remove")) }
                    }
                }
            }
        }
    }
}

fn new(here: &Here<'_>, id: &str, came: &Came, none: bool) -> Markup {
    let empty = Form::empty();
    let form = came.form.as_ref().unwrap_or(&empty);
    let whose: Vec<(String, String)> =
        [("installation", "The installation"), ("organization", "This organisation alone")]
            .map(|(value, text)| (value.to_owned(), text.to_owned()))
            .into();
    html! {
        details .panel-card open[none || came.form.is_some()] {
            summary { "Add a credential" }
            form .narrow method="post" action={ (PATH) "/" (id) "/credentials" } {
                (came.wrong.above(FIELDS))
                (token_field(&here.token()))
                (Field::new("name", "Name").placeholder("default").came(form, &came.wrong, "").show())
                (Field::new("value", "The provider's key").kind("password").needed().autocomplete("off")
                    .hint("Sealed when it is stored, and never shown again.").came(form, &came.wrong, "").show())
                @if is_operator(here) { (Field::new("owner", "Whose requests go with it").options(&whose).came(form, &came.wrong, "installation").show()) }
                (submit("Add it"))
            }
        }
    }
}

async fn do_add(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let id = here.param(0).to_owned();
    let back = format!("{PATH}/{id}");
    if let Some(elsewhere) = confirm::needed(here, &back).await? {
        return Ok(elsewhere);
    }
    let new = New {
        provider: id,
        name: form.text("name").to_owned(),
        secret: pasted(&form),
        installation: is_operator(here) && form.text("owner") != "organization",
        concurrency_max: None,
    };
    let mut acting = here.act().await?;
    let (all, _) = every(here, &mut acting.tx).await?;
    let done = service::add(&mut acting, &all, new).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&format!("{back}?done=made"))),
        Err(wrong) => page(here, &Came { form: Some(form), wrong, probed: None }).await,
    }
}

/// A key as it was pasted, without the space that comes with pasting.
fn pasted(form: &Form) -> Secret {
    Secret::new(form.password("value").reveal().trim().to_owned())
}

async fn do_change(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let (id, credential) = (here.param(0).to_owned(), here.param(1).to_owned());
    let back = format!("{PATH}/{id}");
    if let Some(elsewhere) = confirm::needed(here, &back).await? {
        return Ok(elsewhere);
    }
    let mut acting = here.act().await?;
    let named = (id.as_str(), credential.as_str());
    let edit = match form.text("do") {
        "remove" => None,
        "on" => Some(Edit { enabled: Some(true), ..Edit::default() }),
        "off" => Some(Edit { enabled: Some(false), ..Edit::default() }),
        _ => Some(Edit { secret: Some(pasted(&form)), ..Edit::default() }),
    };
    let done = match edit {
        Some(edit) => service::edit(&mut acting, named, edit).await.map(|_| "saved"),
        None => service::remove(&mut acting, named.0, named.1).await.map(|()| "removed"),
    };
    match here.settle(acting, done).await? {
        Ok(done) => Ok(see(&format!("{back}?done={done}"))),
        Err(wrong) => page(here, &Came { wrong, ..Came::default() }).await,
    }
}

async fn do_test(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let upstreams = here.shared.upstreams.load_full();
    let whose = (here.org(), is_operator(here));
    let found = triable(&upstreams, here.param(0), Some(form.text("credential")), whose);
    let upstream = found.ok_or_else(|| not_there("credential"))?;
    let probed = probe(&upstream, &here.shared.lanes, &here.shared.at.clock).await;
    page(here, &Came { probed: Some((upstream.credential.to_string(), probed)), ..Came::default() }).await
}
