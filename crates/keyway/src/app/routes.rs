//! The one route table. What a route asks of a key stands in the row that dispatches it.

use crate::access::Grant;
use crate::access::verify::Needs;
use crate::accounts::Scope;
use crate::admin::{keys, limits, nodes, projects, requests, usage};
use crate::relay::route::{Billing, BodyLimit, Handler, Route, Sendable, Shape};
use crate::relay::{Inbound, Shared};
use crate::wire::{chat, health, models, own_key};
use http::Method;
use std::sync::Arc;

/// A row of the data plane that answers from memory.
const fn memory(
    name: &'static str,
    (path, also): (&'static str, &'static [&'static str]),
    needs: Needs,
    handler: Handler,
) -> Route {
    Route {
        name,
        method: Method::GET,
        path,
        also,
        needs,
        body: BodyLimit::None,
        shape: Shape::OpenAi,
        billing: Billing::Free,
        handler,
    }
}

/// A row of the management API.
const fn managed(
    name: &'static str,
    method: Method,
    path: &'static str,
    scope: Scope,
    handler: fn(Arc<Shared>, Inbound, Option<Arc<Grant>>) -> Sendable,
) -> Route {
    let body = if matches!(method, Method::POST) { BodyLimit::Management } else { BodyLimit::None };
    Route {
        name,
        method,
        path,
        also: &[],
        needs: Needs::Admin(scope),
        body,
        shape: Shape::OpenAi,
        billing: Billing::Free,
        handler: Handler::Control(handler),
    }
}

/// The routes.
pub static ROUTES: &[Route] = &[
    memory("healthz", ("/healthz", &[]), Needs::Nothing, Handler::Memory(health::alive)),
    memory("readyz", ("/readyz", &[]), Needs::Nothing, Handler::Memory(health::ready)),
    memory("metrics", ("/metrics", &[]), Needs::Admin(Scope::READ_METRICS), Handler::Memory(health::metrics)),
    Route {
        name: "chat_completions",
        method: Method::POST,
        path: "/v1/chat/completions",
        also: &["/chat/completions", "/beta/chat/completions"],
        needs: Needs::Key(Scope::CHAT),
        body: BodyLimit::Inference,
        shape: Shape::OpenAi,
        billing: Billing::ChatCompletions,
        handler: Handler::Inference(chat::create),
    },
    memory(
        "models",
        ("/v1/models", &["/models"]),
        Needs::Key(Scope::READ_MODELS),
        Handler::Memory(models::list),
    ),
    memory(
        "model",
        ("/v1/models/{*id}", &["/models/{*id}"]),
        Needs::Key(Scope::READ_MODELS),
        Handler::Memory(models::show),
    ),
    memory("own_key", ("/v1/key", &[]), Needs::AnyKey, Handler::Memory(own_key::show)),
    managed("projects", Method::GET, "/v1/organization/projects", Scope::READ_PROJECTS, projects::list),
    managed(
        "project",
        Method::GET,
        "/v1/organization/projects/{project}",
        Scope::READ_PROJECTS,
        projects::get,
    ),
    managed(
        "key_list",
        Method::GET,
        "/v1/organization/projects/{project}/api_keys",
        Scope::READ_KEYS,
        keys::list_project_keys,
    ),
    managed(
        "key_create",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys",
        Scope::CREATE_KEYS,
        keys::create_project_key,
    ),
    managed(
        "key_get",
        Method::GET,
        "/v1/organization/projects/{project}/api_keys/{key}",
        Scope::READ_KEYS,
        keys::get_project_key,
    ),
    managed(
        "key_edit",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys/{key}",
        Scope::UPDATE_KEYS,
        keys::edit_project_key,
    ),
    managed(
        "key_revoke",
        Method::DELETE,
        "/v1/organization/projects/{project}/api_keys/{key}",
        Scope::DELETE_KEYS,
        keys::revoke_project_key,
    ),
    managed(
        "key_disable",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys/{key}/disable",
        Scope::UPDATE_KEYS,
        keys::disable_project_key,
    ),
    managed(
        "key_enable",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys/{key}/enable",
        Scope::UPDATE_KEYS,
        keys::enable_project_key,
    ),
    managed(
        "admin_key_list",
        Method::GET,
        "/v1/organization/admin_api_keys",
        Scope::READ_KEYS,
        keys::list_admin_keys,
    ),
    managed(
        "admin_key_create",
        Method::POST,
        "/v1/organization/admin_api_keys",
        Scope::CREATE_KEYS,
        keys::create_admin_key,
    ),
    managed(
        "admin_key_get",
        Method::GET,
        "/v1/organization/admin_api_keys/{key}",
        Scope::READ_KEYS,
        keys::get_admin_key,
    ),
    managed(
        "admin_key_revoke",
        Method::DELETE,
        "/v1/organization/admin_api_keys/{key}",
        Scope::DELETE_KEYS,
        keys::revoke_admin_key,
    ),
    managed(
        "usage_completions",
        Method::GET,
        "/v1/organization/usage/completions",
        Scope::READ_USAGE,
        usage::completions,
    ),
    managed("costs", Method::GET, "/v1/organization/costs", Scope::READ_USAGE, usage::costs),
    managed("request_list", Method::GET, "/v1/organization/requests", Scope::READ_USAGE, requests::list),
    managed(
        "request_get",
        Method::GET,
        "/v1/organization/requests/{request}",
        Scope::READ_USAGE,
        requests::get,
    ),
    managed(
        "project_limit_list",
        Method::GET,
        "/v1/organization/projects/{project}/rate_limits",
        Scope::READ_PROJECTS,
        limits::list_of_project,
    ),
    managed(
        "project_limit_edit",
        Method::POST,
        "/v1/organization/projects/{project}/rate_limits/{*id}",
        Scope::UPDATE_PROJECTS,
        limits::edit_of_project,
    ),
    managed(
        "organization_limit_list",
        Method::GET,
        "/v1/organization/rate_limits",
        Scope::READ_SETTINGS,
        limits::list_of_organization,
    ),
    managed(
        "organization_limit_edit",
        Method::POST,
        "/v1/organization/rate_limits/{*id}",
        Scope::UPDATE_SETTINGS,
        limits::edit_of_organization,
    ),
    managed("nodes", Method::GET, "/v1/organization/nodes", Scope::READ_SETTINGS, nodes::list),
];
