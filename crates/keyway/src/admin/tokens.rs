//! `POST /v1/tokens`: an ephemeral token of the key that asks. It stands here because it writes and hears
//! `Idempotency-Key`, as management does; it is the data plane's.

use super::ask::Query;
use super::body::Body;
use super::json::{self, Usd};
use super::write::Kept;
use crate::access::ephemeral::Narrowed;
use crate::access::ephemeral::mint::{self, Asked, Format, Minted};
use crate::access::{Grant, credential};
use crate::base::fault::Doing;
use crate::base::{Code, Fault, Refusal, Trouble};
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use serde::Serialize;
use std::sync::Arc;

/// A token.
#[derive(Debug, Serialize)]
struct TokenObject<'a> {
    object: &'static str,
    id: &'a str,
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secret_already_shown: bool,
    format: &'static str,
    api_key_id: &'a str,
    created_at: i64,
    expires_at: i64,
    scopes: Vec<&'a str>,
    models: Option<&'a [String]>,
    ip: Option<&'a str>,
    budget_usd: Option<Usd>,
}

/// POST `/v1/tokens`
#[must_use]
pub fn create(shared: Arc<Shared>, inbound: Inbound, grant: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let grant = grant.ok_or_else(credential::invalid)?;
        match make(&shared, &inbound, &grant).await {
            // Without the database no token can be made, and nothing is wrong with the call.
            Err(Trouble::Fault(fault)) => Err(unavailable(&fault).into()),
            made => made,
        }
    })
}

async fn make(shared: &Shared, inbound: &Inbound, grant: &Grant) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let asked = read(Body::parse(&inbound.body)?)?;
    let kept = Kept::of(inbound, &grant.key, &grant.org)?;
    if let Some(kept) = &kept
        && let Some(answer) = kept.earlier(shared).await?
    {
        return Ok(json::answer_once(answer));
    }
    let at = &shared.at;
    let mut tx = at.db.begin_write().await?;
    let minted = mint::mint(&mut tx, (&at.master, &at.clock), grant, &asked).await?;
    let text = json::text(&object(grant, &asked, &minted, true))?;
    if let Some(kept) = &kept {
        let again = json::text(&object(grant, &asked, &minted, false))?;
        kept.keep(&mut tx, &again, minted.created_ms).await?;
    }
    tx.commit().await.doing("making a token")?;
    Ok(json::answer_once(text))
}

fn read(mut body: Body) -> Result<Asked, Refusal> {
    let asked = Asked {
        expires_in_seconds: body.count("expires_in_seconds")?,
        narrowed: Narrowed {
            scopes: body.texts("scopes")?,
            models: body.texts("models")?,
            ip: body.text("ip")?,
        },
        format: match body.text("format")?.as_deref() {
            None | Some("opaque") => Format::Opaque,
            Some("jwt") => Format::Jwt,
            Some(_) => return Err(Refusal::field("format", "`format` must be `opaque` or `jwt`.")),
        },
        budget: body.usd("budget_usd", "")?,
    };
    body.finish(&[])?;
    Ok(asked)
}

fn object<'a>(grant: &'a Grant, asked: &'a Asked, minted: &'a Minted, first: bool) -> TokenObject<'a> {
    let narrowed = &asked.narrowed;
    let scopes = match &narrowed.scopes {
        Some(names) => names.iter().map(String::as_str).collect(),
        None => grant.scopes.names(),
    };
    TokenObject {
        object: "ephemeral_token",
        id: &minted.id,
        value: first.then(|| minted.secret.reveal()),
        secret_already_shown: !first,
        format: if asked.format == Format::Jwt { "jwt" } else { "opaque" },
        api_key_id: &grant.key,
        created_at: json::seconds(minted.created_ms),
        expires_at: json::seconds(minted.expires_ms),
        scopes,
        models: narrowed.models.as_deref().or(grant.models.own.as_deref()),
        ip: narrowed.ip.as_deref(),
        budget_usd: asked.budget.map(Usd),
    }
}

fn unavailable(fault: &Fault) -> Refusal {
    tracing::warn!(%fault, "a token was not made");
    Refusal {
        retry_after_ms: Some(1000),
        ..Refusal::new(Code::Overloaded, "Tokens cannot be made now. Try again shortly.")
    }
}
