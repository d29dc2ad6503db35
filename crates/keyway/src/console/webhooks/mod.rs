//! Webhooks: programs that are told what happens, and the messages that went to them and to people.

pub mod list;
pub mod messages;
pub mod new;
pub mod one;

use super::form::{Form, Wrong};
use super::here::Here;
use super::page::Page;
use super::parts::{Field, Tone, badge, button_link, copied};
use crate::base::Secret;
use crate::relay::Outbound;
use crate::store::webhooks::Webhook;
use crate::watch::webhooks::FORMS;
use maud::{Markup, html};

const PATH: &str = "/console/webhooks";
/// Where messages are listed.
pub const MESSAGES: &str = "/console/notifications";
/// What is sent, and what it is called; in the order of [`FORMS`].
const FORMS_CALLED: [&str; FORMS.len()] = ["Standard Webhooks, signed", "A text for Slack"];

/// What a webhook is sent.
fn form_of(webhook: &Webhook) -> &'static str {
    let place = FORMS.iter().position(|form| *form == webhook.form).unwrap_or_default();
    FORMS_CALLED[place]
}

/// Where it leads, as far as it is shown.
fn to(webhook: &Webhook) -> Markup {
    html! { code { (webhook.url_shown) "/\u{2026}" } }
}

fn state(webhook: &Webhook) -> Markup {
    match webhook.disabled_ms {
        None => badge(Tone::Good, "on"),
        Some(_) => badge(Tone::Plain, "off"),
    }
}

fn path(webhook: &Webhook) -> String {
    format!("{PATH}/{}", webhook.id)
}

/// What can be chosen and changed of one. A URL that is there is often a secret, and is not shown.
fn fields(form: &Form, wrong: &Wrong, now: Option<&Webhook>) -> Markup {
    let name = now.map_or("", |webhook| webhook.name.as_str());
    let kept = now.map(|webhook| format!("{}/\u{2026} stays", webhook.url_shown));
    let url = Field::new("url", "URL").kind("url").autocomplete("off");
    let url = match &kept {
        Some(kept) => url.placeholder(kept).hint("Only to lead it elsewhere: the one it has is not shown again."),
        None => url.needed().placeholder("https://hooks.example.com/keyway").hint(
            "By https, and at a public address. What stands behind the host is kept sealed and not shown again.",
        ),
    };
    html! {
        (Field::new("name", "Name").needed().placeholder("on-call").came(form, wrong, name).show())
        (url.came(form, wrong, "").show())
    }
}

/// The one page that shows a webhook's secret.
fn once(here: &Here<'_>, webhook: &Webhook, secret: &Secret) -> Outbound {
    let signed = webhook.form == FORMS[0];
    let body = html! {
        section .panel-card aria-labelledby="once" {
            h2 #once { "This is the only time the secret is shown" }
            (copied("secret", "The signing secret", secret.reveal()))
            @if signed {
                p .faint {
                    "Each message carries " code { "webhook-id" } ", " code { "webhook-timestamp" } " and "
                    code { "webhook-signature" } ": the receiver checks them with this secret, by any library of standard-webhooks. "
                    "If it gets lost, make another."
                }
            } @else { p .faint { "Messages to Slack are not signed: nothing there needs it." } }
            div .row { (button_link(&path(webhook), "I have stored it", true)) }
        }
    };
    let above = [(PATH, "Webhooks")];
    Page { above: &above, ..Page::new(&webhook.name, body) }.answer(here)
}
