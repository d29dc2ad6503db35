//! Coming back from a provider: once, in the browser that left, and in time. What comes back says who
//! somebody is by issuer and subject; whose account that is, what was linked here says.

use super::depart::{Derived, Purpose, digest, with};
use crate::access::Grant;
use crate::access::session::cookie;
use crate::accounts::attempts::{SIGN_IN_ADDRESS, from_address};
use crate::accounts::identities::{self, Vouched};
use crate::audit::Author;
use crate::base::{Code, Refusal, Secret, Trouble};
use crate::console::form::Wrong;
use crate::console::page::{Page, see};
use crate::console::visit::Visit;
use crate::console::{invitation, links, sign_in};
use crate::mail::Letter;
use crate::oidc::{Identity, Provider, Return, Unproven};
use crate::relay::obey::obey;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::departures::{self, Departure};
use crate::store::sessions::{self, SessionRow};
use crate::store::{db, identities as rows, persons};
use maud::html;
use std::sync::Arc;

/// Where invitations are taken up by who is signed in; who is not is let in on the way.
const INVITATION: &str = "/console/invitation?token=";

/// GET `/sign-in/back/{provider}?code=...&state=...`
#[must_use]
pub fn arrive(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        match take_in(&visit).await {
            Ok(answer) => Ok(answer),
            Err(trouble) => Ok(turned_away(&visit, &Wrong::of(trouble)?)),
        }
    })
}

async fn take_in(visit: &Visit<'_>) -> Result<Outbound, Trouble> {
    let (shared, inbound) = (visit.shared, visit.inbound);
    let from = from_address("sign-in", inbound.peer);
    shared.desk.attempts.note(&shared.at.clock, &from, SIGN_IN_ADDRESS)?;
    let state = visit.asked("state");
    let departure = departure(visit, &state).await?;
    let provider = shared.desk.sign_in.named(&departure.provider).ok_or_else(over)?;
    if !visit.asked("error").is_empty() {
        return Err(refused(format!("{} did not let you in.", provider.label())));
    }
    let purpose = match departure.purpose.as_str() {
        "link" => Purpose::Link,
        "confirm" => Purpose::Confirm,
        _ => Purpose::Enter,
    };
    let derived = Derived::of(shared, provider.name(), &state);
    let (code, issuer) = (Secret::new(visit.asked("code")), visit.asked("iss"));
    let back = Return { code: &code, issuer: (!issuer.is_empty()).then_some(&issuer) };
    let identity = provider.identity(with(shared), &derived.trip(purpose), &back).await;
    let identity = identity.map_err(|why| unproven(provider, &why))?;
    match purpose {
        Purpose::Enter => enter(visit, provider, &identity, &departure.next).await,
        Purpose::Link => link(visit, provider, &identity, &departure).await,
        Purpose::Confirm => confirm(visit, &identity, &departure).await,
    }
}

/// The departure that this is the end of. Whatever is wrong with it, it has ended.
async fn departure(visit: &Visit<'_>, state: &str) -> Result<Departure, Trouble> {
    let shared = visit.shared;
    let mut tx = shared.at.db.begin_write().await?;
    let found = departures::take(&mut tx, &digest(shared, state), shared.at.clock.now_ms()).await?;
    db::commit(tx).await?;
    let here = visit.inbound.params.first().map_or("", String::as_str);
    let found = found.filter(|it| it.visit == visit.digest() && it.provider == here);
    found.ok_or_else(|| over().into())
}

fn over() -> Refusal {
    refusal(
        "This way to sign in is over, or was begun in another browser: each is good once, for ten minutes. \
         Begin again.",
    )
}

fn refusal(message: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::InvalidRequest, message)
}

fn refused(message: String) -> Trouble {
    refusal(message).into()
}

fn unproven(provider: &Provider, why: &Unproven) -> Trouble {
    tracing::warn!(provider = provider.name(), %why, "somebody who came back from a provider was not let in");
    refused(match why {
        Unproven::Unreachable(_) => format!("{} cannot be asked at the moment.", provider.label()),
        Unproven::Wrong(why) => format!("What {} says cannot be believed: {why}.", provider.label()),
    })
}

fn vouched<'a>(provider: &'a Provider, identity: &'a Identity) -> Vouched<'a> {
    Vouched {
        provider: provider.name(),
        issuer: &identity.issuer,
        subject: &identity.subject,
        email: if identity.email_verified { &identity.email } else { "" },
        name: &identity.name,
    }
}

