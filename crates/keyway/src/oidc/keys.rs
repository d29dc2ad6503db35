//! An issuer's public keys (RFC 7517), and what they verify (RFC 7518): signatures of public keys alone,
//! each algorithm with the keys that are made for it.

use super::Unproven;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Keys of a set that are looked at, at most.
const KEYS_MAX: usize = 32;

/// A set of keys.
#[derive(Debug, Deserialize)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

/// A key as it is published; members that are not read do no harm.
#[derive(Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// What verifies an algorithm.
enum Verifies {
    Rsa(&'static RsaParameters),
    Point(&'static str, &'static dyn VerificationAlgorithm),
    Edwards,
}

/// The algorithms that are taken. What is not here, such as `none` and whatever a shared secret signs, is
/// not verified at all.
static ALGORITHMS: &[(&str, Verifies)] = &[
    ("RS256", Verifies::Rsa(&RSA_PKCS1_2048_8192_SHA256)),
    ("RS384", Verifies::Rsa(&RSA_PKCS1_2048_8192_SHA384)),
    ("RS512", Verifies::Rsa(&RSA_PKCS1_2048_8192_SHA512)),
    ("PS256", Verifies::Rsa(&RSA_PSS_2048_8192_SHA256)),
    ("PS384", Verifies::Rsa(&RSA_PSS_2048_8192_SHA384)),
    ("PS512", Verifies::Rsa(&RSA_PSS_2048_8192_SHA512)),
    ("ES256", Verifies::Point("P-256", &ECDSA_P256_SHA256_FIXED)),
    ("ES384", Verifies::Point("P-384", &ECDSA_P384_SHA384_FIXED)),
    ("EdDSA", Verifies::Edwards),
];

impl KeySet {
    /// Whether one of them is called so.
    pub fn has(&self, kid: &str) -> bool {
        self.keys.iter().take(KEYS_MAX).any(|key| key.kid.as_deref() == Some(kid))
    }

    /// Verifies a signature by the key of a name, or, where none is named, by any that fits.
    pub fn verify(
        &self,
        (algorithm, kid): (&str, Option<&str>),
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Unproven> {
        let row = ALGORITHMS.iter().find(|(name, _)| *name == algorithm);
        let (name, verifies) =
            row.ok_or(Unproven::Wrong("the token is signed in a way that is not taken"))?;
        let named = |key: &&Key| kid.is_none() || key.kid.as_deref() == kid;
        let meant = |key: &&Key| {
            key.used_for.as_deref().is_none_or(|used_for| used_for == "sig")
                && key.alg.as_deref().is_none_or(|alg| alg == *name)
        };
        let mut fitting = self.keys.iter().take(KEYS_MAX).filter(named).filter(meant);
        if fitting.any(|key| key.verifies(verifies, message, signature).is_some()) {
            return Ok(());
        }
        Err(Unproven::Wrong("no key of the issuer verifies the token"))
    }
}

impl Key {
    fn verifies(&self, how: &Verifies, message: &[u8], signature: &[u8]) -> Option<()> {
        let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        match (how, self.kty.as_str()) {
            (Verifies::Rsa(parameters), "RSA") => {
                let key = RsaPublicKeyComponents { n: part(&self.n)?, e: part(&self.e)? };
                key.verify(parameters, message, signature).ok()
            }
            (Verifies::Point(curve, algorithm), "EC") if self.crv.as_deref() == Some(curve) => {
                let point = [vec![4], part(&self.x)?, part(&self.y)?].concat();
                UnparsedPublicKey::new(*algorithm, point).verify(message, signature).ok()
            }
            (Verifies::Edwards, "OKP") if self.crv.as_deref() == Some("Ed25519") => {
                UnparsedPublicKey::new(&ED25519, part(&self.x)?).verify(message, signature).ok()
            }
            _ => None,
        }
    }
}
