//! Links that work once: a secret in a URL, known here by its digest alone.

use crate::access::format::{self, Prefix};
use crate::accounts::Acting;
use crate::accounts::check::not_there;
use crate::base::{Fault, Secret, Trouble};
use crate::sealing::MasterKey;
use crate::store::Conn;
use crate::store::once_links::{self as rows, OnceLink};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To make the first person.
    Setup,
    /// To show that an address is read by its person.
    Verify,
    /// To set a new password.
    Reset,
    /// To take another address.
    Address,
}

impl Purpose {
    /// The word in its row.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::Address => "address",
        }
    }

    /// How long it works, milliseconds.
    #[must_use]
    pub fn life_ms(self) -> i64 {
        match self {
            Self::Setup | Self::Reset => 30 * 60_000,
            Self::Verify | Self::Address => 24 * 3_600_000,
        }
    }
}

/// Makes a link for somebody (`""`: nobody yet) about an address. An earlier one of theirs for the same
/// purpose works no longer.
///
/// # Errors
/// When the database cannot be used.
pub async fn make(
    acting: &mut Acting<'_>,
    purpose: Purpose,
    user: &str,
    email: &str,
) -> Result<Secret, Fault> {
    let (_, secret) = format::mint(Prefix::Link)?;
    let link = OnceLink {
        purpose: purpose.word().to_owned(),
        user_id: user.to_owned(),
        email: email.to_owned(),
        created_ms: acting.now_ms,
        expires_ms: acting.now_ms + purpose.life_ms(),
    };
    let digest = acting.at.master.digest(secret.reveal()).hex();
    rows::insert(&mut acting.tx, &link, &digest).await?;
    Ok(secret)
}

/// Looks a link up without using it.
///
/// # Errors
/// `not_found` for one that is over, was used, or never was.
pub async fn find(
    conn: &mut Conn,
    master: &MasterKey,
    purpose: Purpose,
    secret: &str,
    now_ms: i64,
) -> Result<OnceLink, Trouble> {
    if !matches!(format::parse(secret), Some((Prefix::Link, _))) {
        return Err(not_there("link").into());
    }
    let digest = master.digest(secret).hex();
    rows::live(conn, purpose.word(), &digest, now_ms).await?.ok_or_else(|| not_there("link").into())
}

/// Uses a link up, in the transaction of what it allows.
///
/// # Errors
/// As [`find`].
pub async fn take(acting: &mut Acting<'_>, purpose: Purpose, secret: &str) -> Result<OnceLink, Trouble> {
    let (master, now_ms) = (acting.at.master.clone(), acting.now_ms);
    let link = find(&mut acting.tx, &master, purpose, secret, now_ms).await?;
    if !rows::remove(&mut acting.tx, &master.digest(secret).hex()).await? {
        return Err(not_there("link").into());
    }
    Ok(link)
}
