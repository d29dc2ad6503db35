//! `GET /v1/models` and `/v1/models/{id}`: what this key may call, from memory, in three shapes. The path
//! says which first, then Anthropic's and Google's own header fields; else it is OpenAI's.

use crate::access::Grant;
use crate::access::credential;
use crate::base::Trouble;
use crate::catalog::{ModelKind, Target};
use crate::relay::route::Shape;
use crate::relay::{Inbound, Outbound, Worker};
use crate::routing::may_call;
use crate::routing::plan::found;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Lists the models the key may call.
///
/// # Errors
/// `invalid_api_key` without a key.
pub fn list(worker: &Worker, inbound: &Inbound, grant: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let grant = grant.ok_or_else(credential::invalid)?;
    let catalog = worker.shared.catalog.load();
    let shape = shape(inbound);
    let listed = catalog.models().iter().filter_map(|model| {
        let target = catalog.target(&model.id).filter(|target| may_call(grant, target))?;
        Some(object(&target, &target.id, shape))
    });
    // A route is there for whoever may call one of its targets.
    let routes = catalog.route_names(&grant.org);
    let routes = routes.iter().filter_map(|name| {
        let target = found(&catalog, grant, name).ok()?;
        Some(object(&target, name, shape))
    });
    let data: Vec<Value> = listed.chain(routes).collect();
    let list = match shape {
        Shape::Anthropic => {
            let id = |model: Option<&Value>| model.map_or(Value::Null, |model| model["id"].clone());
            json!({ "first_id": id(data.first()), "last_id": id(data.last()), "has_more": false, "data": data })
        }
        Shape::Google => json!({ "models": data }),
        Shape::OpenAi | Shape::Responses | Shape::Page => json!({ "object": "list", "data": data }),
    };
    Ok(Outbound::json(StatusCode::OK, &list))
}

/// Shows one model, by any name it can be called by.
///
/// # Errors
/// `model_not_found`, `model_not_allowed`.
pub fn show(worker: &Worker, inbound: &Inbound, grant: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let grant = grant.ok_or_else(credential::invalid)?;
    let name = inbound.params.first().map_or("", String::as_str);
    let target = found(&worker.shared.catalog.load(), grant, name)?;
    Ok(Outbound::json(StatusCode::OK, &object(&target, &target.id, shape(inbound))))
}

fn shape(inbound: &Inbound) -> Shape {
    let has = |name| inbound.headers.get(name).is_some();
    match inbound.route.shape {
        Shape::Google => Shape::Google,
        _ if has("anthropic-version") => Shape::Anthropic,
        _ if has("x-goog-api-key") => Shape::Google,
        shape => shape,
    }
}

fn object(target: &Target, id: &str, shape: Shape) -> Value {
    match shape {
        Shape::Anthropic => anthropic(target, id),
        Shape::Google => google(target, id),
        Shape::OpenAi | Shape::Responses | Shape::Page => openai(target, id),
    }
}

fn openai(target: &Target, id: &str) -> Value {
    let model = target.model.as_deref();
    json!({
        "id": id,
        "object": "model",
        "created": model.and_then(|model| model.created).unwrap_or(0),
        "owned_by": target.provider.name,
        "context_length": model.and_then(|model| model.context_tokens),
        "max_output_tokens": model.and_then(|model| model.output_tokens_max),
    })
}

fn anthropic(target: &Target, id: &str) -> Value {
    let model = target.model.as_deref();
    let created = model.and_then(|model| model.created).unwrap_or(0);
    json!({
        "type": "model",
        "id": id,
        "display_name": id,
        "created_at": jiff::Timestamp::from_second(created).map(|at| at.to_string()).unwrap_or_default(),
        "max_input_tokens": model.and_then(|model| model.context_tokens),
        "max_tokens": model.and_then(|model| model.output_tokens_max),
    })
}

fn google(target: &Target, id: &str) -> Value {
    let model = target.model.as_deref();
    let methods: &[&str] = match model.map(|model| model.kind) {
        Some(ModelKind::Embedding) => &["embedContent", "batchEmbedContents"],
        Some(ModelKind::Chat) | None => &["generateContent", "streamGenerateContent", "countTokens"],
        Some(_) => &[],
    };
    let mut shown = json!({
        "name": format!("models/{id}"),
        "version": "001",
        "displayName": id,
        "supportedGenerationMethods": methods,
    });
    let limits = [
        ("inputTokenLimit", model.and_then(|model| model.context_tokens)),
        ("outputTokenLimit", model.and_then(|model| model.output_tokens_max)),
    ];
    for (name, limit) in limits.into_iter().filter(|(_, limit)| limit.is_some()) {
        shown[name] = json!(limit);
    }
    shown
}
