//! A request as a collector of traces is told it.

use super::story::{Ended, Story};
use crate::telemetry::otlp::Span;
use crate::telemetry::request_line::client_text;
use ledger::NanoUsd;
use std::sync::Arc;

/// The span of a request that has ended.
pub(super) fn of(story: &Story, ended: &Ended, latency_ms: u32, cost: Option<NanoUsd>) -> Span {
    let target = story.target.as_ref();
    Span {
        parent: story.trace,
        request: story.request,
        started_ms: story.started_ms,
        latency_ms,
        first_token_ms: story.first_token_ms,
        route: story.route.path,
        kind: story.route.billing.kind(),
        status: ended.status,
        code: ended.code,
        org: Arc::clone(&story.grant.org),
        project: Arc::clone(&story.grant.project),
        key: Arc::clone(&story.grant.key),
        model_asked: client_text(&story.model_asked).unwrap_or_default(),
        model_served: target.map(|target| Arc::clone(&target.id)),
        provider: target.map(|target| Arc::clone(&target.provider.name)),
        attempts: story.tried.len(),
        stream: story.stream,
        usage: ended.usage,
        cost,
    }
}
