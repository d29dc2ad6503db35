//! Models and prices: the operator's.

use super::managed;
use crate::access::verify::About::Installation;
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{models, prices};
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
];
