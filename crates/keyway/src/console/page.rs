//! The frame of every page, and what its answer's headers forbid.

use super::assets;
use super::here::Here;
use super::nav;
use crate::access::session::cookie;
use crate::base::Fields;
use crate::relay::Outbound;
use http::StatusCode;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Everything a page loads comes from here; nothing runs that stands in it; nobody frames it; its forms
/// lead back here. Whole sentences of `Permissions-Policy` for what a console has no use of.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
     object-src 'none'";
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// A page about to be put into its frame.
pub struct Page<'a> {
    /// Its name: the window's, and its first heading.
    pub title: &'a str,
    /// What stands beside the heading: the page's own actions.
    pub actions: Markup,
    /// Pages above it: path and name.
    pub above: &'a [(&'a str, &'a str)],
    /// Modules it loads, besides those every page does.
    pub scripts: &'a [&'static str],
    /// It takes all of the window's width, also outside the frame.
    pub wide: bool,
    /// Its content.
    pub body: Markup,
}

impl<'a> Page<'a> {
    /// A page of a title and a body.
    #[must_use]
    pub fn new(title: &'a str, body: Markup) -> Self {
        Self { title, actions: html! {}, above: &[], scripts: &[], wide: false, body }
    }

    /// The page for somebody who is signed in.
    #[must_use]
    pub fn answer(self, here: &Here<'_>) -> Outbound {
        self.answer_as(StatusCode::OK, here)
    }

    /// The same, with another status.
    #[must_use]
    pub fn answer_as(self, status: StatusCode, here: &Here<'_>) -> Outbound {
        let body = html! {
            a .skip href="#main" { "Skip to content" }
            div .frame {
                (nav::side(here))
                main #main tabindex="-1" {
                    (self.heading())
                    (notice(here.done()))
                    (self.body)
                }
            }
        };
        let markup = document(self.title, cookie::theme(&here.inbound.headers), self.scripts, &body);
        answer(status, markup)
    }

    /// The page for somebody who is not: one narrow column.
    #[must_use]
    pub fn answer_outside(self, status: StatusCode, headers: &Fields) -> Outbound {
        let body = html! {
            a .skip href="#main" { "Skip to content" }
            div .outside.wide-page[self.wide] {
                header .brand { a href="/" { (mark()) "Keyway" } }
                main #main .card tabindex="-1" {
                    h1 { (self.title) }
                    (self.body)
                }
            }
        };
        answer(status, document(self.title, cookie::theme(headers), self.scripts, &body))
    }

    /// The page for everybody, as wide as it likes; it brings its own heading.
    #[must_use]
    pub fn answer_open(self, status: StatusCode, headers: &Fields) -> Outbound {
        let body = html! {
            a .skip href="#main" { "Skip to content" }
            div .open {
                header .brand { a href="/" { (mark()) "Keyway" } }
                main #main tabindex="-1" { (self.body) }
            }
        };
        answer(status, document(self.title, cookie::theme(headers), self.scripts, &body))
    }

    fn heading(&self) -> Markup {
        html! {
            header .heading {
                div {
                    @if !self.above.is_empty() {
                        nav .above aria-label="Above" {
                            @for (path, name) in self.above { a href=(path) { (name) } span aria-hidden="true" { "/" } }
                        }
                    }
                    h1 { (self.title) }
                }
                div .actions { (self.actions) }
            }
        }
    }
}

/// What was just done, said once at the top of the page that follows.
fn notice(done: Option<&'static str>) -> Markup {
    html! { @if let Some(text) = done { p .notice.good role="status" { (text) } } }
}

/// Keyway's mark.
#[must_use]
pub fn mark() -> Markup {
    html! {
        svg .mark viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false" {
            rect x="2" y="2" width="20" height="20" rx="6" {}
            path d="M12 6.2a3.1 3.1 0 0 0-1.5 5.8L9.6 17.8h4.8L13.5 12A3.1 3.1 0 0 0 12 6.2z" {}
        }
    }
}

fn document(title: &str, theme: Option<&str>, scripts: &[&'static str], body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content=(theme.unwrap_or("light dark"));
                title { (title) " · Keyway" }
                link rel="icon" href=(assets::path("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(assets::path("console.css"));
                @for script in ["copy.js", "dialog.js"].iter().chain(scripts) {
                    script type="module" src=(assets::path(script)) {}
                }
            }
            body { (body) }
        }
    }
}

/// An answer of a page, with all its headers. Nothing of a console is kept by caches: what it shows is
/// somebody's own.
#[must_use]
pub fn answer(status: StatusCode, markup: Markup) -> Outbound {
    let PreEscaped(text) = markup;
    let mut answer = Outbound::whole(status, "text/html; charset=utf-8", text);
    protect(&mut answer);
    answer
}

/// An answer for a module of a page.
#[must_use]
pub fn json(status: StatusCode, text: String) -> Outbound {
    let mut answer = Outbound::whole(status, "application/json", text);
    protect(&mut answer);
    answer
}

/// A table as a file to keep.
#[must_use]
pub fn file(name: &str, text: String) -> Outbound {
    let mut answer = Outbound::whole(StatusCode::OK, "text/csv; charset=utf-8", text);
    answer.set("content-disposition", &format!("attachment; filename=\"{name}\""));
    protect(&mut answer);
    answer
}

/// An answer that leads elsewhere, by GET.
#[must_use]
pub fn see(path: &str) -> Outbound {
    let mut answer = Outbound::whole(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    answer.set("location", path);
    protect(&mut answer);
    answer
}

fn protect(answer: &mut Outbound) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("permissions-policy", PERMISSIONS),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        answer.set(name, value);
    }
}
