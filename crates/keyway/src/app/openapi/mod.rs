//! The OpenAPI document: every row of the route table, with the words of `operations` and the objects of
//! `schemas`. Served at `/openapi.json`.

pub mod objects;
pub mod operations;
pub mod schemas;
pub mod watched;

use self::operations::{OPERATIONS, Operation};
use super::routes::ROUTES;
use crate::access::Grant;
use crate::access::verify::Needs;
use crate::base::{Fault, Trouble};
use crate::relay::route::{BodyLimit, Shape};
use crate::relay::{Inbound, Outbound, Route, Worker};
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::sync::{Arc, OnceLock};

static DOCUMENT: OnceLock<Option<String>> = OnceLock::new();

/// GET `/openapi.json`
///
/// # Errors
/// A fault when a row has no words: a mistake in the table, found by its test.
pub fn show(_: &Worker, _: &Inbound, _: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let text = DOCUMENT.get_or_init(|| document().ok().map(|document| document.to_string()));
    let text = text.as_ref().ok_or_else(|| Fault::plain("the OpenAPI document cannot be made"))?;
    Ok(Outbound::whole(StatusCode::OK, "application/json", text.clone()))
}

/// The document.
///
/// # Errors
/// Which row has no words, or which words no row.
pub fn document() -> Result<Value, String> {
    let mut paths = Map::new();
    let mut words: Vec<&Operation> = OPERATIONS.iter().copied().flatten().collect();
    for route in ROUTES.iter().copied().flatten().filter(|route| route.shape != Shape::Page) {
        let place = words.iter().position(|operation| operation.route == route.name);
        let operation = words.swap_remove(place.ok_or_else(|| format!("`{}` has no words", route.name))?);
        let path = route.path.replace("{*", "{");
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[route.method.as_str().to_ascii_lowercase()] = written(route, operation)?;
    }
    if let Some(operation) = words.first() {
        return Err(format!("`{}` is no route", operation.route));
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Keyway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Paths that begin with `/v1/` work behind `/openai` as well. POST takes an `Idempotency-Key`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas::all()?,
            "securitySchemes": {
                "projectKey": { "type": "http", "scheme": "bearer", "description": "`sk-kw-live-...` or `sk-kw-test-...`" },
                "adminKey": { "type": "http", "scheme": "bearer", "description": "`sk-kw-admin-...`" },
            },
        },
    }))
}

fn written(route: &Route, operation: &Operation) -> Result<Value, String> {
    let error = match route.shape {
        Shape::OpenAi | Shape::Responses | Shape::Page => "Error",
        Shape::Anthropic => "AnthropicError",
        Shape::Google => "GoogleError",
    };
    let mut object = json!({
        "operationId": route.name,
        "summary": operation.summary,
        "security": security(route.needs),
        "responses": {
            "200": { "description": "Done.", "content": content(operation.answer)? },
            "default": { "description": "Refused.", "content": content(error)? },
        },
    });
    if let Needs::Key(scope) | Needs::Admin(scope, _) = route.needs {
        object["x-scope"] = json!(scope.name());
    }
    let parameters = parameters(route, operation)?;
    if !parameters.is_empty() {
        object["parameters"] = Value::Array(parameters);
    }
    if route.body != BodyLimit::None && !operation.body.is_empty() {
        object["requestBody"] = json!({ "required": true, "content": content(operation.body)? });
    }
    Ok(object)
}

fn security(needs: Needs) -> Value {
    match needs {
        Needs::Nothing | Needs::Person => json!([]),
        Needs::AnyKey | Needs::OwnKey | Needs::Key(_) => json!([{ "projectKey": [] }]),
        Needs::Admin(..) => json!([{ "adminKey": [] }]),
    }
}

fn content(answer: &str) -> Result<Value, String> {
    Ok(match answer {
        "text" => json!({ "text/plain": { "schema": { "type": "string" } } }),
        "bytes" => json!({ "application/octet-stream": { "schema": {} } }),
        "form" => json!({ "multipart/form-data": { "schema": schemas::of_type("TranscriptionForm")? } }),
        name => json!({ "application/json": { "schema": schemas::of_type(name)? } }),
    })
}

/// The path's placeholders, then the query's names.
fn parameters(route: &Route, operation: &Operation) -> Result<Vec<Value>, String> {
    let mut all = Vec::new();
    for part in route.path.split('/') {
        let part = part.split_once("}:").map_or(part, |(name, _)| name).trim_end_matches('}');
        if let Some(name) = part.strip_prefix('{') {
            let name = name.trim_start_matches('*');
            all.push(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
        }
    }
    for field in schemas::fields(operation.query)? {
        let (name, is_list) = match field.of.starts_with('[') {
            true => (format!("{}[]", field.name), true),
            false => (field.name.to_owned(), false),
        };
        let mut parameter = json!({
            "name": name, "in": "query", "required": field.required, "schema": schemas::of_type(field.of)?,
        });
        if is_list {
            parameter["explode"] = json!(true);
        }
        all.push(parameter);
    }
    Ok(all)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
