//! The first account: the link that the first start prints leads here, once.

use super::form::{Form, Wrong, token_field};
use super::page::Page;
use super::parts::{Field, submit};
use super::sign_in::{self, Entry};
use super::visit::Visit;
use crate::access::Grant;
use crate::access::session::once::{self, Purpose};
use crate::accounts::persons::{self, NewPerson};
use crate::accounts::{Acting, Actor, Rights, strength};
use crate::audit::Author;
use crate::base::{Refusal, Trouble};
use crate::relay::obey::obey;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::tenants;
use http::StatusCode;
use maud::html;
use std::sync::Arc;

const FIELDS: &[&str] = &["name", "email", "password"];

/// GET `/setup?token=...`
#[must_use]
pub fn show(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        let token = visit.asked("token");
        if let Err(over) = link(&shared, &token).await {
            return gone(&visit, over);
        }
        Ok(page(&visit, &token, &Form::empty(), &Wrong::nothing()))
    })
}

/// POST `/setup`
#[must_use]
pub fn make(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        let form = visit.form()?;
        let token = form.text("token").to_owned();
        if let Err(over) = link(&shared, &token).await {
            return gone(&visit, over);
        }
        match first(&shared, &inbound, &form, &token).await {
            Ok(entry) => Ok(entry.lead_to("/console?welcome=1")),
            Err(trouble) => Ok(page(&visit, &token, &form, &Wrong::of(trouble)?)),
        }
    })
}

async fn link(shared: &Shared, token: &str) -> Result<(), Trouble> {
    let mut conn = shared.at.db.connection().await?;
    let now_ms = shared.at.clock.now_ms();
    once::find(&mut conn, &shared.at.master, Purpose::Setup, token, now_ms).await.map(drop)
}

/// Makes the account, uses the link up and begins a session: all or nothing.
async fn first(shared: &Shared, inbound: &Inbound, form: &Form, token: &str) -> Result<Entry, Trouble> {
    let (name, email) = (form.text("name"), form.text("email"));
    check_password(form, email, name)?;
    let password_hash = shared.desk.passwords.hash(form.password("password")).await?;
    let author = Author { kind: "system", id: "set-up link".to_owned(), ip: Some(inbound.peer.to_string()) };
    let nobody = Actor { id: "".into(), person: "".into(), rights: Rights::none() };
    let org = tenants::default_org(&shared.at.db).await?;
    let mut acting = Acting::begin(&shared.at, author, nobody, &org).await?;
    once::take(&mut acting, Purpose::Setup, token).await?;
    let new = NewPerson { email, name, password_hash: Some(&password_hash) };
    let person = persons::set_up(&mut acting, &new).await?;
    let entry = sign_in::begin(&mut acting, shared, inbound, &person).await?;
    let changes = acting.commit().await?;
    obey(shared, &changes).await;
    Ok(entry)
}

/// Refuses a password that is easily found, with every reason at once.
///
/// # Errors
/// A refusal of the field `password`.
pub fn check_password(form: &Form, email: &str, name: &str) -> Result<(), Refusal> {
    let complaints = strength::complaints(form.password("password").reveal(), email, name);
    if complaints.is_empty() { Ok(()) } else { Err(Refusal::field("password", complaints.join(" "))) }
}

fn page(visit: &Visit<'_>, token: &str, form: &Form, wrong: &Wrong) -> Outbound {
    let body = html! {
        p .lead { "This makes the first account: it owns everything here, and can let others in." }
        (wrong.above(FIELDS))
        form method="post" action="/setup" {
            (token_field(&visit.token()))
            input type="hidden" name="token" value=(token);
            (Field::new("name", "Your name").needed().autocomplete("name").came(form, wrong, "").show())
            (Field::new("email", "E-mail address").kind("email").needed().autocomplete("username")
                .came(form, wrong, "").show())
            (Field::new("password", "Password").kind("password").needed().autocomplete("new-password")
                .hint("At least 10 characters. Several words that have nothing to do with each other do well.")
                .came(form, wrong, "").show())
            (submit("Make the first account"))
        }
    };
    let page = Page { scripts: &["password.js"], ..Page::new("Set up Keyway", body) };
    visit.answered(page.answer_outside(wrong.status(), &visit.inbound.headers))
}

/// The link is over. What was a mere look-up is told as it is; a fault goes on.
fn gone(visit: &Visit<'_>, over: Trouble) -> Result<Outbound, Trouble> {
    if let Trouble::Fault(fault) = over {
        return Err(fault.into());
    }
    let body = html! {
        p { "This link is over: it works once, and for 30 minutes." }
        p { "On the server, " code { "keyway member setup-link" } " makes another, as long as nobody has an account." }
        p { a href="/sign-in" { "Sign in" } }
    };
    let page = Page::new("Link is over", body);
    Ok(page.answer_outside(StatusCode::NOT_FOUND, &visit.inbound.headers))
}
