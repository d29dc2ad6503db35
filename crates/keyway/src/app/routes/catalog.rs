//! Models and prices: the operator's. Routes: everybody's own.

use super::managed;
use crate::access::verify::About::{Anywhere, Installation, Organization};
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{models, prices, routes};
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    managed(
        "model_list",
        Method::GET,
        "/v1/organization/models",
        Admin(Scope::READ_PROVIDERS, Installation),
        models::list,
    ),
    managed(
        "model_put",
        Method::POST,
        "/v1/organization/models",
        Admin(Scope::UPDATE_PROVIDERS, Installation),
        models::put,
    ),
    managed(
        "model_get",
        Method::GET,
        "/v1/organization/models/{*id}",
        Admin(Scope::READ_PROVIDERS, Installation),
        models::get,
    ),
    managed(
        "model_delete",
        Method::DELETE,
        "/v1/organization/models/{*id}",
        Admin(Scope::DELETE_PROVIDERS, Installation),
        models::delete,
    ),
    managed(
        "price_list",
        Method::GET,
        "/v1/organization/prices",
        Admin(Scope::READ_PROVIDERS, Installation),
        prices::list,
    ),
    managed(
        "price_create",
        Method::POST,
        "/v1/organization/prices",
        Admin(Scope::UPDATE_PROVIDERS, Installation),
        prices::create,
    ),
    managed(
        "price_delete",
        Method::DELETE,
        "/v1/organization/prices/{price}",
        Admin(Scope::DELETE_PROVIDERS, Installation),
        prices::delete,
    ),
    managed(
        "route_list",
        Method::GET,
        "/v1/organization/routes",
        Admin(Scope::READ_PROJECTS, Anywhere),
        routes::list,
    ),
    managed(
        "route_create",
        Method::POST,
        "/v1/organization/routes",
        Admin(Scope::CREATE_PROJECTS, Organization),
        routes::create,
    ),
    managed(
        "route_get",
        Method::GET,
        "/v1/organization/routes/{route}",
        Admin(Scope::READ_PROJECTS, Anywhere),
        routes::get,
    ),
    managed(
        "route_update",
        Method::POST,
        "/v1/organization/routes/{route}",
        Admin(Scope::UPDATE_PROJECTS, Organization),
        routes::update,
    ),
    managed(
        "route_remove",
        Method::DELETE,
        "/v1/organization/routes/{route}",
        Admin(Scope::DELETE_PROJECTS, Organization),
        routes::remove,
    ),
];
