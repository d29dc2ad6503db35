//! What is noticed, and who is told.

use super::managed;
use crate::access::verify::About::{Anywhere, Organization, Project};
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{advice, alerts, notifications, timeline, webhooks};
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    managed(
        "advice",
        Method::GET,
        "/v1/organization/advice",
        Admin(Scope::READ_USAGE, Anywhere),
        advice::list,
    ),
    managed(
        "alert_list",
        Method::GET,
        "/v1/organization/alerts",
        Admin(Scope::READ_BUDGETS, Anywhere),
        alerts::list,
    ),
    managed(
        "alert_create",
        Method::POST,
        "/v1/organization/alerts",
        Admin(Scope::CREATE_BUDGETS, Anywhere),
        alerts::create,
    ),
    managed(
        "alert_get",
        Method::GET,
        "/v1/organization/alerts/{alert}",
        Admin(Scope::READ_BUDGETS, Anywhere),
        alerts::get,
    ),
    managed(
        "alert_update",
        Method::POST,
        "/v1/organization/alerts/{alert}",
        Admin(Scope::UPDATE_BUDGETS, Anywhere),
        alerts::update,
    ),
    managed(
        "alert_remove",
        Method::DELETE,
        "/v1/organization/alerts/{alert}",
        Admin(Scope::DELETE_BUDGETS, Anywhere),
        alerts::remove,
    ),
    managed(
        "alert_test",
        Method::POST,
        "/v1/organization/alerts/{alert}/test",
        Admin(Scope::UPDATE_BUDGETS, Anywhere),
        alerts::test,
    ),
    managed(
        "alert_preview",
        Method::GET,
        "/v1/organization/alerts/{alert}/preview",
        Admin(Scope::READ_BUDGETS, Anywhere),
        alerts::preview,
    ),
    managed(
        "alert_events",
        Method::GET,
        "/v1/organization/alert_events",
        Admin(Scope::READ_BUDGETS, Anywhere),
        alerts::events,
    ),
    managed(
        "alert_event_confirm",
        Method::POST,
        "/v1/organization/alert_events/{event}/confirm",
        Admin(Scope::UPDATE_KEYS, Anywhere),
        alerts::confirm,
    ),
    managed(
        "key_timeline",
        Method::GET,
        "/v1/organization/projects/{project}/api_keys/{key}/timeline",
        Admin(Scope::READ_KEYS, Project),
        timeline::get,
    ),
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
