//! What is noticed, and who is told.

use super::managed;
use crate::access::verify::About::Organization;
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{notifications, webhooks};
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    managed(
        "webhook_list",
        Method::GET,
        "/v1/organization/webhooks",
        Admin(Scope::READ_BUDGETS, Organization),
        webhooks::list,
    ),
    managed(
        "webhook_create",
        Method::POST,
        "/v1/organization/webhooks",
        Admin(Scope::CREATE_BUDGETS, Organization),
        webhooks::create,
    ),
    managed(
        "webhook_get",
        Method::GET,
        "/v1/organization/webhooks/{webhook}",
        Admin(Scope::READ_BUDGETS, Organization),
        webhooks::get,
    ),
    managed(
        "webhook_update",
        Method::POST,
        "/v1/organization/webhooks/{webhook}",
        Admin(Scope::UPDATE_BUDGETS, Organization),
        webhooks::update,
    ),
    managed(
        "webhook_remove",
        Method::DELETE,
        "/v1/organization/webhooks/{webhook}",
        Admin(Scope::DELETE_BUDGETS, Organization),
        webhooks::remove,
    ),
    managed(
        "webhook_test",
        Method::POST,
        "/v1/organization/webhooks/{webhook}/test",
        Admin(Scope::UPDATE_BUDGETS, Organization),
        webhooks::test,
    ),
    managed(
        "notification_list",
        Method::GET,
        "/v1/organization/notifications",
        Admin(Scope::READ_AUDIT_LOGS, Organization),
        notifications::list,
    ),
    managed(
        "notification_replay",
        Method::POST,
        "/v1/organization/notifications/{notification}/replay",
        Admin(Scope::UPDATE_BUDGETS, Organization),
        notifications::replay,
    ),
];
