//! Keys of projects, and admin keys.

use super::managed;
use crate::access::verify::About::{Organization, OwnInProject, Project};
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{incident, key_edit, keys, secrets, settings};
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    managed(
        "key_list",
        Method::GET,
        "/v1/organization/projects/{project}/api_keys",
        Admin(Scope::READ_KEYS, Project),
        keys::list_project_keys,
    ),
    managed(
        "key_create",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys",
        Admin(Scope::CREATE_KEYS, OwnInProject),
        keys::create_project_key,
    ),
    managed(
        "key_get",
        Method::GET,
        "/v1/organization/projects/{project}/api_keys/{key}",
        Admin(Scope::READ_KEYS, Project),
        keys::get_project_key,
    ),
    managed(
        "key_edit",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys/{key}",
        Admin(Scope::UPDATE_KEYS, OwnInProject),
        key_edit::update_project_key,
    ),
    managed(
        "key_revoke",
        Method::DELETE,
        "/v1/organization/projects/{project}/api_keys/{key}",
        Admin(Scope::DELETE_KEYS, OwnInProject),
        keys::revoke_project_key,
    ),
    managed(
        "key_disable",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys/{key}/disable",
        Admin(Scope::UPDATE_KEYS, OwnInProject),
        keys::disable_project_key,
    ),
    managed(
        "key_enable",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys/{key}/enable",
        Admin(Scope::UPDATE_KEYS, OwnInProject),
        keys::enable_project_key,
    ),
    managed(
        "key_compromised",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys/{key}/compromised",
        Admin(Scope::DELETE_KEYS, OwnInProject),
        incident::compromised_key,
    ),
    managed(
        "settings_get",
        Method::GET,
        "/v1/organization/settings",
        Admin(Scope::READ_SETTINGS, Organization),
        settings::get,
    ),
    managed(
        "settings_update",
        Method::POST,
        "/v1/organization/settings",
        Admin(Scope::UPDATE_SETTINGS, Organization),
        settings::update,
    ),
    managed(
        "key_rotate",
        Method::POST,
        "/v1/organization/projects/{project}/api_keys/{key}/rotate",
        Admin(Scope::UPDATE_KEYS, OwnInProject),
        secrets::rotate_key,
    ),
    managed(
        "key_secret_list",
        Method::GET,
        "/v1/organization/projects/{project}/api_keys/{key}/secrets",
        Admin(Scope::READ_KEYS, Project),
        secrets::list_secrets,
    ),
    managed(
        "key_secret_get",
        Method::GET,
        "/v1/organization/projects/{project}/api_keys/{key}/secrets/{secret}",
        Admin(Scope::READ_KEYS, Project),
        secrets::get_secret,
    ),
    managed(
        "key_secret_delete",
        Method::DELETE,
        "/v1/organization/projects/{project}/api_keys/{key}/secrets/{secret}",
        Admin(Scope::DELETE_KEYS, OwnInProject),
        secrets::delete_secret,
    ),
    managed(
        "admin_key_list",
        Method::GET,
        "/v1/organization/admin_api_keys",
        Admin(Scope::READ_KEYS, Organization),
        keys::list_admin_keys,
    ),
    managed(
        "admin_key_create",
        Method::POST,
        "/v1/organization/admin_api_keys",
        Admin(Scope::CREATE_KEYS, Organization),
        keys::create_admin_key,
    ),
    managed(
        "admin_key_get",
        Method::GET,
        "/v1/organization/admin_api_keys/{key}",
        Admin(Scope::READ_KEYS, Organization),
        keys::get_admin_key,
    ),
    managed(
        "admin_key_revoke",
        Method::DELETE,
        "/v1/organization/admin_api_keys/{key}",
        Admin(Scope::DELETE_KEYS, Organization),
        keys::revoke_admin_key,
    ),
    managed(
        "admin_key_edit",
        Method::POST,
        "/v1/organization/admin_api_keys/{key}",
        Admin(Scope::UPDATE_KEYS, Organization),
        key_edit::update_admin_key,
    ),
    managed(
        "admin_key_rotate",
        Method::POST,
        "/v1/organization/admin_api_keys/{key}/rotate",
        Admin(Scope::UPDATE_KEYS, Organization),
        secrets::rotate_admin_key,
    ),
    managed(
        "admin_key_compromised",
        Method::POST,
        "/v1/organization/admin_api_keys/{key}/compromised",
        Admin(Scope::DELETE_KEYS, Organization),
        incident::compromised_admin_key,
    ),
    managed(
        "admin_key_secret_list",
        Method::GET,
        "/v1/organization/admin_api_keys/{key}/secrets",
        Admin(Scope::READ_KEYS, Organization),
        secrets::list_admin_secrets,
    ),
    managed(
        "admin_key_secret_get",
        Method::GET,
        "/v1/organization/admin_api_keys/{key}/secrets/{secret}",
        Admin(Scope::READ_KEYS, Organization),
        secrets::get_admin_secret,
    ),
    managed(
        "admin_key_secret_delete",
        Method::DELETE,
        "/v1/organization/admin_api_keys/{key}/secrets/{secret}",
        Admin(Scope::DELETE_KEYS, Organization),
        secrets::delete_admin_secret,
    ),
];
