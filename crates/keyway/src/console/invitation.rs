//! Taking an invitation up: with a new account, or as whom one is already. The address it is for
//! decides which, and who has an account must be signed in with it.

use super::federated::buttons;
use super::form::{Form, Wrong, token_field};
use super::here::{Here, pages};
use super::page::{Page, see};
use super::parts::paging::encoded;
use super::parts::{Field, button_link, submit};
use super::register::{check_terms, terms};
use super::setup::check_password;
use super::sign_in::{self, Entry};
use super::visit::Visit;
use crate::access::{Grant, invited, session};
use crate::accounts::identities::{self, Vouched};
use crate::accounts::invites as service;
use crate::accounts::persons::{self, NewPerson, Profile};
use crate::accounts::{Acting, Actor, Rights};
use crate::audit::Author;
use crate::base::{Code, Refusal, Trouble};
use crate::relay::obey::obey;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::invites::Invite;
use crate::store::persons::Person;
use crate::store::{organizations, persons as rows};
use http::StatusCode;
use maud::html;
use std::sync::Arc;

const FIELDS: &[&str] = &["name", "password", "terms"];

/// GET `/invitation?token=...`
#[must_use]
pub fn show(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        let token = visit.asked("token");
        match look(&shared, &token).await {
            Ok(found) => Ok(page(&visit, &found, &token, (&Form::empty(), &Wrong::nothing()))),
            Err(over) => gone(&visit, over),
        }
    })
}

/// POST `/invitation`: makes the account and takes the invitation up.
#[must_use]
pub fn enter(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        let form = visit.form()?;
        let token = form.text("token").to_owned();
        let found = match look(&shared, &token).await {
            Ok(found) => found,
            Err(over) => return gone(&visit, over),
        };
        match join(&shared, &inbound, &form, &token).await {
            Ok(entry) => Ok(entry.lead_to("/console")),
            Err(trouble) => Ok(page(&visit, &found, &token, (&form, &Wrong::of(trouble)?))),
        }
    })
}

pages! {
    /// GET `/console/invitation?token=...`
    show_here = ask_here;
    /// POST `/console/invitation`
    accept_here = take_here;
}

/// An invitation, its organisation's name, and whether its address is somebody's.
struct Found {
    invite: Invite,
    organization: String,
    known: bool,
}

async fn look(shared: &Shared, token: &str) -> Result<Found, Trouble> {
    let mut conn = shared.at.db.connection().await?;
    let invite = invited::find(&mut conn, &shared.at.master, token, shared.at.clock.now_ms()).await?;
    let organization = organizations::organization(&mut conn, &invite.org_id).await?;
    let known = rows::by_email(&mut conn, &invite.email).await?.is_some();
    Ok(Found { invite, organization: organization.map_or(String::new(), |found| found.name), known })
}

async fn join(shared: &Shared, inbound: &Inbound, form: &Form, token: &str) -> Result<Entry, Trouble> {
    let name = form.text("name");
    let found = look(shared, token).await?;
    check_password(form, &found.invite.email, name)?;
    check_terms(shared, form)?;
    let hash = shared.desk.passwords.hash(form.password("password")).await?;
    let author = Author { kind: "invite", id: found.invite.id.clone(), ip: Some(inbound.peer.to_string()) };
    let nobody = Actor { id: "".into(), person: "".into(), rights: Rights::none() };
    let mut acting = Acting::begin(&shared.at, author, nobody, "").await?;
    let now_ms = acting.now_ms;
    let invite = invited::find(&mut acting.tx, &shared.at.master, token, now_ms).await?;
    // Whoever is known here gets in by what they know or read, not by somebody's invitation.
    if rows::by_email(&mut acting.tx, &invite.email).await?.is_some() {
        return Err(Refusal::new(Code::Conflict, "This address has an account: sign in with it.").into());
    }
    invited::enter(&mut acting, &invite).await?;
    let new = NewPerson { email: &invite.email, name, password_hash: Some(&hash) };
    let person = persons::account(&mut acting, &new).await?;
    service::accept(&mut acting, &invite, name).await?;
    if !shared.desk.terms_version.is_empty() {
        let accepted = Profile { terms_version: Some(&shared.desk.terms_version), ..Profile::default() };
        persons::change(&mut acting, &person.id, &accepted).await?;
    }
    let entry = sign_in::begin(&mut acting, shared, inbound, &person).await?;
    let changes = acting.commit().await?;
    obey(shared, &changes).await;
    Ok(entry)
}

