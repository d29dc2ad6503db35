//! `/projects/{project}/policy` and `/projects/{project}/api_keys/{key}/policy`: what is done with requests.

use super::ask::{self, Caller, Query, handlers};
use super::body::Body;
use super::json;
use super::write::begin;
use crate::access::policy::{
    self as service, CacheMode, Edit, OverLimit, Parameters, Policy, Priority, Whose,
};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use serde::Serialize;

/// A policy as the API writes it; what is null is not decided.
#[derive(Debug, Serialize)]
pub struct PolicyObject<'a> {
    object: &'static str,
    project_id: &'a str,
    api_key_id: Option<&'a str>,
    cache: Option<&'static str>,
    cache_ttl_seconds: Option<u64>,
    weight: Option<u64>,
    priority: Option<&'static str>,
    input_tokens_max: Option<u64>,
    output_tokens_max: Option<u64>,
    over_limit: Option<&'static str>,
    default_parameters: &'a Parameters,
    forbidden_parameters: &'a [String],
    fallback_model: Option<&'a str>,
    fallback_at_percent: Option<u64>,
}

impl<'a> PolicyObject<'a> {
    /// The object of what is written.
    #[must_use]
    pub fn new(whose: &Whose<'a>, policy: &'a Policy) -> Self {
        Self {
            object: if whose.key.is_some() { "api_key.policy" } else { "project.policy" },
            project_id: whose.project,
            api_key_id: whose.key,
            cache: policy.cache.map(CacheMode::word),
            cache_ttl_seconds: policy.cache_ttl_seconds,
            weight: policy.weight,
            priority: policy.priority.map(Priority::word),
            input_tokens_max: policy.input_tokens_max,
            output_tokens_max: policy.output_tokens_max,
            over_limit: policy.over_limit.map(OverLimit::word),
            default_parameters: &policy.default_parameters,
            forbidden_parameters: &policy.forbidden_parameters,
            fallback_model: policy.fallback_model.as_deref(),
            fallback_at_percent: policy.fallback_at_percent,
        }
    }
}

handlers! {
    /// GET `/projects/{project}/policy`
    show_of_project = show(false);
    /// POST `/projects/{project}/policy`
    edit_of_project = edit(false);
    /// GET `/projects/{project}/api_keys/{key}/policy`
    show_of_key = show(true);
    /// POST `/projects/{project}/api_keys/{key}/policy`
    edit_of_key = edit(true);
}

async fn show(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    of_key: bool,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let whose = whose(inbound, of_key)?;
    let mut conn = shared.at.db.connection().await?;
    json::answer(&PolicyObject::new(&whose, &service::show(&mut conn, &caller.org, &whose).await?))
}

async fn edit(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    of_key: bool,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let edit = read(Body::parse(&inbound.body)?)?;
    let whose = whose(inbound, of_key)?;
    let mut write = begin!(shared, inbound, caller);
    let policy = service::edit(&mut write.acting, &whose, &edit).await?;
    write.finish(&PolicyObject::new(&whose, &policy)).await
}

fn read(mut body: Body) -> Result<Edit, Refusal> {
    let edit = Edit {
        cache: word(&mut body, "cache", &CacheMode::EVERY, CacheMode::word)?,
        cache_ttl_seconds: body.or_null(Body::count, "cache_ttl_seconds")?,
        weight: body.or_null(Body::count, "weight")?,
        priority: word(&mut body, "priority", &Priority::EVERY, Priority::word)?,
        input_tokens_max: body.or_null(Body::count, "input_tokens_max")?,
        output_tokens_max: body.or_null(Body::count, "output_tokens_max")?,
        over_limit: word(&mut body, "over_limit", &OverLimit::EVERY, OverLimit::word)?,
        default_parameters: body.or_null(
            |body, name| body.field::<Parameters>(name, "an object of parameters"),
            "default_parameters",
        )?,
        forbidden_parameters: body.texts_or_null("forbidden_parameters")?,
        fallback_model: body.or_null(Body::text, "fallback_model")?,
        fallback_at_percent: body.or_null(Body::count, "fallback_at_percent")?,
    };
    body.finish(&[])?;
    Ok(edit)
}

fn word<T: Copy>(
    body: &mut Body,
    name: &'static str,
    words: &[T],
    text_of: fn(T) -> &'static str,
) -> Result<Option<Option<T>>, Refusal> {
    body.or_null(|body, name| body.word(name, "", words, text_of), name)
}

fn whose(inbound: &Inbound, of_key: bool) -> Result<Whose<'_>, Trouble> {
    let key = if of_key { Some(ask::path_param(inbound, 1)?) } else { None };
    Ok(Whose { project: ask::path_param(inbound, 0)?, key })
}
