//! Signed tokens: JWT (RFC 7519) in the compact form, EdDSA over Ed25519 (RFC 8037) and nothing else.
//!
//! One issuer, one algorithm, one type. Header and claims are read with a closed list of fields, each of
//! one type, so that what another implementation might overlook is refused here: unknown fields (`jku`,
//! `jwk`, `x5u`, `crit`), doubled ones, numbers as texts. The signature is checked before the claims are read.

use super::{LIFE_SECONDS_MAX, Narrowed};
use crate::access::credential::invalid;
use crate::base::{Code, Fault, Refusal, Secret};
use crate::sealing::MasterKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Bytes of a signed token at most.
pub const JWT_BYTES_MAX: usize = 8 * 1024;
/// How far the clocks of nodes may be apart, seconds.
const SKEW_SECONDS: u64 = 60;
/// The one algorithm.
const ALGORITHM: &str = "EdDSA";
/// The one type.
const TYPE: &str = "kw-at+jwt";
/// For whom tokens are: the data plane.
const AUDIENCE: &str = "keyway";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// What a signed token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// This installation.
    pub iss: String,
    /// The data plane.
    pub aud: String,
    /// The key it was made from.
    pub sub: String,
    /// Public handle of the secret of that key it was made with.
    pub pk: String,
    /// Its own name.
    pub jti: String,
    /// When it was made, unix seconds.
    pub iat: u64,
    /// Its end, unix seconds.
    pub exp: u64,
    /// What it is narrowed to.
    pub narrowed: Narrowed,
}

/// Whether a credential has the form of a signed token: three parts, a header that begins an object.
#[must_use]
pub fn looks_signed(text: &str) -> bool {
    text.starts_with("eyJ")
}

/// Signs claims; issuer and audience are filled in.
///
/// # Errors
/// When the installation's key cannot be derived.
pub fn sign(master: &MasterKey, mut claims: Claims) -> Result<Secret, Fault> {
    claims.iss = master.issuer();
    AUDIENCE.clone_into(&mut claims.aud);
    let key = master.tokens().at(claims.iat)?;
    let header = Header { alg: ALGORITHM.to_owned(), typ: TYPE.to_owned(), kid: key.kid().to_owned() };
    let part = |json: serde_json::Result<Vec<u8>>| {
        json.map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            .map_err(|error| Fault::new("writing a signed token".to_owned(), error))
    };
    let mut text = format!("{}.{}", part(serde_json::to_vec(&header))?, part(serde_json::to_vec(&claims))?);
    let signature = key.sign(text.as_bytes());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    Ok(Secret::new(text))
}

/// The claims of a token that this installation signed and that has not ended. Its key is not asked for
/// here.
///
/// # Errors
/// `expired_api_key` for a good one past its end, `invalid_api_key` for everything else.
pub fn verify(master: &MasterKey, text: &str, now_seconds: u64) -> Result<Claims, Refusal> {
    let claims = signed(master, text, now_seconds).ok_or_else(invalid)?;
    if claims.exp <= now_seconds {
        return Err(Refusal::new(Code::ExpiredApiKey, "This token has expired. Ask for a new one."));
    }
    Ok(claims)
}

fn signed(master: &MasterKey, text: &str, now_seconds: u64) -> Option<Claims> {
    if text.len() > JWT_BYTES_MAX {
        return None;
    }
    let (message, signature) = text.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let head: Header = part(header)?;
    if head.alg != ALGORITHM || head.typ != TYPE {
        return None;
    }
    let key = master.tokens().named(&head.kid, now_seconds)?;
    key.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).then_some(())?;
    let claims: Claims = part(claims)?;
    let life = claims.exp.checked_sub(claims.iat)?;
    let sane = claims.iss == master.issuer()
        && claims.aud == AUDIENCE
        && (1..=LIFE_SECONDS_MAX).contains(&life)
        && claims.iat <= now_seconds.saturating_add(SKEW_SECONDS);
    sane.then_some(claims)
}

/// A part of the compact form: base64url without padding, of a JSON object.
fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