/// Takes an invitation up for somebody by a provider's word. That they read the address it is for, its link
/// has shown, which went there.
///
/// # Errors
/// `not_found` for an invitation that is over, `conflict` where the address has an account.
pub async fn vouched(
    acting: &mut Acting<'_>,
    shared: &Shared,
    token: &str,
    vouched: &Vouched<'_>,
) -> Result<Person, Trouble> {
    let now_ms = acting.now_ms;
    let invite = invited::find(&mut acting.tx, &shared.at.master, token, now_ms).await?;
    if rows::by_email(&mut acting.tx, &invite.email).await?.is_some() {
        return Err(Refusal::new(Code::Conflict, "This address has an account: sign in with it.").into());
    }
    acting.author.kind = "invite";
    acting.author.id.clone_from(&invite.id);
    invited::enter(acting, &invite).await?;
    let person = identities::account(acting, vouched, &invite.email).await?;
    service::accept(acting, &invite, &person.name).await?;
    Ok(person)
}

fn page(visit: &Visit<'_>, found: &Found, token: &str, (form, wrong): (&Form, &Wrong)) -> Outbound {
    let next = format!("/console/invitation?token={}", encoded(token));
    let body = html! {
        p .lead { "You are invited to " strong { (found.organization) } ", as " (found.invite.role) "." }
        (wrong.above(FIELDS))
        @if found.known {
            p { "There is an account with " strong { (found.invite.email) } ". Sign in with it and take the invitation up." }
            (button_link(&format!("/sign-in?next={}", encoded(&next)), "Sign in", true))
            p .faint { "No password yet? " a href="/reset" { "Have a link sent that sets one" } }
        } @else {
            form method="post" action="/invitation" {
                (token_field(&visit.token()))
                input type="hidden" name="token" value=(token);
                p { "Your address: " strong { (found.invite.email) } }
                (Field::new("name", "Your name").needed().autocomplete("name").came(form, wrong, "").show())
                (Field::new("password", "Password").kind("password").needed().autocomplete("new-password")
                    .hint("At least 10 characters.").came(form, wrong, "").show())
                (terms(visit.shared, wrong))
                (submit("Make the account and join"))
            }
            (buttons(visit.shared, "/sign-in/with", (&visit.token(), &next), "Join with"))
        }
    };
    let page = Page { scripts: &["password.js"], ..Page::new("Invitation", body) };
    visit.answered(page.answer_outside(wrong.status(), &visit.inbound.headers))
}

fn gone(visit: &Visit<'_>, over: Trouble) -> Result<Outbound, Trouble> {
    if let Trouble::Fault(fault) = over {
        return Err(fault.into());
    }
    let body = html! {
        p { "This invitation is over: it was taken up, taken back, or waited for too long. Ask for another." }
        p { a href="/sign-in" { "Sign in" } }
    };
    Ok(Page::new("Invitation is over", body).answer_outside(StatusCode::NOT_FOUND, &visit.inbound.headers))
}

async fn ask_here(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let token = here.asked("token").unwrap_or_default();
    let found = theirs(here, &token).await?;
    let body = html! {
        form .panel-card.narrow method="post" action="/console/invitation" {
            p { "You are invited to " strong { (found.organization) } ", as " (found.invite.role) "." }
            (token_field(&here.token()))
            input type="hidden" name="token" value=(token);
            (submit("Join"))
        }
    };
    Ok(Page::new("Invitation", body).answer(here))
}

async fn take_here(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let found = theirs(here, form.text("token")).await?;
    let mut acting = here.act().await?;
    let own = acting.actor.rights.clone();
    invited::enter(&mut acting, &found.invite).await?;
    service::accept(&mut acting, &found.invite, &here.person.name).await?;
    acting.actor.rights = own;
    session::turn(&mut acting, &here.grant, &found.invite.org_id).await?;
    here.finish(acting).await?;
    Ok(see("/console"))
}

/// An invitation for this very person; anybody else's is not there.
async fn theirs(here: &Here<'_>, token: &str) -> Result<Found, Trouble> {
    let found = look(here.shared, token).await?;
    if found.invite.email == here.person.email {
        return Ok(found);
    }
    let message = format!("This invitation is for {}. Sign in with that address.", found.invite.email);
    Err(Refusal::new(Code::NotFound, message).into())
}
