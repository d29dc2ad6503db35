//! Where the links of messages lead: an address is verified, a password is set, an address is changed.
//! Opening a link uses nothing up, for programs that read mail open them too; its button does.

use super::form::{Form, Wrong, token_field};
use super::page::{Page, see};
use super::parts::{Field, submit};
use super::setup::check_password;
use super::visit::Visit;
use crate::access::Grant;
use crate::access::session::once::Purpose;
use crate::access::session::{self, once};
use crate::accounts::attempts::{MAIL_ACCOUNT, MAIL_ADDRESS, from_address};
use crate::accounts::persons::{self, Profile};
use crate::accounts::{Acting, Actor, Rights};
use crate::audit::Author;
use crate::base::Trouble;
use crate::mail::Letter;
use crate::relay::obey::obey;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::once_links::OnceLink;
use crate::store::persons as rows;
use http::StatusCode;
use maud::html;
use std::sync::Arc;

macro_rules! linked {
    ($( $(#[$doc:meta])* $name:ident = $run:ident($purpose:ident); )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
            Box::pin(async move { $run(&shared, &inbound, Purpose::$purpose).await })
        }
    )* };
}

linked! {
    /// GET `/verify?token=...`
    show_verify = show(Verify);
    /// POST `/verify`
    verify = take(Verify);
    /// GET `/reset`, `/reset?token=...`
    show_reset = show(Reset);
    /// POST `/reset`
    reset = take(Reset);
    /// GET `/address?token=...`
    show_address = show(Address);
    /// POST `/address`
    address = take(Address);
}

async fn show(shared: &Arc<Shared>, inbound: &Inbound, purpose: Purpose) -> Result<Outbound, Trouble> {
    let visit = Visit::of(shared, inbound)?;
    let token = visit.asked("token");
    if token.is_empty() && purpose == Purpose::Reset {
        return Ok(forgotten(&visit, &Form::empty(), &Wrong::nothing()));
    }
    match find(shared, purpose, &token).await {
        Ok(link) => Ok(page(&visit, (purpose, &link), &token, (&Form::empty(), &Wrong::nothing()))),
        Err(over) => gone(&visit, over),
    }
}

async fn take(shared: &Arc<Shared>, inbound: &Inbound, purpose: Purpose) -> Result<Outbound, Trouble> {
    let visit = Visit::of(shared, inbound)?;
    let form = visit.form()?;
    let token = form.text("token").to_owned();
    if token.is_empty() && purpose == Purpose::Reset {
        return match ask(shared, inbound, &form) {
            Ok(()) => Ok(see("/sign-in?done=asked")),
            Err(trouble) => Ok(forgotten(&visit, &form, &Wrong::of(trouble)?)),
        };
    }
    let link = match find(shared, purpose, &token).await {
        Ok(link) => link,
        Err(over) => return gone(&visit, over),
    };
    match obey_link(shared, inbound, (purpose, &link), (&token, &form)).await {
        Ok(done) => Ok(see(&format!("/sign-in?done={done}"))),
        Err(trouble) => Ok(page(&visit, (purpose, &link), &token, (&form, &Wrong::of(trouble)?))),
    }
}

async fn find(shared: &Shared, purpose: Purpose, token: &str) -> Result<OnceLink, Trouble> {
    let mut conn = shared.at.db.connection().await?;
    once::find(&mut conn, &shared.at.master, purpose, token, shared.at.clock.now_ms()).await
}

/// Does what a link is for and uses it up, in one transaction.
async fn obey_link(
    shared: &Shared,
    inbound: &Inbound,
    (purpose, link): (Purpose, &OnceLink),
    (token, form): (&str, &Form),
) -> Result<&'static str, Trouble> {
    let person = {
        let mut conn = shared.at.db.connection().await?;
        rows::by_id(&mut conn, &link.user_id).await?.unwrap_or_default()
    };
    let hash = match purpose {
        Purpose::Reset => {
            check_password(form, &person.email, &person.name)?;
            Some(shared.desk.passwords.hash(form.password("password")).await?)
        }
        _ => None,
    };
    let author = Author { kind: "user", id: link.user_id.clone(), ip: Some(inbound.peer.to_string()) };
    let mut acting = begin(shared, author).await?;
    let link = once::take(&mut acting, purpose, token).await?;
    // A link to an address that is theirs no longer shows nothing about the one they have now.
    let reads_it = purpose == Purpose::Address || link.email == person.email;
    let profile = Profile {
        address: reads_it.then_some(link.email.as_str()),
        password_hash: hash.as_deref(),
        ..Profile::default()
    };
    persons::change(&mut acting, &link.user_id, &profile).await?;
    if purpose == Purpose::Reset {
        session::end_all(&mut acting, &link.user_id, "").await?;
        shared.desk.attempts.forget(&format!("sign-in {}", person.email));
    }
    let changes = acting.commit().await?;
    obey(shared, &changes).await;
    if purpose == Purpose::Address && !person.email.is_empty() {
        let account = format!("{}/console/account", shared.desk.public_url);
        shared.desk.mail.send(&person.email, Letter::changed("the address", account));
    }
    Ok(match purpose {
        Purpose::Reset => "reset",
        _ => "verified",
    })
}

