//! Identities of people at providers of sign-in: linked by who is signed in here, or with the account that
//! is made of one. Whose an identity is, issuer and subject decide; an address never does.

use super::acting::{Acting, Deed};
use super::check::{NAME_CHARS_MAX, check_name, not_there};
use super::persons::{self, NewPerson, Profile, Registered};
use crate::base::{Code, Refusal, Trouble};
use crate::store::changes::NOTHING_CHANGED;
use crate::store::identities::{self, IdentityRow};
use crate::store::persons::{self as rows, Person};
use serde_json::json;

/// Identities of a person at most.
pub const IDENTITIES_MAX: i64 = 10;

/// Somebody by a provider's word.
#[derive(Debug, Clone, Copy)]
pub struct Vouched<'a> {
    /// The provider's name in the settings.
    pub provider: &'a str,
    /// Who vouches.
    pub issuer: &'a str,
    /// Who they are there.
    pub subject: &'a str,
    /// An address that they read, by the provider's word; empty: none.
    pub email: &'a str,
    /// What they are called there; may be empty.
    pub name: &'a str,
}

impl Vouched<'_> {
    /// What they are called in lists.
    fn shown(&self) -> String {
        let shown = if self.email.is_empty() { self.name } else { self.email };
        shown.chars().take(NAME_CHARS_MAX).collect()
    }

    /// A name for the account.
    #[must_use]
    pub fn own_name(&self) -> String {
        let name: String = self.name.trim().chars().take(NAME_CHARS_MAX).collect();
        let local = self.email.split('@').next().unwrap_or_default();
        if check_name("name", &name).is_ok() { name } else { local.to_owned() }
    }
}

/// Links an identity with a person.
///
/// # Errors
/// `conflict` when it is somebody's already, or the person has too many.
pub async fn link(acting: &mut Acting<'_>, person: &Person, vouched: &Vouched<'_>) -> Result<(), Trouble> {
    if identities::find(&mut acting.tx, vouched.issuer, vouched.subject).await?.is_some() {
        let message = "This identity is linked with an account already.";
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let linked = identities::of_user(&mut acting.tx, &person.id, IDENTITIES_MAX).await?;
    if linked.len() >= usize::try_from(IDENTITIES_MAX).unwrap_or(usize::MAX) {
        let message = format!("An account has {IDENTITIES_MAX} identities at most: unlink one first.");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let row = IdentityRow {
        issuer: vouched.issuer.to_owned(),
        subject: vouched.subject.to_owned(),
        user_id: person.id.clone(),
        provider: vouched.provider.to_owned(),
        shown: vouched.shown(),
        created_ms: acting.now_ms,
        used_ms: acting.now_ms,
    };
    identities::insert(&mut acting.tx, &row).await?;
    record(acting, "identity.linked", &row).await
}

/// Takes an identity from a person, who has to have another way in.
///
/// # Errors
/// `not_found` when it is not theirs, `conflict` when it is their only way in.
pub async fn unlink(
    acting: &mut Acting<'_>,
    person: &Person,
    issuer: &str,
    subject: &str,
) -> Result<(), Trouble> {
    let found = identities::find(&mut acting.tx, issuer, subject).await?;
    let row = found.filter(|row| row.user_id == person.id).ok_or_else(|| not_there("identity"))?;
    let others = identities::of_user(&mut acting.tx, &person.id, 2).await?.len() > 1;
    if !others && rows::password(&mut acting.tx, &person.id).await?.is_none() {
        let message = "This is the only way into your account: set a password or link another one first.";
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    identities::remove(&mut acting.tx, &person.id, issuer, subject).await?;
    record(acting, "identity.unlinked", &row).await
}

/// Makes an account of an identity that nobody has, with an organisation of its own, as registering does.
/// The address is confirmed by the provider's word.
///
/// # Errors
/// `conflict` when the address is somebody's: who they are is not shown by an address.
pub async fn register(acting: &mut Acting<'_>, vouched: &Vouched<'_>) -> Result<Person, Trouble> {
    let name = vouched.own_name();
    let new = NewPerson { email: vouched.email, name: &name, password_hash: None };
    match persons::register(acting, &new).await? {
        Registered::New(person) => settle(acting, &person, vouched, vouched.email).await,
        Registered::Known(_) => {
            let message = "There is an account with this address. Sign in to it with its password, and link \
                           this provider under Your account.";
            Err(Refusal::new(Code::Conflict, message).into())
        }
    }
}

/// Makes an account of an identity that nobody has, with an address that was shown to be theirs otherwise.
///
/// # Errors
/// As [`register`].
pub async fn account(
    acting: &mut Acting<'_>,
    vouched: &Vouched<'_>,
    address: &str,
) -> Result<Person, Trouble> {
    let name = Vouched { email: address, ..*vouched }.own_name();
    let new = NewPerson { email: address, name: &name, password_hash: None };
    let person = persons::account(acting, &new).await?;
    settle(acting, &person, vouched, address).await
}

async fn settle(
    acting: &mut Acting<'_>,
    person: &Person,
    vouched: &Vouched<'_>,
    address: &str,
) -> Result<Person, Trouble> {
    link(acting, person, vouched).await?;
    let confirmed = Profile { address: Some(address), ..Profile::default() };
    persons::change(acting, &person.id, &confirmed).await
}

async fn record(acting: &mut Acting<'_>, name: &'static str, row: &IdentityRow) -> Result<(), Trouble> {
    let detail = json!({ "provider": row.provider, "issuer": row.issuer, "subject": row.subject });
    let deed = Deed { name, kind: NOTHING_CHANGED, project: None, object: &row.user_id, detail };
    Ok(acting.record(deed).await?)
}
