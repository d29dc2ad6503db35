//! An admin key's one moment: the answer to its making, or to its rotation, and nothing else, holds it.

use super::PATH;
use crate::access::keys::Created;
use crate::console::here::Here;
use crate::console::keys::made::once;
use crate::console::page::Page;
use crate::console::parts::{snippet, tabs};
use crate::relay::Outbound;
use maud::html;

/// The page.
#[must_use]
pub fn page(here: &Here<'_>, made: &Created) -> Outbound {
    let (key, base_url) = (made.secret.reveal(), here.base_url());
    let curl =
        format!("curl -H \"Authorization: Bearer {key}\" \\\n  \"{base_url}/v1/organization/projects\"");
    let python = format!(
        "import urllib.request\n\nrequest = urllib.request.Request(\n    \"{base_url}/v1/organization/projects\",\n    \
         headers={{\"Authorization\": \"Bearer {key}\"}},\n)\nprint(urllib.request.urlopen(request).read().decode())"
    );
    let panels = [
        ("curl", snippet("sample-curl", "curl", &curl)),
        ("Python", snippet("sample-python", "Python", &python)),
    ];
    let body = html! {
        @for warning in &made.warnings { p .notice.warn { (warning) } }
        (once(here, &made.row, &made.secret))
        section .part aria-labelledby="call" {
            h2 #call { "Make a call" }
            p .faint { "It makes the calls that its permissions open. A call that it may not make is refused, and says which permission it lacks." }
            (tabs::tabs("sample", "Language", &panels))
        }
    };
    let above = [(PATH, "Admin keys")];
    Page { above: &above, ..Page::new(&made.row.name, body) }.answer(here)
}
