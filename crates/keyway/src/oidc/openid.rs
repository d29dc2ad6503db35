//! A trip to a provider of OpenID Connect.

use super::ask::{self, Shown};
use super::discovery::Document;
use super::id_token::{Person, Token, Wanted};
use super::{Identity, Provider, Return, Trip, Unproven, With};
use crate::base::Secret;
use crate::base::query::{encoded, pairs};
use crate::upstream::AuthStyle;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What is asked for: who it is, what they are called, where they are written to.
const SCOPE: &str = "openid email profile";

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    person: Person,
}

/// Where the browser is sent.
pub(super) async fn way(provider: &Provider, with: With<'_>, trip: &Trip<'_>) -> Result<String, Unproven> {
    let document = provider.known(with).await?;
    let challenge = challenge(trip.verifier);
    let mut asked = vec![
        ("response_type", "code"),
        ("scope", SCOPE),
        ("client_id", &provider.row.client_id),
        ("redirect_uri", trip.back),
        ("state", trip.state),
        ("nonce", trip.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    if trip.anew {
        asked.push(("max_age", "0"));
    }
    let mark = if document.authorization_endpoint.contains('?') { '&' } else { '?' };
    Ok(format!("{}{mark}{}", document.authorization_endpoint, pairs(&asked)))
}

/// The challenge of a verifier (RFC 7636 section 4.2).
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Who came back.
pub(super) async fn identity(
    provider: &Provider,
    with: With<'_>,
    trip: &Trip<'_>,
    back: &Return<'_>,
) -> Result<Identity, Unproven> {
    let document = provider.known(with).await?;
    let said = document.authorization_response_iss_parameter_supported;
    if back.issuer.map_or(said, |issuer| issuer != provider.row.issuer) {
        return Err(Unproven::Wrong("another issuer has answered"));
    }
    let tokens = exchange(provider, with, (&document, trip, back.code)).await?;
    let token = Token::parse(&tokens.id_token)?;
    let keys = provider.known.lock().await.keys(with, &document.jwks_uri, token.kid()).await?;
    let wanted = Wanted {
        issuer: &provider.row.issuer,
        client_id: &provider.row.client_id,
        nonce: trip.nonce,
        anew: trip.anew,
        now_seconds: with.clock.now_ms() / 1_000,
    };
    let claims = token.claims(&keys, &wanted)?;
    let access = tokens.access_token.map(Secret::new);
    let person = match (&claims.person.email, &document.userinfo_endpoint, &access) {
        (None, Some(url), Some(access)) => told(with, url, access, &claims.sub).await?,
        _ => claims.person,
    };
    Ok(Identity {
        issuer: provider.row.issuer.clone(),
        subject: claims.sub,
        email: person.email.unwrap_or_default(),
        email_verified: person.email_verified,
        name: person.name.or(person.preferred_username).unwrap_or_default(),
    })
}

/// Gives the code for tokens.
async fn exchange(
    provider: &Provider,
    with: With<'_>,
    (document, trip, code): (&Document, &Trip<'_>, &Secret),
) -> Result<Tokens, Unproven> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.reveal()),
        ("redirect_uri", trip.back),
        ("code_verifier", trip.verifier),
    ];
    let id = &provider.row.client_id;
    let methods = document.token_endpoint_auth_methods_supported.as_deref();
    let takes = |method: &str| methods.is_some_and(|all| all.iter().any(|one| one == method));
    let mut basic = None;
    match &provider.secret {
        Some(secret) if takes("client_secret_post") && !takes("client_secret_basic") => {
            form.extend([("client_id", id.as_str()), ("client_secret", secret.reveal())]);
        }
        // Both halves are form-encoded first (RFC 6749 section 2.3.1).
        Some(secret) => {
            let both = Zeroizing::new(format!("{}:{}", encoded(id), encoded(secret.reveal())));
            basic = Some(Secret::new(STANDARD.encode(both.as_bytes())));
        }
        None => form.push(("client_id", id)),
    }
    let shown: Shown<'_> = basic.as_ref().map(|secret| (AuthStyle::Basic, secret));
    ask::post(with, &document.token_endpoint, shown, pairs(&form)).await
}

/// What the provider tells of the person beside the token; it has to be the same person.
async fn told(with: With<'_>, url: &str, access: &Secret, subject: &str) -> Result<Person, Unproven> {
    let info: UserInfo = ask::get(with, url, Some((AuthStyle::Bearer, access))).await?;
    if info.sub != subject {
        return Err(Unproven::Wrong("the provider tells of somebody else"));
    }
    Ok(info.person)
}
