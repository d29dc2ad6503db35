//! What a page shows, for programs: the call and the command that show the same, and a file.

use super::code::snippet;
use crate::console::here::Here;
use maud::{Markup, html};

/// The same by API and by command line. `call`: path and query of a GET of the management API, empty where
/// there is none.
#[must_use]
pub fn take(here: &Here<'_>, call: &str, command: &str) -> Markup {
    let curl =
        format!("curl -H \"Authorization: Bearer $KEYWAY_ADMIN_KEY\" \\\n  \"{}{call}\"", here.base_url());
    html! {
        details .take {
            summary { "The same by API or command line" }
            @if !call.is_empty() { (snippet("take-call", "API call", &curl)) }
            @if !command.is_empty() { (snippet("take-command", "Command", command)) }
        }
    }
}