/// Signs in whose identity it is; makes the account, where somebody new may have one.
async fn enter(
    visit: &Visit<'_>,
    provider: &Provider,
    identity: &Identity,
    next: &str,
) -> Result<Outbound, Trouble> {
    let (shared, inbound) = (visit.shared, visit.inbound);
    let vouched = vouched(provider, identity);
    let author = Author { kind: "system", id: "sign-in".to_owned(), ip: Some(inbound.peer.to_string()) };
    let mut acting = links::begin(shared, author).await?;
    let known = rows::find(&mut acting.tx, vouched.issuer, vouched.subject).await?;
    let person = match (&known, next.strip_prefix(INVITATION)) {
        (Some(row), _) => {
            let now_ms = acting.now_ms;
            rows::touch(&mut acting.tx, row, now_ms).await?;
            persons::by_id(&mut acting.tx, &row.user_id).await?.ok_or_else(over)?
        }
        (None, Some(token)) => invitation::vouched(&mut acting, shared, token, &vouched).await?,
        (None, None) => {
            may_register(shared, provider, &vouched)?;
            identities::register(&mut acting, &vouched).await?
        }
    };
    let entry = sign_in::begin(&mut acting, shared, inbound, &person).await?;
    // A provider may know a browser from long ago: secrets ask again.
    sessions::set_confirmed(&mut acting.tx, &entry.session, 0).await?;
    let changes = acting.commit().await?;
    obey(shared, &changes).await;
    let joined = known.is_none() && next.starts_with(INVITATION);
    Ok(entry.lead_to(if joined { "/console" } else { next }))
}

/// Refuses who is nobody here and may not become somebody by themselves.
fn may_register(shared: &Shared, provider: &Provider, vouched: &Vouched<'_>) -> Result<(), Refusal> {
    let label = provider.label();
    if !shared.desk.registration.is_offered() {
        return Err(refusal(format!(
            "Nobody here is linked with this account at {label}. If you have an account, sign in with its \
             password and link {label} under Your account; if not, ask somebody to invite you."
        )));
    }
    if vouched.email.is_empty() {
        return Err(refusal(format!(
            "{label} does not say that you read the address it has of you. Make an account with a password \
             and link {label} under Your account."
        )));
    }
    if !shared.desk.registration.takes(vouched.email) {
        let message = "Only addresses of certain domains may register here. Ask somebody to invite you.";
        return Err(refusal(message));
    }
    Ok(())
}

/// The session that somebody left from, which is this browser's still.
async fn same_session(visit: &Visit<'_>, departure: &Departure) -> Result<SessionRow, Trouble> {
    let (shared, inbound) = (visit.shared, visit.inbound);
    let text = cookie::session(&inbound.headers, inbound.https).unwrap_or_default();
    let mut conn = shared.at.db.connection().await?;
    let now_ms = shared.at.clock.now_ms();
    let row = sessions::live(&mut conn, &departure.session_id, now_ms).await?;
    let digest = shared.at.master.digest(text);
    let own = row.filter(|row| now_ms - row.seen_ms < row.idle_ms && digest.matches_hex(&row.digest));
    own.ok_or_else(|| refusal("The session that began this is over. Sign in and begin again.").into())
}

/// Links the identity with the account that is signed in.
async fn link(
    visit: &Visit<'_>,
    provider: &Provider,
    identity: &Identity,
    departure: &Departure,
) -> Result<Outbound, Trouble> {
    let (shared, session) = (visit.shared, same_session(visit, departure).await?);
    let ip = Some(visit.inbound.peer.to_string());
    let mut acting = links::begin(shared, Author { kind: "user", id: session.user_id.clone(), ip }).await?;
    acting.org.clone_from(&session.org_id);
    let person = persons::by_id(&mut acting.tx, &session.user_id).await?.ok_or_else(over)?;
    identities::link(&mut acting, &person, &vouched(provider, identity)).await?;
    let changes = acting.commit().await?;
    obey(shared, &changes).await;
    let account = format!("{}/console/account", shared.desk.public_url);
    shared.desk.mail.send(&person.email, Letter::changed("the ways to sign in", account));
    Ok(see("/console/account?done=linked"))
}

/// Notes that the person of a session has shown again who they are.
async fn confirm(visit: &Visit<'_>, identity: &Identity, departure: &Departure) -> Result<Outbound, Trouble> {
    let (shared, session) = (visit.shared, same_session(visit, departure).await?);
    let mut tx = shared.at.db.begin_write().await?;
    let known = rows::find(&mut tx, &identity.issuer, &identity.subject).await?;
    if known.is_none_or(|row| row.user_id != session.user_id) {
        return Err(refusal("That is somebody else, not the person who is signed in here.").into());
    }
    sessions::set_confirmed(&mut tx, &session.id, shared.at.clock.now_ms()).await?;
    db::commit(tx).await?;
    Ok(see(&departure.next))
}

fn turned_away(visit: &Visit<'_>, wrong: &Wrong) -> Outbound {
    let body = html! {
        (wrong.above(&[]))
        div .row { a .button.first href="/sign-in" { "Sign in" } }
    };
    let page = Page::new("You are not signed in", body);
    visit.answered(page.answer_outside(wrong.status(), &visit.inbound.headers))
}
