//! An ID token, believed (OpenID Connect Core section 3.1.3.7).

use super::{Unproven, keys::KeySet};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::{Number, Value};
use subtle::ConstantTimeEq as _;

/// Longest token that is read, bytes.
const TOKEN_BYTES_MAX: usize = 32 * 1024;
/// How far two clocks may differ, seconds.
const CLOCKS_SECONDS: i64 = 60;
/// How long ago somebody may have shown who they are, where they were asked to do so anew, seconds.
const ANEW_SECONDS: i64 = 600;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that have to be understood: none is.
    crit: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a token says; times are unix seconds.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub sub: String,
    aud: Audience,
    azp: Option<String>,
    #[serde(deserialize_with = "seconds")]
    exp: i64,
    #[serde(deserialize_with = "seconds")]
    iat: i64,
    nonce: Option<String>,
    auth_time: Option<Number>,
    #[serde(flatten)]
    pub person: Person,
}

/// What it says of the person.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Person {
    pub email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    pub email_verified: bool,
    pub name: Option<String>,
    pub preferred_username: Option<String>,
}

/// What a token has to be for.
pub(super) struct Wanted<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// Its person has shown who they are a moment ago, if it says when at all.
    pub anew: bool,
    pub now_seconds: i64,
}

/// A token, not believed yet.
pub(super) struct Token<'a> {
    header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes a token apart (RFC 7515, compact).
    pub fn parse(text: &'a str) -> Result<Self, Unproven> {
        let wrong = Unproven::Wrong("the token is none");
        if text.len() > TOKEN_BYTES_MAX {
            return Err(wrong);
        }
        let read = || {
            let (signed, signature) = text.rsplit_once('.')?;
            let (header, payload) = signed.split_once('.')?;
            let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
            let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
            (header.crit.is_none() && !payload.contains('.')).then_some(Self {
                header,
                signed,
                payload,
                signature,
            })
        };
        read().ok_or(wrong)
    }

    /// The name of the key that is said to have signed it.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// What it says, when a key of its issuer's has signed it and it is for this trip.
    pub fn claims(&self, keys: &KeySet, wanted: &Wanted<'_>) -> Result<Claims, Unproven> {
        keys.verify((&self.header.alg, self.kid()), self.signed.as_bytes(), &self.signature)?;
        let payload = URL_SAFE_NO_PAD.decode(self.payload).ok();
        let claims: Option<Claims> = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let claims = claims.ok_or(Unproven::Wrong("the token lacks what it has to say"))?;
        claims.check(wanted).map_err(Unproven::Wrong)?;
        Ok(claims)
    }
}

impl Claims {
    fn check(&self, wanted: &Wanted<'_>) -> Result<(), &'static str> {
        if self.iss != wanted.issuer {
            return Err("the token is another issuer's");
        }
        let (ours, alone) = match &self.aud {
            Audience::One(one) => (one == wanted.client_id, true),
            Audience::Many(all) => (all.iter().any(|one| one == wanted.client_id), all.len() == 1),
        };
        let party = self.azp.as_deref();
        if !ours || !party.map_or(alone, |party| party == wanted.client_id) {
            return Err("the token is for somebody else");
        }
        if self.exp + CLOCKS_SECONDS <= wanted.now_seconds {
            return Err("the token has run out");
        }
        if self.iat - CLOCKS_SECONDS > wanted.now_seconds {
            return Err("the token is from the future: the clocks differ");
        }
        let nonce = self.nonce.as_deref().unwrap_or_default();
        if !bool::from(nonce.as_bytes().ct_eq(wanted.nonce.as_bytes())) {
            return Err("the token is not for this sign-in");
        }
        let shown = self.auth_time.as_ref().and_then(whole);
        if wanted.anew && shown.is_some_and(|at| wanted.now_seconds - at > ANEW_SECONDS) {
            return Err("the provider did not ask who it is again");
        }
        Ok(())
    }
}

/// The whole seconds of a number, which may have a fraction (RFC 7519 section 2).
fn whole(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| number.to_string().split('.').next()?.parse().ok())
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let number = Number::deserialize(from)?;
    // So that no sum of it and a span leaves its range.
    let fits = whole(&number).filter(|seconds| seconds.abs() < 1 << 40);
    fits.ok_or_else(|| D::Error::custom("a time out of range"))
}

/// `true`, also where it is written as a text, as some do. Everything else is not.
fn truth<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(value == Value::Bool(true) || value.as_str() == Some("true"))
}
