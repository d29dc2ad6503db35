//! Asking a provider, by the guarded client: small JSON answers, soon or not at all.

use super::{Unproven, With};
use crate::base::Secret;
use crate::egress::Call;
use crate::upstream::AuthStyle;
use bytes::Bytes;
use http::Method;
use serde::de::DeserializeOwned;

/// Longest answer of a provider, bytes: documents and key sets are a few KiB.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// How long it may take, milliseconds.
const TIME_MS: u64 = 10_000;

/// A credential and how it is shown.
pub(super) type Shown<'a> = Option<(AuthStyle, &'a Secret)>;

/// Reads an object.
pub(super) async fn get<T: DeserializeOwned>(
    with: With<'_>,
    url: &str,
    credential: Shown<'_>,
) -> Result<T, Unproven> {
    ask(with, Method::GET, url, credential, Bytes::new()).await
}

/// Sends a form and reads the object that comes back.
pub(super) async fn post<T: DeserializeOwned>(
    with: With<'_>,
    url: &str,
    credential: Shown<'_>,
    form: String,
) -> Result<T, Unproven> {
    ask(with, Method::POST, url, credential, Bytes::from(form)).await
}

async fn ask<T: DeserializeOwned>(
    with: With<'_>,
    method: Method,
    url: &str,
    credential: Shown<'_>,
    body: Bytes,
) -> Result<T, Unproven> {
    let call = Call {
        method,
        url,
        headers: &[],
        accept: "application/json",
        credential,
        content_type: "application/x-www-form-urlencoded",
        body,
        answer_bytes_max: ANSWER_BYTES_MAX,
        time_ms: TIME_MS,
    };
    let answer = with.egress.call(call).await.map_err(|denied| Unproven::Unreachable(denied.to_string()))?;
    match answer.status {
        200 => serde_json::from_slice(&answer.body)
            .map_err(|_| Unproven::Unreachable("the provider's answer is not what is documented".to_owned())),
        400..500 => Err(Unproven::Wrong("the provider does not take what it is sent")),
        status => Err(Unproven::Unreachable(format!("the provider answers with status {status}"))),
    }
}
