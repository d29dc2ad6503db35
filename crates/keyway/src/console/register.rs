//! Making an account for oneself. Whether an address is known already is told to nobody but its mail.

use super::form::{Form, Wrong, token_field};
use super::page::{Page, see};
use super::parts::field::tick;
use super::parts::{Field, submit};
use super::setup::check_password;
use super::visit::Visit;
use crate::access::Grant;
use crate::access::session::once::{self, Purpose};
use crate::accounts::attempts::{MAIL_ACCOUNT, MAIL_ADDRESS, from_address};
use crate::accounts::check::{check_name, email};
use crate::accounts::persons::{self, NewPerson, Profile, Registered};
use crate::accounts::{Acting, Actor, Rights};
use crate::audit::Author;
use crate::base::{Code, Refusal, Trouble};
use crate::mail::Letter;
use crate::relay::obey::obey;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use http::StatusCode;
use maud::{Markup, html};
use std::net::IpAddr;
use std::sync::Arc;

const FIELDS: &[&str] = &["name", "email", "password", "terms"];

/// GET `/register`
#[must_use]
pub fn show(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        if !shared.desk.registration.is_offered() {
            return Ok(closed(&visit));
        }
        Ok(page(&visit, &Form::empty(), &Wrong::nothing()))
    })
}

/// POST `/register`
#[must_use]
pub fn enter(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        let form = visit.form()?;
        if !shared.desk.registration.is_offered() {
            return Ok(closed(&visit));
        }
        match ask(&shared, &inbound, &form).await {
            Ok(()) => Ok(see("/sign-in?done=registered")),
            Err(trouble) => Ok(page(&visit, &form, &Wrong::of(trouble)?)),
        }
    })
}

/// Checks what can be told of the form alone, and does the rest behind the answer: it is the same, and
/// takes as long, whether the address is known or not.
async fn ask(shared: &Arc<Shared>, inbound: &Inbound, form: &Form) -> Result<(), Trouble> {
    let desk = &shared.desk;
    let name = form.text("name").to_owned();
    check_name("name", &name)?;
    let address = email(form.text("email"))?;
    if !desk.registration.takes(&address) {
        let message = "Only addresses of certain domains may register here. Ask somebody to invite you.";
        return Err(Refusal::field("email", message).into());
    }
    check_password(form, &address, &name)?;
    check_terms(shared, form)?;
    desk.attempts.note(&shared.at.clock, &from_address("mail", inbound.peer), MAIL_ADDRESS)?;
    let hash = desk.passwords.hash(form.password("password")).await?;
    let (inner, peer) = (Arc::clone(shared), inbound.peer);
    let work = async move {
        if let Err(trouble) = make(&inner, &name, &address, &hash, peer).await {
            tracing::warn!(?trouble, "somebody could not register");
        }
    };
    shared.tasks.spawn_on(work, &shared.control);
    Ok(())
}

/// Refuses who has not accepted the terms there are.
///
/// # Errors
/// A refusal of the field `terms`.
pub fn check_terms(shared: &Shared, form: &Form) -> Result<(), Refusal> {
    if shared.desk.terms_version.is_empty() || form.ticked("terms", false) {
        return Ok(());
    }
    Err(Refusal::field("terms", "Without accepting the terms there is no account."))
}

async fn make(shared: &Shared, name: &str, address: &str, hash: &str, peer: IpAddr) -> Result<(), Trouble> {
    let author = Author { kind: "system", id: "registration".to_owned(), ip: Some(peer.to_string()) };
    let nobody = Actor { id: "".into(), person: "".into(), rights: Rights::none() };
    let mut acting = Acting::begin(&shared.at, author, nobody, "").await?;
    let new = NewPerson { email: address, name, password_hash: Some(hash) };
    let desk = &shared.desk;
    let registered = persons::register(&mut acting, &new).await?;
    let (person, purpose) = match &registered {
        Registered::New(person) => (person, Purpose::Verify),
        Registered::Known(person) => (person, Purpose::Reset),
    };
    if desk.attempts.note(&shared.at.clock, &format!("mail {address}"), MAIL_ACCOUNT).is_err() {
        return Ok(acting.commit().await.map(drop)?);
    }
    if let (Registered::New(_), false) = (&registered, desk.terms_version.is_empty()) {
        let accepted = Profile { terms_version: Some(&desk.terms_version), ..Profile::default() };
        persons::change(&mut acting, &person.id, &accepted).await?;
    }
    let link = once::make(&mut acting, purpose, &person.id, address).await?;
    let changes = acting.commit().await?;
    obey(shared, &changes).await;
    let url = format!("{}/{}?token={}", desk.public_url, purpose.word(), link.reveal());
    let letter = match registered {
        Registered::New(_) => Letter::verify(url),
        Registered::Known(_) => Letter::known(url),
    };
    desk.mail.send(address, letter);
    Ok(())
}

/// The box of the terms, where there are any.
#[must_use]
pub fn terms(shared: &Shared, wrong: &Wrong) -> Markup {
    let (version, url) = (&shared.desk.terms_version, &shared.desk.terms_url);
    html! {
        @if !version.is_empty() {
            div .field {
                (tick("terms", "yes", &format!("I accept the terms (version {version})"), "", false))
                @if !url.is_empty() { p .hint { a href=(url) rel="noreferrer" { "Read the terms" } } }
                @if let Some(text) = wrong.with("terms") { p .wrong role="alert" { (text) } }
            }
        }
    }
}

fn page(visit: &Visit<'_>, form: &Form, wrong: &Wrong) -> Outbound {
    let body = html! {
        (wrong.above(FIELDS))
        form method="post" action="/register" {
            (token_field(&visit.token()))
            (Field::new("name", "Your name").needed().autocomplete("name").came(form, wrong, "").show())
            (Field::new("email", "E-mail address").kind("email").needed().autocomplete("username")
                .came(form, wrong, "").show())
            (Field::new("password", "Password").kind("password").needed().autocomplete("new-password")
                .hint("At least 10 characters. Several words that have nothing to do with each other do well.")
                .came(form, wrong, "").show())
            (terms(visit.shared, wrong))
            (submit("Make the account"))
        }
        p .faint { "You have one? " a href="/sign-in" { "Sign in" } }
    };
    let page = Page { scripts: &["password.js"], ..Page::new("Make an account", body) };
    visit.answered(page.answer_outside(wrong.status(), &visit.inbound.headers))
}

fn closed(visit: &Visit<'_>) -> Outbound {
    let code = Code::NotFound.status();
    let body = html! {
        p { "Accounts are made by invitation here. Ask somebody who has one to invite you." }
        p { a href="/sign-in" { "Sign in" } }
    };
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::NOT_FOUND);
    Page::new("By invitation", body).answer_outside(status, &visit.inbound.headers)
}
