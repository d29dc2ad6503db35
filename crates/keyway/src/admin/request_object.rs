//! A line of the request log as the API and the command line show it. No prompt, no answer.

use super::json::{Usd, seconds};
use crate::base::id;
use crate::store::requests::{OwnedAttempt, OwnedEntry};
use ledger::{Usage, UsageOrigin};
use serde::Serialize;
use std::net::{IpAddr, Ipv6Addr};

/// A request.
#[derive(Debug, Serialize)]
pub struct RequestObject<'a> {
    object: &'static str,
    /// `req_...`
    pub id: String,
    created_at: i64,
    project_id: &'a str,
    api_key_id: &'a str,
    user_id: Option<&'a str>,
    test: bool,
    kind: &'a str,
    model: &'a str,
    model_served: Option<&'a str>,
    provider: Option<&'a str>,
    stream: bool,
    status: u16,
    error: Option<&'a str>,
    attempts: Vec<AttemptObject<'a>>,
    losses: [&'static str; 0],
    usage: UsageObject,
    usage_origin: &'static str,
    price_version: Option<&'a str>,
    cost_usd: Option<Usd>,
    cache_saved_usd: Option<Usd>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_cost_usd: Option<Option<Usd>>,
    latency_ms: u32,
    first_token_ms: Option<u32>,
    labels: &'a [String],
    ip: String,
    client_request_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct AttemptObject<'a> {
    provider: &'a str,
    credential_id: &'a str,
    model: &'a str,
    status: Option<u16>,
    ms: u32,
    outcome: &'a str,
}

/// Tokens by class, and the sums of each side.
#[derive(Debug, Serialize)]
struct UsageObject {
    input_tokens: u64,
    output_tokens: u64,
    in_uncached: u64,
    cache_read: u64,
    cache_write_5m: u64,
    cache_write_1h: u64,
    in_audio: u64,
    in_image: u64,
    out_text: u64,
    out_reasoning: u64,
    out_audio: u64,
    /// Images, characters or seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<u64>,
}

impl<'a> RequestObject<'a> {
    /// The object of a line. What the provider is paid is the operator's to see.
    #[must_use]
    pub fn new(entry: &'a OwnedEntry, operator: bool) -> Self {
        let asked = entry.attempts.iter().filter(|attempt| attempt.saved().is_none());
        Self {
            object: "organization.request",
            id: id::text("req", entry.request),
            created_at: seconds(entry.started_ms),
            project_id: &entry.project,
            api_key_id: &entry.key,
            user_id: known(&entry.user),
            test: entry.test,
            kind: &entry.kind,
            model: &entry.model_asked,
            model_served: known(&entry.model_served),
            provider: known(&entry.provider),
            stream: entry.stream,
            status: entry.status,
            error: known(&entry.error),
            attempts: asked.map(AttemptObject::new).collect(),
            losses: [],
            usage: UsageObject::new(&entry.usage),
            usage_origin: match entry.usage_origin {
                UsageOrigin::Reported => "reported",
                UsageOrigin::Estimated => "estimated",
                UsageOrigin::Nothing => "nothing",
            },
            price_version: known(&entry.price_version),
            cost_usd: entry.sell.map(Usd),
            cache_saved_usd: entry.attempts.iter().find_map(OwnedAttempt::saved).map(Usd),
            provider_cost_usd: operator.then(|| entry.cost.map(Usd)),
            latency_ms: entry.latency_ms,
            first_token_ms: entry.first_token_ms,
            labels: &entry.labels,
            ip: IpAddr::from(Ipv6Addr::from(entry.peer)).to_canonical().to_string(),
            client_request_id: known(&entry.client_request),
        }
    }
}

impl<'a> AttemptObject<'a> {
    fn new(attempt: &'a OwnedAttempt) -> Self {
        let (provider, credential) = attempt.reached();
        Self {
            provider,
            credential_id: credential,
            model: &attempt.model,
            status: (attempt.status > 0).then_some(attempt.status),
            ms: attempt.ms,
            outcome: &attempt.outcome,
        }
    }
}

impl UsageObject {
    fn new(usage: &Usage) -> Self {
        Self {
            input_tokens: usage.input(),
            output_tokens: usage.output(),
            in_uncached: usage.in_uncached,
            cache_read: usage.cache_read,
            cache_write_5m: usage.cache_write_5m,
            cache_write_1h: usage.cache_write_1h,
            in_audio: usage.in_audio,
            in_image: usage.in_image,
            out_text: usage.out_text,
            out_reasoning: usage.out_reasoning,
            out_audio: usage.out_audio,
            units: (usage.units > 0).then_some(usage.units),
        }
    }
}

/// A text that says something.
fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
#[path = "request_object_tests.rs"]
pub(crate) mod tests;