/// Begins an act of nobody who has rights: what it does is about the person of a link alone.
///
/// # Errors
/// When the database cannot be used.
pub async fn begin(shared: &Shared, author: Author) -> Result<Acting<'_>, Trouble> {
    let nobody = Actor { id: "".into(), person: "".into(), rights: Rights::none() };
    Ok(Acting::begin(&shared.at, author, nobody, "").await?)
}

/// Sends a link for a new password, behind an answer that is the same for everybody.
fn ask(shared: &Arc<Shared>, inbound: &Inbound, form: &Form) -> Result<(), Trouble> {
    let email = form.text("email").to_lowercase();
    let (clock, attempts) = (&shared.at.clock, &shared.desk.attempts);
    attempts.note(clock, &from_address("mail", inbound.peer), MAIL_ADDRESS)?;
    let peer = inbound.peer.to_string();
    let inner = Arc::clone(shared);
    let work = async move {
        if let Err(trouble) = send_reset(&inner, &email, peer).await {
            tracing::warn!(?trouble, "a link for a new password could not be made");
        }
    };
    shared.tasks.spawn_on(work, &shared.control);
    Ok(())
}

async fn send_reset(shared: &Shared, email: &str, peer: String) -> Result<(), Trouble> {
    let known = rows::by_email(&mut *shared.at.db.connection().await?, email).await?;
    let Some(person) = known else { return Ok(()) };
    if shared.desk.attempts.note(&shared.at.clock, &format!("mail {email}"), MAIL_ACCOUNT).is_err() {
        return Ok(());
    }
    let mut acting =
        begin(shared, Author { kind: "system", id: "password reset".to_owned(), ip: Some(peer) }).await?;
    let link = once::make(&mut acting, Purpose::Reset, &person.id, &person.email).await?;
    acting.commit().await?;
    let url = format!("{}/reset?token={}", shared.desk.public_url, link.reveal());
    shared.desk.mail.send(email, Letter::reset(url));
    Ok(())
}

fn page(
    visit: &Visit<'_>,
    (purpose, link): (Purpose, &OnceLink),
    token: &str,
    (form, wrong): (&Form, &Wrong),
) -> Outbound {
    let (title, text, button) = match purpose {
        Purpose::Reset => ("Set a new password", "You will be signed out everywhere.", "Set the password"),
        Purpose::Address => {
            ("Confirm your new address", "Your account has this address from then on.", "Confirm")
        }
        _ => ("Confirm your address", "Live keys come with it.", "Confirm"),
    };
    let body = html! {
        p .lead { strong { (link.email) } ". " (text) }
        (wrong.above(&["password"]))
        form method="post" action={ "/" (purpose.word()) } {
            (token_field(&visit.token()))
            input type="hidden" name="token" value=(token);
            @if purpose == Purpose::Reset {
                (Field::new("password", "New password").kind("password").needed().autocomplete("new-password")
                    .hint("At least 10 characters.").came(form, wrong, "").show())
            }
            (submit(button))
        }
    };
    let page = Page { scripts: &["password.js"], ..Page::new(title, body) };
    visit.answered(page.answer_outside(wrong.status(), &visit.inbound.headers))
}

fn forgotten(visit: &Visit<'_>, form: &Form, wrong: &Wrong) -> Outbound {
    let body = html! {
        p .lead { "We send a link that sets a new one." }
        (wrong.above(&[]))
        form method="post" action="/reset" {
            (token_field(&visit.token()))
            (Field::new("email", "E-mail address").kind("email").needed().autocomplete("username")
                .came(form, wrong, "").show())
            (submit("Send the link"))
        }
        p .faint { a href="/sign-in" { "Back to sign in" } }
    };
    visit.answered(Page::new("Password lost", body).answer_outside(wrong.status(), &visit.inbound.headers))
}

/// The link is over; a fault goes on.
fn gone(visit: &Visit<'_>, over: Trouble) -> Result<Outbound, Trouble> {
    if let Trouble::Fault(fault) = over {
        return Err(fault.into());
    }
    let body = html! {
        p { "This link is over: each works once, and for a while." }
        div .row { a .button href="/sign-in" { "Sign in" } a .button href="/reset" { "Get another link" } }
    };
    Ok(Page::new("Link is over", body).answer_outside(StatusCode::NOT_FOUND, &visit.inbound.headers))
}
