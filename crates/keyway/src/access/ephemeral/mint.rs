//! Making tokens.

use super::claims::{self, Claims};
use super::narrow::check_life;
use super::{LIFE_SECONDS_MAX, Narrowed};
use crate::access::budgets::TIME_ZONE;
use crate::access::format::{self, Prefix};
use crate::access::grant::Grant;
use crate::base::{Clock, Code, Refusal, Secret, Trouble, id};
use crate::sealing::MasterKey;
use crate::store::Tx;
use crate::store::budgets::{self, Budget, Enforcement, Reserve, Selector};
use crate::store::ephemeral::{self as rows, TokenRow};
use ledger::NanoUsd;
use ledger::window::Rule;
use serde_json::json;

/// Opaque tokens of a key that work at a time, at most.
pub const TOKENS_LIVE_MAX: i64 = 1_000;

/// How a token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A random text that only this installation understands.
    Opaque,
    /// A signed text that anybody can verify.
    Jwt,
}

/// A token as it was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Seconds it lives.
    pub expires_in_seconds: Option<u64>,
    /// What it is narrowed to.
    pub narrowed: Narrowed,
    /// How it is written.
    pub format: Format,
    /// What it may spend in all, of what its key may.
    pub budget: Option<NanoUsd>,
}

/// A token just made. The secret is here and nowhere else.
pub struct Minted {
    /// Public handle, or the signed token's `jti`.
    pub id: String,
    /// The token itself, to be shown once.
    pub secret: Secret,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; no later than its key's end.
    pub expires_ms: i64,
}

/// Makes a token of a key, within the transaction of the call. A signed one leaves no row.
///
/// # Errors
/// A refusal that names the field, `rate_limit_exceeded` for too many that still work.
pub async fn mint(
    tx: &mut Tx,
    (master, clock): (&MasterKey, &Clock),
    grant: &Grant,
    asked: &Asked,
) -> Result<Minted, Trouble> {
    let life_ms = check_life(asked.expires_in_seconds)? * 1000;
    asked.narrowed.check(grant)?;
    let now_ms = clock.now_ms();
    let expires_ms = grant.expires_ms.map_or(now_ms + life_ms, |end| end.min(now_ms + life_ms));
    let minted = match asked.format {
        Format::Opaque => {
            opaque(tx, master, grant, &asked.narrowed, Times { created_ms: now_ms, expires_ms }).await
        }
        Format::Jwt => {
            signed(master, clock, grant, &asked.narrowed, Times { created_ms: now_ms, expires_ms })
        }
    }?;
    if let Some(limit) = asked.budget {
        let budget = child(clock, grant, &minted.id, limit)?;
        budgets::insert(tx, &budget).await?;
    }
    Ok(minted)
}

/// The budget of a token: besides those of its key, and gone with it.
fn child(clock: &Clock, grant: &Grant, token: &str, limit: NanoUsd) -> Result<Budget, Refusal> {
    if limit.0 <= 0 {
        return Err(Refusal::field("budget_usd", "`budget_usd` must be above zero."));
    }
    Ok(Budget {
        id: id::new("bud", clock),
        org: grant.org.to_string(),
        name: token.to_owned(),
        limit,
        window: Rule::Total,
        time_zone: TIME_ZONE.to_owned(),
        enforcement: Enforcement::Hard,
        reserve: Reserve::Sliding,
        thresholds: Vec::new(),
        selector: Selector {
            project: Some(grant.project.to_string()),
            key: Some(grant.key.to_string()),
            token: Some(token.to_owned()),
            ..Selector::default()
        },
        source: "token".to_owned(),
        epoch: 1,
        created_ms: clock.now_ms(),
        archived_ms: None,
    })
}

#[derive(Clone, Copy)]
struct Times {
    created_ms: i64,
    expires_ms: i64,
}

async fn opaque(
    tx: &mut Tx,
    master: &MasterKey,
    grant: &Grant,
    narrowed: &Narrowed,
    times: Times,
) -> Result<Minted, Trouble> {
    let Times { created_ms, expires_ms } = times;
    if rows::live_of(tx, &grant.key, created_ms, TOKENS_LIVE_MAX).await? >= TOKENS_LIVE_MAX {
        return Err(Refusal {
            retry_after_ms: Some(LIFE_SECONDS_MAX * 1000 / 10),
            ..Refusal::new(
                Code::RateLimitExceeded,
                format!("A key has at most {TOKENS_LIVE_MAX} tokens that work. Wait until some have ended."),
            )
        }
        .into());
    }
    let (kid, secret) = format::mint(Prefix::Ephemeral)?;
    let row = TokenRow {
        kid,
        key_id: grant.key.to_string(),
        secret_kid: grant.kid.clone(),
        digest: master.digest(secret.reveal()).hex(),
        created_ms,
        expires_ms,
        narrowed: json!(narrowed).to_string(),
    };
    rows::insert(tx, &row).await?;
    Ok(Minted { id: row.kid, secret, created_ms, expires_ms })
}

fn signed(
    master: &MasterKey,
    clock: &Clock,
    grant: &Grant,
    narrowed: &Narrowed,
    times: Times,
) -> Result<Minted, Trouble> {
    let seconds = |ms: i64| u64::try_from(ms / 1000).unwrap_or(0);
    // Whole seconds, rounded down: a token ends no later than its key.
    let (iat, exp) = (seconds(times.created_ms), seconds(times.expires_ms));
    if exp <= iat {
        return Err(Refusal::new(Code::ExpiredApiKey, "This API key is about to expire.").into());
    }
    let jti = id::new("tok", clock);
    let claims = Claims {
        iss: String::new(),
        aud: String::new(),
        sub: grant.key.to_string(),
        pk: grant.kid.clone(),
        jti: jti.clone(),
        iat,
        exp,
        narrowed: narrowed.clone(),
    };
    let ends = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX / 1000) * 1000;
    let secret = claims::sign(master, claims)?;
    Ok(Minted { id: jti, secret, created_ms: ends(iat), expires_ms: ends(exp) })
}
