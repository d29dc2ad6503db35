//! Signing in. Somebody unknown, somebody without a password and a wrong password are one answer, and
//! take as long.

use super::federated::buttons;
use super::form::{Form, Wrong, token_field};
use super::page::{Page, see};
use super::parts::{Field, submit};
use super::theme::local;
use super::visit::Visit;
use crate::access::Grant;
use crate::access::session::{self, cookie};
use crate::accounts::attempts::{SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS, from_address};
use crate::accounts::{Acting, Actor, Rights};
use crate::audit::Author;
use crate::base::{Code, Fault, Refusal, Secret, Trouble};
use crate::relay::obey::obey;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::persons::{self, Person};
use maud::html;
use std::sync::Arc;

/// A session just begun, on its way into a cookie.
pub struct Entry {
    /// The session's id.
    pub session: String,
    secret: Secret,
    seconds: i64,
    https: bool,
}

impl Entry {
    /// The answer that hands the session over and leads on.
    #[must_use]
    pub fn lead_to(&self, path: &str) -> Outbound {
        let mut answer = see(path);
        answer.set("set-cookie", cookie::set_session(&self.secret, self.seconds, self.https).reveal());
        answer
    }
}

/// Begins a session of somebody who has shown who they are; the act is theirs from then on.
///
/// # Errors
/// When the database cannot be used.
pub async fn begin(
    acting: &mut Acting<'_>,
    shared: &Shared,
    inbound: &Inbound,
    person: &Person,
) -> Result<Entry, Fault> {
    acting.author = Author { kind: "user", id: person.id.clone(), ip: Some(inbound.peer.to_string()) };
    let from = (inbound.peer.to_string(), inbound.header("user-agent").unwrap_or_default());
    let begun = session::begin(acting, person, shared.desk.lasting, (&from.0, from.1)).await?;
    let seconds = (begun.row.expires_ms - begun.row.created_ms) / 1000;
    Ok(Entry { session: begun.row.id, secret: begun.secret, seconds, https: inbound.https })
}

/// What was done before, as the address says by a word of this list.
const DONE: &[(&str, &str)] = &[
    ("registered", "If the address was free, the account is made: sign in. A message is on its way there."),
    ("asked", "If there is an account with this address, a message is on its way to it."),
    ("verified", "The address is confirmed."),
    ("reset", "The password is set. Sign in with it."),
];

/// GET `/sign-in`
#[must_use]
pub fn show(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        let next = visit.asked("next");
        Ok(page(&visit, local(&next), &Form::empty(), &Wrong::nothing()))
    })
}

/// POST `/sign-in`
#[must_use]
pub fn enter(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        let form = visit.form()?;
        let next = local(form.text("next")).to_owned();
        match admit(&shared, &inbound, &form).await {
            Ok(entry) => Ok(entry.lead_to(&next)),
            Err(trouble) => Ok(page(&visit, &next, &form, &Wrong::of(trouble)?)),
        }
    })
}

async fn admit(shared: &Shared, inbound: &Inbound, form: &Form) -> Result<Entry, Trouble> {
    let email = form.text("email").to_lowercase();
    let (clock, attempts) = (&shared.at.clock, &shared.desk.attempts);
    let account = format!("sign-in {email}");
    attempts.note(clock, &from_address("sign-in", inbound.peer), SIGN_IN_ADDRESS)?;
    attempts.note(clock, &account, SIGN_IN_ACCOUNT)?;
    let person = check(shared, &email, form.password("password"))
        .await?
        .ok_or_else(|| Refusal::new(Code::InvalidRequest, "Address and password do not belong together."))?;
    attempts.forget(&account);
    let author = Author { kind: "user", id: person.id.clone(), ip: Some(inbound.peer.to_string()) };
    let nobody = Actor { id: "".into(), person: "".into(), rights: Rights::none() };
    let mut acting = Acting::begin(&shared.at, author, nobody, "").await?;
    let entry = begin(&mut acting, shared, inbound, &person).await?;
    let changes = acting.commit().await?;
    obey(shared, &changes).await;
    Ok(entry)
}

/// The person an address and a password belong to. Nobody takes as long as somebody.
///
/// # Errors
/// `overloaded` when too many sign in at a time.
pub async fn check(shared: &Shared, email: &str, password: Secret) -> Result<Option<Person>, Trouble> {
    let (person, hash) = {
        let mut conn = shared.at.db.connection().await?;
        let person = persons::by_email(&mut conn, email).await?;
        let id = person.as_ref().map_or("", |person| person.id.as_str());
        let hash = persons::password(&mut conn, id).await?;
        (person, hash)
    };
    let is = shared.desk.passwords.check(password, hash).await?;
    Ok(person.filter(|_| is))
}

fn page(visit: &Visit<'_>, next: &str, form: &Form, wrong: &Wrong) -> Outbound {
    let done = visit.asked("done");
    let done = DONE.iter().find(|(word, _)| *word == done).map(|(_, text)| *text);
    let body = html! {
        @if let Some(text) = done { p .notice.good role="status" { (text) } }
        (wrong.above(&[]))
        form method="post" action="/sign-in" {
            (token_field(&visit.token()))
            input type="hidden" name="next" value=(next);
            (Field::new("email", "E-mail address").kind("email").needed().autocomplete("username")
                .came(form, wrong, "").show())
            (Field::new("password", "Password").kind("password").needed().autocomplete("current-password")
                .came(form, wrong, "").show())
            (submit("Sign in"))
        }
        (buttons(visit.shared, "/sign-in/with", (&visit.token(), next), "Sign in with"))
        div .row {
            a href="/reset" { "Password lost?" }
            @if visit.shared.desk.registration.is_offered() { a href="/register" { "Make an account" } }
        }
    };
    visit.answered(Page::new("Sign in", body).answer_outside(wrong.status(), &visit.inbound.headers))
}
