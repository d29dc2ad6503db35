//! `GET /v1/models` and `/v1/models/{id}`: what this key may call, from memory.

use crate::access::Grant;
use crate::access::credential;
use crate::base::Trouble;
use crate::catalog::Target;
use crate::relay::{Inbound, Outbound, Worker};
use crate::routing::plan::{may_call, plan};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Lists the models the key may call.
///
/// # Errors
/// `invalid_api_key` without a key.
pub fn list(worker: &Worker, _: &Inbound, grant: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let grant = grant.ok_or_else(credential::invalid)?;
    let catalog = worker.shared.catalog.load();
    let listed = catalog.models().iter().filter_map(|model| {
        let resolution = catalog.resolve(&model.id).ok()?;
        let target = resolution.candidates.iter().find(|target| may_call(grant, target))?;
        Some(object(target))
    });
    let data: Vec<Value> = listed.collect();
    Ok(Outbound::json(StatusCode::OK, &json!({ "object": "list", "data": data })))
}

/// Shows one model, by any name it can be called by.
///
/// # Errors
/// `model_not_found`, `model_not_allowed`.
pub fn show(worker: &Worker, inbound: &Inbound, grant: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let grant = grant.ok_or_else(credential::invalid)?;
    let name = inbound.params.first().map_or("", String::as_str);
    let plan = plan(&worker.shared.catalog.load(), grant, name)?;
    let shown = plan.candidates().next().map(|target| object(target)).unwrap_or_default();
    Ok(Outbound::json(StatusCode::OK, &shown))
}

fn object(target: &Target) -> Value {
    let model = target.model.as_deref();
    json!({
        "id": target.id,
        "object": "model",
        "created": model.and_then(|model| model.created).unwrap_or(0),
        "owned_by": target.provider.name,
        "context_length": model.and_then(|model| model.context_tokens),
        "max_output_tokens": model.and_then(|model| model.output_tokens_max),
    })
}
