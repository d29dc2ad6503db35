//! Whether a provider takes a credential: asked by its list of models, which costs nothing.

use super::account::{self, Account};
use super::upstream::Upstream;
use crate::base::Clock;
use crate::catalog::Dialect;
use crate::upstream::{Endpoint, Lanes, Request};
use bytes::Bytes;
use serde_json::Value;

/// Bytes of a list of models that are read.
pub const LIST_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The version of Anthropic's API that is asked.
const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// The provider took the credential and listed its models.
    pub ok: bool,
    /// HTTP status; `None` when none came.
    pub status: Option<u16>,
    /// Milliseconds until the answer was read.
    pub latency_ms: u64,
    /// Models in the list.
    pub models: Option<usize>,
    /// What is wrong, in our words: a provider's own may repeat the credential.
    pub error: Option<String>,
    /// What is left on the account, where the provider tells it.
    pub account: Option<Account>,
}

/// Asks a provider for its models with a credential. The sandbox is here, and always well.
pub async fn probe(upstream: &Upstream, lanes: &Lanes, clock: &Clock) -> Probed {
    let began_ms = clock.monotonic_ms();
    let Some((dialect, endpoint)) = upstream.places.first() else {
        return Probed { ok: true, status: None, latency_ms: 0, models: None, error: None, account: None };
    };
    let (status, body) = match ask(*dialect, endpoint, lanes).await {
        Ok((status, body)) => (Some(status), body),
        Err(why) => (None, Err(why)),
    };
    let latency_ms = u64::try_from(clock.monotonic_ms() - began_ms).unwrap_or(0);
    let refused = status.and_then(refusal).map(str::to_owned);
    let models = body.as_ref().ok().filter(|_| refused.is_none()).and_then(|body| count(body));
    let error = refused.or(body.err()).or_else(|| match models {
        Some(_) => None,
        None => Some("the answer is no list of models".to_owned()),
    });
    let account = if error.is_none() { account::ask(upstream, lanes).await } else { None };
    let is_spent = account.as_ref().is_some_and(|account| account.usable == Some(false));
    let error = error.or(if is_spent { refusal(402).map(str::to_owned) } else { None });
    Probed { ok: error.is_none(), status, latency_ms, models, error, account }
}

type Answer = (u16, Result<Bytes, String>);

async fn ask(dialect: Dialect, endpoint: &Endpoint, lanes: &Lanes) -> Result<Answer, String> {
    let versioned = [ANTHROPIC_VERSION];
    let headers: &[(&str, &str)] = if dialect == Dialect::AnthropicMessages { &versioned } else { &[] };
    let request = Request { headers, ..Request::get("/models") };
    let response = lanes.send(endpoint, &request).await.map_err(|lost| format!("no answer ({lost})"))?;
    let status = response.status;
    let body = response.body.whole(LIST_BYTES_MAX).await;
    Ok((status, body.map_err(|lost| format!("the answer was cut off ({lost})"))))
}

/// What a status says.
#[must_use]
pub fn refusal(status: u16) -> Option<&'static str> {
    match status {
        200..=299 => None,
        401 | 403 => Some("the provider refuses the credential"),
        402 => Some("the account at the provider cannot pay"),
        404 | 405 => Some("the provider was reached, but lists no models: the credential is not proven"),
        429 => Some("the provider limits this account now"),
        500..=599 => Some("the provider failed"),
        _ => Some("the provider answered otherwise than expected"),
    }
}

/// Models in a list of any vendor's form.
fn count(body: &[u8]) -> Option<usize> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let list = ["data", "models"].into_iter().find_map(|name| value.get(name)).unwrap_or(&value);
    list.as_array().map(Vec::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_every_form_are_counted() {
        let table: &[(&str, Option<usize>)] = &[
            (r#"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#, Some(2)),
            (r#"{"models":[{"name":"models/a"}]}"#, Some(1)),
            (r#"[{"id":"a"}]"#, Some(1)),
            (r#"{"error":{}}"#, None),
            ("<html>", None),
        ];
        for (body, expected) in table {
            assert_eq!(count(body.as_bytes()), *expected, "{body}");
        }
    }
}
