//! Pages of the console with which an organisation and the installation are run.

use super::console::page;
use crate::access::verify::About::Organization;
use crate::access::verify::Needs::{self, Admin};
use crate::accounts::Scope;
use crate::console::webhooks;
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    page("console_webhooks", Method::GET, "/console/webhooks", SEE_HOOKS, webhooks::list::show),
    page("console_webhook_new", Method::GET, "/console/webhooks/new", MAKE_HOOKS, webhooks::new::show),
    page("console_webhook_make", Method::POST, "/console/webhooks", MAKE_HOOKS, webhooks::new::make),
    page("console_webhook", Method::GET, "/console/webhooks/{webhook}", SEE_HOOKS, webhooks::one::show),
    page(
        "console_webhook_change",
        Method::POST,
        "/console/webhooks/{webhook}",
        CHANGE_HOOKS,
        webhooks::one::change,
    ),
    page(
        "console_webhook_ask_rotate",
        Method::GET,
        "/console/webhooks/{webhook}/rotate",
        CHANGE_HOOKS,
        webhooks::one::ask_rotate,
    ),
    page(
        "console_webhook_rotate",
        Method::POST,
        "/console/webhooks/{webhook}/rotate",
        CHANGE_HOOKS,
        webhooks::one::rotate,
    ),
    page(
        "console_webhook_remove",
        Method::POST,
        "/console/webhooks/{webhook}/remove",
        END_HOOKS,
        webhooks::one::remove,
    ),
    page(
        "console_notifications",
        Method::GET,
        "/console/notifications",
        Admin(Scope::READ_AUDIT_LOGS, Organization),
        webhooks::messages::show,
    ),
    page(
        "console_notification_replay",
        Method::POST,
        "/console/notifications/replay",
        CHANGE_HOOKS,
        webhooks::messages::replay,
    ),
];

const SEE_HOOKS: Needs = Admin(Scope::READ_BUDGETS, Organization);
const MAKE_HOOKS: Needs = Admin(Scope::CREATE_BUDGETS, Organization);
const CHANGE_HOOKS: Needs = Admin(Scope::UPDATE_BUDGETS, Organization);
const END_HOOKS: Needs = Admin(Scope::DELETE_BUDGETS, Organization);
