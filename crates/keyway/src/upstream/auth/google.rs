//! Tokens for a Google service account: a signed assertion is exchanged for one (RFC 7523), which is kept
//! until shortly before it ends. One exchange at a time; while one runs, others use the token there is.

use super::header_value;
use crate::base::{Fault, Secret};
use crate::upstream::{AuthStyle, Endpoint, Failure, Lanes, Request};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// Where tokens are asked for. Never where the credential says: it may be a tenant's.
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
/// What a token is good for.
const CLOUD: &str = "https://www.googleapis.com/auth/cloud-platform";
/// How long an assertion is good, seconds; an hour is the most.
const ASSERTION_SECONDS: i64 = 3_600;
/// From so long before its end a token is exchanged for the next one, milliseconds.
const AHEAD_MS: i64 = 300_000;
/// So long before its end a token is not used any more, milliseconds.
const LATE_MS: i64 = 10_000;
/// How long is waited for a token.
const EXCHANGE: Duration = Duration::from_secs(10);
/// After an exchange that failed, none is tried for so long, milliseconds.
const PAUSE_MS: i64 = 2_000;
/// Longest answer with a token.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest life of a token that is believed, seconds.
const LIFE_SECONDS_MAX: i64 = 86_400;
const FORM: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";

/// A service account, and the token that it has.
pub(in crate::upstream) struct Account {
    email: String,
    key_id: String,
    key: RsaKeyPair,
    token_url: String,
    at: Endpoint,
    path: String,
    has: Mutex<Has>,
    /// Who exchanges.
    gate: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Has {
    token: Option<Token>,
    /// When an exchange failed last, monotonic milliseconds.
    failed_ms: Option<i64>,
}

struct Token {
    lines: Arc<Zeroizing<Vec<u8>>>,
    value: Secret,
    /// Monotonic milliseconds.
    ends_ms: i64,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: String,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: i64,
}

impl Account {
    /// Reads the JSON file of a service account.
    ///
    /// # Errors
    /// What is wrong with it, without it.
    pub(super) fn new(file: &Secret, token_url: Option<&str>) -> Result<Self, Fault> {
        let bad =
            |what: &str| Fault::plain(format!("the credential is not a service account's file: {what}"));
        let file: File = serde_json::from_str(file.reveal()).map_err(|_| bad("it misses members"))?;
        if file.kind != "service_account" {
            return Err(bad("its `type` is another"));
        }
        let pem = Zeroizing::new(file.private_key);
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes());
        let key = key.map_err(|_| bad("its private key is no PKCS #8"))?;
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der());
        let token_url = token_url.unwrap_or(TOKEN_URL);
        let (base, path) = token_url.rsplit_once('/').unwrap_or((token_url, ""));
        Ok(Self {
            email: file.client_email,
            key_id: file.private_key_id,
            key: key.map_err(|_| bad("its private key is none of RSA"))?,
            token_url: token_url.to_owned(),
            at: Endpoint::new(base, AuthStyle::None, None)?,
            path: format!("/{path}"),
            has: Mutex::default(),
            gate: tokio::sync::Mutex::default(),
        })
    }

    /// Header lines with the token, if one is good at `now_mono_ms`.
    pub(super) fn lines(&self, now_mono_ms: i64) -> Option<Arc<Zeroizing<Vec<u8>>>> {
        let has = self.has();
        let token = has.token.as_ref().filter(|token| now_mono_ms + LATE_MS < token.ends_ms)?;
        Some(Arc::clone(&token.lines))
    }

    /// The token, good or not.
    pub(super) fn token(&self) -> Option<Secret> {
        self.has().token.as_ref().map(|token| token.value.clone())
    }

    /// Sees to a token that is good. One that ends soon is exchanged by whoever comes first, and goes on
    /// being used when that fails.
    ///
    /// # Errors
    /// [`Failure::Token`] when there is none, nor can be had.
    pub(in crate::upstream) async fn ready(&self, lanes: &Lanes) -> Result<(), Failure> {
        let now_ms = lanes.clock.monotonic_ms();
        if self.is_good(now_ms, AHEAD_MS) {
            return Ok(());
        }
        if self.is_good(now_ms, LATE_MS) {
            if let Ok(_gate) = self.gate.try_lock()
                && !self.paused(now_ms)
            {
                let _ = self.exchange(lanes).await;
            }
            return Ok(());
        }
        let _gate = self.gate.lock().await;
        if self.is_good(now_ms, LATE_MS) {
            return Ok(());
        }
        if self.paused(now_ms) {
            return Err(Failure::Token);
        }
        self.exchange(lanes).await
    }

    fn is_good(&self, now_ms: i64, spare_ms: i64) -> bool {
        self.has().token.as_ref().is_some_and(|token| now_ms + spare_ms < token.ends_ms)
    }

    fn paused(&self, now_ms: i64) -> bool {
        self.has().failed_ms.is_some_and(|failed_ms| now_ms - failed_ms < PAUSE_MS)
    }

    async fn exchange(&self, lanes: &Lanes) -> Result<(), Failure> {
        let begun_ms = lanes.clock.monotonic_ms();
        let asked = tokio::time::timeout(EXCHANGE, self.ask(lanes)).await;
        let mut has = self.has();
        if let Ok(Some((lines, answer))) = asked {
            let life_ms = answer.expires_in.clamp(0, LIFE_SECONDS_MAX) * 1_000;
            let (value, ends_ms) = (Secret::new(answer.access_token), begun_ms + life_ms);
            *has = Has { token: Some(Token { lines, value, ends_ms }), failed_ms: None };
            return Ok(());
        }
        has.failed_ms = Some(begun_ms);
        tracing::warn!(account = %self.email, "no access token could be had");
        Err(Failure::Token)
    }

    async fn ask(&self, lanes: &Lanes) -> Option<(Arc<Zeroizing<Vec<u8>>>, Answer)> {
        let assertion = self.assertion(lanes.clock.now_ms() / 1_000)?;
        let body = Bytes::from(format!("{FORM}{assertion}"));
        let content_type = "application/x-www-form-urlencoded";
        let request = Request { content_type, ..Request::post(&self.path, body) };
        let response = Box::pin(lanes.exchange(&self.at, &request)).await.ok()?;
        let status = response.status;
        let body = response.body.whole(ANSWER_BYTES_MAX).await.ok()?;
        if status != 200 {
            tracing::warn!(account = %self.email, status, "the token service refuses the service account");
            return None;
        }
        let answer: Answer = serde_json::from_slice(&body).ok()?;
        let value = header_value(&answer.access_token).ok()?;
        let lines = super::Line::of(AuthStyle::GoogleOauth.lead(), value, b"\r\n\r\n").bytes;
        Some((Arc::new(lines), answer))
    }

    /// The signed assertion of an instant, unix seconds.
    pub(super) fn assertion(&self, now_s: i64) -> Option<String> {
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let claims = json!({
            "iss": self.email, "scope": CLOUD, "aud": self.token_url,
            "iat": now_s, "exp": now_s + ASSERTION_SECONDS,
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(head), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn has(&self) -> MutexGuard<'_, Has> {
        self.has.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
