//! GET `/console/account`, and the same page with what was wrong.

use crate::base::Trouble;
use crate::console::federated;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::{Field, Tone, badge, moment, submit};
use crate::console::when::When;
use crate::relay::Outbound;
use crate::store::persons;
use crate::store::sessions::{self, SessionRow};
use maud::{Markup, html};

/// Sessions shown at most.
const SESSIONS_MAX: i64 = 50;
const COLUMNS: &[Column] = &[text("Browser"), text("From"), text("Begun"), text("Last used"), text("")];

/// Which of the page's forms came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// None.
    None,
    /// Name and time zone.
    Profile,
    /// The address.
    Address,
    /// The password.
    Password,
}

pages! {
    /// The page.
    show = first;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, Part::None, &Form::empty(), &Wrong::nothing()).await
}

/// The page with a form that came back and what was wrong with it.
///
/// # Errors
/// When the database cannot be used.
pub async fn page(here: &Here<'_>, part: Part, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let when = When::new(here.shared.at.clock.now_ms(), &here.person.time_zone);
    let mut conn = here.shared.at.db.connection().await?;
    let open = sessions::of_user(&mut conn, &here.person.id, when.now_ms, SESSIONS_MAX).await?;
    let has_password = persons::password(&mut conn, &here.person.id).await?.is_some();
    let by_others = federated::account::part(here, &mut conn, &when).await?;
    drop(conn);
    let (empty, nothing) = (Form::empty(), Wrong::nothing());
    let of = |own: Part| if own == part { (form, wrong) } else { (&empty, &nothing) };
    let body = html! {
        (profile(here, of(Part::Profile)))
        (address(here, has_password, of(Part::Address)))
        @if has_password { (password(here, of(Part::Password))) } @else { (no_password()) }
        (by_others)
        (sessions_of(here, &when, &open))
    };
    let page = Page { scripts: &["password.js"], ..Page::new("Your account", body) };
    Ok(page.answer_as(wrong.status(), here))
}

fn profile(here: &Here<'_>, (form, wrong): (&Form, &Wrong)) -> Markup {
    html! {
        form .panel-card.narrow method="post" action="/console/account/profile" {
            h2 { "Profile" }
            (wrong.above(&["name", "time_zone"]))
            (token_field(&here.token()))
            (Field::new("name", "Name").needed().autocomplete("name").came(form, wrong, &here.person.name).show())
            (Field::new("time_zone", "Time zone").placeholder("UTC").hint("As in Europe/Berlin. Times on pages are in it.")
                .came(form, wrong, &here.person.time_zone).show())
            (submit("Save"))
        }
    }
}

fn address(here: &Here<'_>, has_password: bool, (form, wrong): (&Form, &Wrong)) -> Markup {
    let token = here.token();
    html! {
        section .panel-card.narrow {
            h2 { "E-mail address" }
            div .row {
                strong { (here.person.email) }
                @match here.person.verified_ms {
                    Some(_) => (badge(Tone::Good, "confirmed")),
                    None => (badge(Tone::Warn, "not confirmed")),
                }
            }
            @if here.person.verified_ms.is_none() {
                form method="post" action="/console/account/verify" {
                    (token_field(&token))
                    button .button type="submit" { "Send a confirmation" }
                }
            }
            @if has_password { details open[wrong.status() != http::StatusCode::OK] {
                summary { "Change the address" }
                form method="post" action="/console/account/address" {
                    (wrong.above(&["email", "current"]))
                    (token_field(&token))
                    (Field::new("email", "New address").kind("email").needed().autocomplete("email").came(form, wrong, "").show())
                    (Field::new("current", "Your password").kind("password").needed().autocomplete("current-password").came(form, wrong, "").show())
                    p .hint { "A link goes to the new address; until it is followed the old one stays." }
                    (submit("Send the link"))
                }
            } }
        }
    }
}

/// For who comes by the word of others alone.
fn no_password() -> Markup {
    html! {
        section .panel-card.narrow {
            h2 { "Password" }
            p { "You have none: others vouch for you. With one you can change your address, and sign in without them." }
            p { a href="/reset" { "Have a link sent that sets one" } }
        }
    }
}

fn password(here: &Here<'_>, (form, wrong): (&Form, &Wrong)) -> Markup {
    html! {
        section .panel-card.narrow {
            h2 { "Password" }
            details open[wrong.status() != http::StatusCode::OK] {
                summary { "Change the password" }
                form method="post" action="/console/account/password" {
                    (wrong.above(&["password", "old"]))
                    (token_field(&here.token()))
                    (Field::new("old", "Password in use").kind("password").needed().autocomplete("current-password").came(form, wrong, "").show())
                    (Field::new("password", "New password").kind("password").needed().autocomplete("new-password")
                        .hint("At least 10 characters. Other sessions end.").came(form, wrong, "").show())
                    (submit("Change the password"))
                }
            }
        }
    }
}

fn sessions_of(here: &Here<'_>, when: &When, open: &[SessionRow]) -> Markup {
    let cells: Vec<Vec<Markup>> = open.iter().map(|row| line(here, when, row)).collect();
    html! {
        section .part {
            h2 { "Sessions" }
            (table("Sessions", COLUMNS, &cells))
            @if open.len() > 1 {
                form method="post" action="/console/account/sessions/end-all" {
                    (token_field(&here.token()))
                    button .button type="submit" { "End every other session" }
                }
            }
        }
    }
}

fn line(here: &Here<'_>, when: &When, row: &SessionRow) -> Vec<Markup> {
    let own = row.id == *here.grant.key;
    vec![
        html! { (browser(&row.user_agent)) @if own { " " (badge(Tone::Good, "this one")) } },
        html! { (row.ip) },
        moment(when, Some(row.created_ms)),
        moment(when, Some(row.seen_ms)),
        html! {
            @if !own {
                form method="post" action="/console/account/sessions/end" {
                    (token_field(&here.token()))
                    input type="hidden" name="session" value=(row.id);
                    button .button.small type="submit" { "End" }
                }
            }
        },
    ]
}

/// What a browser calls itself, in two words where it can be told.
fn browser(agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    let name = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        _ if agent.is_empty() => "Unknown".to_owned(),
        _ => agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_by_name() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser("curl/8.5.0"), "curl/8.5.0");
        assert_eq!(browser(""), "Unknown");
    }
}
