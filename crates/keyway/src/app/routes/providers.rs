//! Providers and credentials at them.

use super::managed;
use crate::access::verify::About::{Installation, Organization};
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{provider_credentials as credentials, providers};
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    managed(
        "provider_list",
        Method::GET,
        "/v1/organization/providers",
        Admin(Scope::READ_PROVIDERS, Organization),
        providers::list,
    ),
    managed(
        "provider_put",
        Method::POST,
        "/v1/organization/providers",
        Admin(Scope::UPDATE_PROVIDERS, Installation),
        providers::put,
    ),
    managed(
        "provider_get",
        Method::GET,
        "/v1/organization/providers/{provider}",
        Admin(Scope::READ_PROVIDERS, Organization),
        providers::get,
    ),
    managed(
        "provider_switch",
        Method::POST,
        "/v1/organization/providers/{provider}",
        Admin(Scope::UPDATE_PROVIDERS, Installation),
        providers::switch,
    ),
    managed(
        "provider_delete",
        Method::DELETE,
        "/v1/organization/providers/{provider}",
        Admin(Scope::DELETE_PROVIDERS, Installation),
        providers::delete,
    ),
    managed(
        "provider_test",
        Method::POST,
        "/v1/organization/providers/{provider}/test",
        Admin(Scope::UPDATE_PROVIDERS, Organization),
        providers::test,
    ),
    managed(
        "provider_credential_list",
        Method::GET,
        "/v1/organization/providers/{provider}/credentials",
        Admin(Scope::READ_PROVIDERS, Organization),
        credentials::list,
    ),
    managed(
        "provider_credential_create",
        Method::POST,
        "/v1/organization/providers/{provider}/credentials",
        Admin(Scope::CREATE_PROVIDERS, Organization),
        credentials::create,
    ),
    managed(
        "provider_credential_get",
        Method::GET,
        "/v1/organization/providers/{provider}/credentials/{credential}",
        Admin(Scope::READ_PROVIDERS, Organization),
        credentials::get,
    ),
    managed(
        "provider_credential_update",
        Method::POST,
        "/v1/organization/providers/{provider}/credentials/{credential}",
        Admin(Scope::UPDATE_PROVIDERS, Organization),
        credentials::update,
    ),
    managed(
        "provider_credential_delete",
        Method::DELETE,
        "/v1/organization/providers/{provider}/credentials/{credential}",
        Admin(Scope::DELETE_PROVIDERS, Organization),
        credentials::delete,
    ),
];
