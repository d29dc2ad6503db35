//! The way to a provider. It is begun by a form of a page of ours, and comes back to the browser that left.

use crate::access::Grant;
use crate::accounts::attempts::{SIGN_IN_ADDRESS, from_address};
use crate::base::fault::Doing;
use crate::base::{Code, Fault, Refusal, Trouble};
use crate::console::page::Page;
use crate::console::parts::button_link;
use crate::console::theme::local;
use crate::console::visit::Visit;
use crate::oidc::{Provider, Trip, Unproven, With};
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::sealing::master::hex;
use crate::store::db;
use crate::store::departures::{self, Departure};
use http::StatusCode;
use maud::html;
use rand::TryRng;
use rand::rngs::SysRng;
use std::sync::Arc;

/// How long somebody may be away, milliseconds.
const AWAY_MS: i64 = 10 * 60_000;
/// Longest path that is come back to, bytes.
const NEXT_BYTES_MAX: usize = 2_000;
/// Bytes of a state.
const STATE_BYTES: usize = 32;

/// What somebody leaves for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    Enter,
    /// To link an identity with the account that is signed in.
    Link,
    /// To show again who they are.
    Confirm,
}

impl Purpose {
    /// The word in its row.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Link => "link",
            Self::Confirm => "confirm",
        }
    }
}

/// What is derived of a trip's state: none of it is stored, and nobody else can.
pub struct Derived {
    back: String,
    state: String,
    nonce: String,
    verifier: String,
}

impl Derived {
    /// What belongs to a state.
    #[must_use]
    pub fn of(shared: &Shared, provider: &str, state: &str) -> Self {
        let derive = |what: &str| shared.at.master.digest(&format!("{what}\n{state}")).hex();
        Self {
            back: format!("{}/sign-in/back/{provider}", shared.desk.public_url),
            state: state.to_owned(),
            nonce: derive("sign-in nonce"),
            verifier: derive("sign-in verifier"),
        }
    }

    /// The trip, as the provider hears of it.
    #[must_use]
    pub fn trip(&self, purpose: Purpose) -> Trip<'_> {
        Trip {
            back: &self.back,
            state: &self.state,
            nonce: &self.nonce,
            verifier: &self.verifier,
            anew: purpose == Purpose::Confirm,
        }
    }
}

/// What is kept of a state.
#[must_use]
pub fn digest(shared: &Shared, state: &str) -> String {
    shared.at.master.digest(&format!("sign-in state\n{state}")).hex()
}

/// What providers are asked with.
#[must_use]
pub fn with(shared: &Shared) -> With<'_> {
    With { egress: &shared.egress, clock: &shared.at.clock }
}

/// POST `/sign-in/with`
#[must_use]
pub fn enter(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let visit = Visit::of(&shared, &inbound)?;
        let form = visit.form()?;
        leave(&visit, (Purpose::Enter, ""), form.text("provider"), form.text("next")).await
    })
}

/// Sends a browser to a provider.
///
/// # Errors
/// `not_found` for a provider there is not, `rate_limit_exceeded`.
pub async fn leave(
    visit: &Visit<'_>,
    (purpose, session): (Purpose, &str),
    provider: &str,
    next: &str,
) -> Result<Outbound, Trouble> {
    let shared = visit.shared;
    let found = shared.desk.sign_in.named(provider);
    let provider = found.ok_or_else(|| Refusal::new(Code::NotFound, "There is no such provider."))?;
    let from = from_address("sign-in", visit.inbound.peer);
    shared.desk.attempts.note(&shared.at.clock, &from, SIGN_IN_ADDRESS)?;
    let state = new_state()?;
    let derived = Derived::of(shared, provider.name(), &state);
    let way = match provider.way(with(shared), &derived.trip(purpose)).await {
        Ok(way) => way,
        Err(why) => return Ok(not_reached(visit, provider, &why)),
    };
    let next = local(next);
    let departure = Departure {
        visit: visit.digest(),
        provider: provider.name().to_owned(),
        purpose: purpose.word().to_owned(),
        session_id: session.to_owned(),
        next: if next.len() > NEXT_BYTES_MAX { "/console".to_owned() } else { next.to_owned() },
        expires_ms: shared.at.clock.now_ms() + AWAY_MS,
    };
    let mut tx = shared.at.db.begin_write().await?;
    departures::insert(&mut tx, &digest(shared, &state), &departure).await?;
    db::commit(tx).await?;
    Ok(lead_on(visit, provider, &way))
}

fn new_state() -> Result<String, Fault> {
    let mut bytes = [0; STATE_BYTES];
    SysRng.try_fill_bytes(&mut bytes).doing("reading the system's randomness")?;
    Ok(hex(&bytes))
}

/// A page that leads on by itself: a redirect would be one of a form's, which `form-action` keeps here.
fn lead_on(visit: &Visit<'_>, provider: &Provider, way: &str) -> Outbound {
    let body = html! {
        p { "You are led on to " strong { (provider.label()) } ", to show there who you are." }
        (button_link(way, "Go on", true))
    };
    let title = format!("On to {}", provider.label());
    let mut answer = Page::new(&title, body).answer_outside(StatusCode::OK, &visit.inbound.headers);
    answer.set("refresh", &format!("0; url={way}"));
    visit.answered(answer)
}

fn not_reached(visit: &Visit<'_>, provider: &Provider, why: &Unproven) -> Outbound {
    tracing::warn!(provider = provider.name(), %why, "a provider of sign-in could not be used");
    let body = html! {
        p .notice.bad role="alert" { (provider.label()) " cannot be asked at the moment." }
        p { "Try again in a moment, or sign in another way." }
        div .row { a .button href="/sign-in" { "Sign in" } }
    };
    let page = Page::new("That did not work", body);
    visit.answered(page.answer_outside(StatusCode::BAD_GATEWAY, &visit.inbound.headers))
}
