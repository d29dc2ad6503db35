//! Signing in by the word of others: the way to a provider and back, and what of it is an account's.

pub mod account;
pub mod back;
pub mod depart;

use super::form::token_field;
use super::parts::button;
use crate::relay::Shared;
use maud::{Markup, html};

/// A button for each provider, in a form that leads to `action`; nothing where there is none.
#[must_use]
pub fn buttons(shared: &Shared, action: &str, (token, next): (&str, &str), lead: &str) -> Markup {
    let providers: Vec<_> = shared.desk.sign_in.each().collect();
    html! {
        @if !providers.is_empty() {
            form .federated method="post" action=(action) {
                (token_field(token))
                input type="hidden" name="next" value=(next);
                @for provider in providers {
                    (button("provider", provider.name(), &format!("{lead} {}", provider.label())))
                }
            }
        }
    }
}
