//! What somebody sees first.

use super::here::{Here, pages};
use super::page::Page;
use super::parts::{button_link, states};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::relay::Outbound;
use maud::html;

pages! {
    /// GET `/console`
    show = overview;
}

async fn overview(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let body = html! {
        @if here.org().is_empty() {
            (states::empty("You are in no organisation", "Ask somebody who runs one to invite you.", &html! {}))
        } @else if here.may(Scope::CREATE_KEYS) {
            (states::empty("Make your first call",
                "A key, one line of curl, and the answer is here: the sandbox models cost nothing.",
                &button_link("/console/keys/new", "Create a key", true)))
        } @else {
            (states::empty("Nothing to see yet", "What you may use will show here.", &html! {}))
        }
    };
    Ok(Page::new("Overview", body).answer(here))
}
