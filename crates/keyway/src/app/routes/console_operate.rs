//! Pages of the console with which an organisation and the installation are run.

use super::console::page;
use crate::access::verify::About::{Anywhere, Installation, Organization};
use crate::access::verify::Needs::{self, Admin};
use crate::accounts::Scope;
use crate::console::keys::secrets;
use crate::console::models::prices;
use crate::console::{admin_keys, groups, nodes, organizations, webhooks};
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
    page(
        "console_key_secret_end",
        Method::POST,
        "/console/keys/{key}/secrets/end",
        Admin(Scope::DELETE_KEYS, Anywhere),
        secrets::end,
    ),
    page("console_admin_keys", Method::GET, "/console/admin-keys", SEE_KEYS, admin_keys::list::show),
    page("console_admin_key_new", Method::GET, "/console/admin-keys/new", MAKE_KEYS, admin_keys::new::show),
    page("console_admin_key_make", Method::POST, "/console/admin-keys", MAKE_KEYS, admin_keys::new::make),
    page("console_admin_key", Method::GET, "/console/admin-keys/{key}", SEE_KEYS, admin_keys::one::show),
    page(
        "console_admin_key_ask_edit",
        Method::GET,
        "/console/admin-keys/{key}/edit",
        CHANGE_KEYS,
        admin_keys::edit::ask,
    ),
    page(
        "console_admin_key_edit",
        Method::POST,
        "/console/admin-keys/{key}/edit",
        CHANGE_KEYS,
        admin_keys::edit::change,
    ),
    page(
        "console_admin_key_ask_rotate",
        Method::GET,
        "/console/admin-keys/{key}/rotate",
        CHANGE_KEYS,
        admin_keys::change::ask_rotate,
    ),
    page(
        "console_admin_key_rotate",
        Method::POST,
        "/console/admin-keys/{key}/rotate",
        CHANGE_KEYS,
        admin_keys::change::rotate,
    ),
    page(
        "console_admin_key_secret_end",
        Method::POST,
        "/console/admin-keys/{key}/secrets/end",
        END_KEYS,
        admin_keys::change::end_secret,
    ),
    page(
        "console_admin_key_ask_revoke",
        Method::GET,
        "/console/admin-keys/{key}/revoke",
        END_KEYS,
        admin_keys::change::ask_revoke,
    ),
    page(
        "console_admin_key_revoke",
        Method::POST,
        "/console/admin-keys/{key}/revoke",
        END_KEYS,
        admin_keys::change::revoke,
    ),
    page(
        "console_admin_key_ask_leaked",
        Method::GET,
        "/console/admin-keys/{key}/leaked",
        END_KEYS,
        admin_keys::leaked::ask,
    ),
    page(
        "console_admin_key_leaked",
        Method::POST,
        "/console/admin-keys/{key}/leaked",
        END_KEYS,
        admin_keys::leaked::report,
    ),
    page("console_groups", Method::GET, "/console/groups", SEE_MEMBERS, groups::list::show),
    page("console_group_make", Method::POST, "/console/groups", MAKE_MEMBERS, groups::list::make),
    page("console_group", Method::GET, "/console/groups/{group}", SEE_MEMBERS, groups::one::show),
    page(
        "console_group_rename",
        Method::POST,
        "/console/groups/{group}",
        CHANGE_MEMBERS,
        groups::change::rename,
    ),
    page(
        "console_group_remove",
        Method::POST,
        "/console/groups/{group}/remove",
        END_MEMBERS,
        groups::change::remove,
    ),
    page(
        "console_group_user_add",
        Method::POST,
        "/console/groups/{group}/users",
        CHANGE_MEMBERS,
        groups::change::add_user,
    ),
    page(
        "console_group_user_remove",
        Method::POST,
        "/console/groups/{group}/users/remove",
        CHANGE_MEMBERS,
        groups::change::remove_user,
    ),
    page(
        "console_group_role_give",
        Method::POST,
        "/console/groups/{group}/roles",
        CHANGE_MEMBERS,
        groups::change::give_role,
    ),
    page(
        "console_group_role_take",
        Method::POST,
        "/console/groups/{group}/roles/remove",
        CHANGE_MEMBERS,
        groups::change::take_role,
    ),
    page("console_nodes", Method::GET, "/console/nodes", RUN_SEE, nodes::show),
    page("console_organizations", Method::GET, "/console/organizations", RUN_SEE, organizations::list::show),
    page(
        "console_organization_make",
        Method::POST,
        "/console/organizations",
        RUN_MAKE,
        organizations::list::make,
    ),
    page(
        "console_organization",
        Method::GET,
        "/console/organizations/{organization}",
        RUN_SEE,
        organizations::one::show,
    ),
    page(
        "console_organization_update",
        Method::POST,
        "/console/organizations/{organization}",
        RUN_CHANGE,
        organizations::one::update,
    ),
    page(
        "console_organization_archive",
        Method::POST,
        "/console/organizations/{organization}/archive",
        RUN_END,
        organizations::one::archive,
    ),
    page("console_price_set", Method::POST, "/console/prices", SET_PRICES, prices::set),
    page("console_price_remove", Method::POST, "/console/prices/remove", END_PRICES, prices::remove),
];

const SEE_HOOKS: Needs = Admin(Scope::READ_BUDGETS, Organization);
const MAKE_HOOKS: Needs = Admin(Scope::CREATE_BUDGETS, Organization);
const CHANGE_HOOKS: Needs = Admin(Scope::UPDATE_BUDGETS, Organization);
const END_HOOKS: Needs = Admin(Scope::DELETE_BUDGETS, Organization);
const SEE_KEYS: Needs = Admin(Scope::READ_KEYS, Organization);
const MAKE_KEYS: Needs = Admin(Scope::CREATE_KEYS, Organization);
const CHANGE_KEYS: Needs = Admin(Scope::UPDATE_KEYS, Organization);
const END_KEYS: Needs = Admin(Scope::DELETE_KEYS, Organization);
const SEE_MEMBERS: Needs = Admin(Scope::READ_MEMBERS, Organization);
const MAKE_MEMBERS: Needs = Admin(Scope::CREATE_MEMBERS, Organization);
const CHANGE_MEMBERS: Needs = Admin(Scope::UPDATE_MEMBERS, Organization);
const END_MEMBERS: Needs = Admin(Scope::DELETE_MEMBERS, Organization);
const RUN_SEE: Needs = Admin(Scope::READ_SETTINGS, Installation);
const RUN_MAKE: Needs = Admin(Scope::CREATE_SETTINGS, Installation);
const RUN_CHANGE: Needs = Admin(Scope::UPDATE_SETTINGS, Installation);
const RUN_END: Needs = Admin(Scope::DELETE_SETTINGS, Installation);
const SET_PRICES: Needs = Admin(Scope::UPDATE_PROVIDERS, Installation);
const END_PRICES: Needs = Admin(Scope::DELETE_PROVIDERS, Installation);
