//! A trip to GitHub, which speaks OAuth alone: who somebody is stands in no token, and is asked of its API.
//! <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>

use super::openid::challenge;
use super::{Identity, Provider, Trip, Unproven, With, ask};
use crate::base::Secret;
use crate::base::query::pairs;
use crate::upstream::AuthStyle;
use serde::Deserialize;

/// GitHub itself; any other issuer is a GitHub Enterprise Server, whose API is below it.
const PUBLIC: &str = "https://github.com";
const SCOPE: &str = "read:user user:email";

#[derive(Deserialize)]
struct Tokens {
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct User {
    /// Stays with the account; its login does not.
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

/// Where the browser is sent.
pub(super) fn way(provider: &Provider, trip: &Trip<'_>) -> String {
    let challenge = challenge(trip.verifier);
    let asked = [
        ("client_id", provider.row.client_id.as_str()),
        ("redirect_uri", trip.back),
        ("scope", SCOPE),
        ("state", trip.state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    format!("{}/login/oauth/authorize?{}", provider.row.issuer, pairs(&asked))
}

/// Who came back.
pub(super) async fn identity(
    provider: &Provider,
    with: With<'_>,
    trip: &Trip<'_>,
    code: &Secret,
) -> Result<Identity, Unproven> {
    let issuer = &provider.row.issuer;
    let secret = provider.secret.as_ref().map_or("", Secret::reveal);
    let form = [
        ("client_id", provider.row.client_id.as_str()),
        ("client_secret", secret),
        ("code", code.reveal()),
        ("redirect_uri", trip.back),
        ("code_verifier", trip.verifier),
    ];
    let tokens: Tokens =
        ask::post(with, &format!("{issuer}/login/oauth/access_token"), None, pairs(&form)).await?;
    // A code that is not taken is told with 200 and an `error`.
    let token = tokens.access_token.ok_or(Unproven::Wrong("the provider does not take what it is sent"))?;
    let access = Secret::new(token);
    let shown = Some((AuthStyle::Bearer, &access));
    let api = if issuer == PUBLIC { "https://api.github.com".to_owned() } else { format!("{issuer}/api/v3") };
    let user: User = ask::get(with, &format!("{api}/user"), shown).await?;
    let addresses: Vec<Address> = ask::get(with, &format!("{api}/user/emails"), shown).await?;
    let primary = addresses.into_iter().find(|address| address.primary);
    let (email, email_verified) = primary.map_or_else(Default::default, |it| (it.email, it.verified));
    Ok(Identity {
        issuer: issuer.clone(),
        subject: user.id.to_string(),
        email,
        email_verified,
        name: user.name.unwrap_or(user.login),
    })
}
