//! Pages of the console. A page for people who are signed in names what it takes to see it.

use crate::access::Grant;
use crate::access::verify::{About, Needs};
use crate::accounts::Scope;
use crate::console::account::{change, confirm, show};
use crate::console::federated::{account as identities, back, depart};
use crate::console::{
    alerts, applications, assets, audit, components, docs, front, invitation, keys, leave, links, members,
    models, money, overview, playground, projects, providers, register, requests, routes, settings, setup,
    sign_in, status, theme, tiers, usage,
};
use crate::relay::route::{Billing, BodyLimit, Handler, Route, Sendable, Shape};
use crate::relay::{Inbound, Shared};
use http::Method;
use std::sync::Arc;

pub(super) static ROUTES: &[Route] = &[
    Route {
        name: "console_asset",
        method: Method::GET,
        path: assets::PATH,
        also: &[],
        needs: Needs::Nothing,
        body: BodyLimit::None,
        shape: Shape::Page,
        billing: Billing::Free,
        handler: Handler::Memory(assets::show),
    },
    page("console_front", Method::GET, "/", Needs::Nothing, front::show),
    page("docs", Method::GET, "/docs", Needs::Nothing, docs::show),
    page("docs_models", Method::GET, "/docs/models", Needs::Nothing, docs::models::list),
    page("docs_model", Method::GET, "/docs/models/{*id}", Needs::Nothing, docs::models::show),
    page("docs_endpoint", Method::GET, "/docs/endpoints/{endpoint}", Needs::Nothing, docs::endpoint),
    page("docs_guide", Method::GET, "/docs/{guide}", Needs::Nothing, docs::guide),
    page("console_components", Method::GET, "/_/components", Needs::Nothing, components::show),
    page("console_theme", Method::POST, "/theme", Needs::Nothing, theme::set),
    page("console_setup", Method::GET, "/setup", Needs::Nothing, setup::show),
    page("console_setup_make", Method::POST, "/setup", Needs::Nothing, setup::make),
    page("console_sign_in", Method::GET, "/sign-in", Needs::Nothing, sign_in::show),
    page("console_sign_in_enter", Method::POST, "/sign-in", Needs::Nothing, sign_in::enter),
    page("console_sign_in_with", Method::POST, "/sign-in/with", Needs::Nothing, depart::enter),
    page("console_sign_in_back", Method::GET, "/sign-in/back/{provider}", Needs::Nothing, back::arrive),
    page("console_register", Method::GET, "/register", Needs::Nothing, register::show),
    page("console_register_enter", Method::POST, "/register", Needs::Nothing, register::enter),
    page("console_verify", Method::GET, "/verify", Needs::Nothing, links::show_verify),
    page("console_verify_take", Method::POST, "/verify", Needs::Nothing, links::verify),
    page("console_reset", Method::GET, "/reset", Needs::Nothing, links::show_reset),
    page("console_reset_take", Method::POST, "/reset", Needs::Nothing, links::reset),
    page("console_address", Method::GET, "/address", Needs::Nothing, links::show_address),
    page("console_address_take", Method::POST, "/address", Needs::Nothing, links::address),
    page("console_invitation", Method::GET, "/invitation", Needs::Nothing, invitation::show),
    page("console_invitation_enter", Method::POST, "/invitation", Needs::Nothing, invitation::enter),
    page("console_invited", Method::GET, "/console/invitation", Needs::Person, invitation::show_here),
    page("console_invited_join", Method::POST, "/console/invitation", Needs::Person, invitation::accept_here),
    page("console_terms", Method::GET, "/console/terms", Needs::Person, change::show_terms),
    page("console_terms_accept", Method::POST, "/console/terms", Needs::Person, change::accept_terms),
    page("console_confirm", Method::GET, "/console/confirm", Needs::Person, confirm::show),
    page("console_confirm_give", Method::POST, "/console/confirm", Needs::Person, confirm::confirm),
    page(
        "console_confirm_with",
        Method::POST,
        "/console/confirm/with",
        Needs::Person,
        identities::confirm_with,
    ),
    page("console_account", Method::GET, "/console/account", Needs::Person, show::show),
    page("console_account_profile", Method::POST, "/console/account/profile", Needs::Person, change::profile),
    page("console_account_verify", Method::POST, "/console/account/verify", Needs::Person, change::verify),
    page("console_account_address", Method::POST, "/console/account/address", Needs::Person, change::address),
    page(
        "console_account_password",
        Method::POST,
        "/console/account/password",
        Needs::Person,
        change::password,
    ),
    page(
        "console_identity_link",
        Method::POST,
        "/console/account/identities/link",
        Needs::Person,
        identities::link,
    ),
    page(
        "console_identity_unlink",
        Method::POST,
        "/console/account/identities/unlink",
        Needs::Person,
        identities::unlink,
    ),
    page("console_session_end", Method::POST, "/console/account/sessions/end", Needs::Person, change::end),
    page(
        "console_sessions_end",
        Method::POST,
        "/console/account/sessions/end-all",
        Needs::Person,
        change::end_all,
    ),
    page("console_sign_out", Method::POST, "/sign-out", Needs::Person, leave::sign_out),
    page("console_turn", Method::POST, "/console/organization", Needs::Person, leave::turn),
    page("console_home", Method::GET, "/console", Needs::Person, overview::show),
    page("console_keys", Method::GET, "/console/keys", SEE_KEYS, keys::list::show),
    page("console_key_new", Method::GET, "/console/keys/new", MAKE_KEYS, keys::new::show),
    page("console_key_make", Method::POST, "/console/keys", MAKE_KEYS, keys::new::make),
    page("console_key", Method::GET, "/console/keys/{key}", SEE_KEYS, keys::one::show),
    page("console_key_call", Method::GET, "/console/keys/{key}/first-call", SEE_KEYS, keys::made::first_call),
    page("console_key_ask_edit", Method::GET, "/console/keys/{key}/edit", CHANGE_KEYS, keys::edit::ask),
    page("console_key_edit", Method::POST, "/console/keys/{key}/edit", CHANGE_KEYS, keys::edit::change),
    page(
        "console_key_ask_rotate",
        Method::GET,
        "/console/keys/{key}/rotate",
        CHANGE_KEYS,
        keys::change::ask_rotate,
    ),
    page("console_key_rotate", Method::POST, "/console/keys/{key}/rotate", CHANGE_KEYS, keys::change::rotate),
    page("console_key_switch", Method::POST, "/console/keys/{key}/switch", CHANGE_KEYS, keys::change::switch),
    page(
        "console_key_ask_revoke",
        Method::GET,
        "/console/keys/{key}/revoke",
        END_KEYS,
        keys::change::ask_revoke,
    ),
    page("console_key_revoke", Method::POST, "/console/keys/{key}/revoke", END_KEYS, keys::change::revoke),
    page("console_key_ask_leaked", Method::GET, "/console/keys/{key}/leaked", END_KEYS, keys::leaked::ask),
    page("console_key_leaked", Method::POST, "/console/keys/{key}/leaked", END_KEYS, keys::leaked::report),
    page("console_begun", Method::POST, "/console/begun", Needs::Person, overview::begin::dismiss),
    page("console_status", Method::GET, "/status", Needs::Nothing, status::show),
    page("console_alerts", Method::GET, "/console/alerts", SEE_BUDGETS, alerts::list::show),
    page("console_alert_new", Method::GET, "/console/alerts/new", MAKE_BUDGETS, alerts::new::show),
    page("console_alert_make", Method::POST, "/console/alerts", MAKE_BUDGETS, alerts::new::make),
    page(
        "console_alert_confirm",
        Method::POST,
        "/console/alerts/confirm",
        CHANGE_KEYS,
        alerts::list::confirm,
    ),
    page("console_alert", Method::GET, "/console/alerts/{alert}", SEE_BUDGETS, alerts::one::show),
    page(
        "console_alert_change",
        Method::POST,
        "/console/alerts/{alert}",
        CHANGE_BUDGETS,
        alerts::one::change,
    ),
    page(
        "console_alert_remove",
        Method::POST,
        "/console/alerts/{alert}/remove",
        END_BUDGETS,
        alerts::one::remove,
    ),
    page("console_usage", Method::GET, "/console/usage", SEE_USAGE, usage::page::show),
    page("console_advice", Method::GET, "/console/advice", SEE_USAGE, usage::advice::show),
    page("console_requests", Method::GET, "/console/requests", SEE_REQUESTS, requests::list::show),
    page("console_request", Method::GET, "/console/requests/{request}", SEE_REQUESTS, requests::one::show),
    page("console_models", Method::GET, "/console/models", Needs::Person, models::list::show),
    page("console_model", Method::GET, "/console/models/{*id}", Needs::Person, models::one::show),
    page("console_audit", Method::GET, "/console/audit", SEE_AUDIT, audit::list::show),
    page("console_audit_verify", Method::GET, "/console/audit/verify", SEE_ALL_AUDIT, audit::verify::show),
    page("console_review", Method::GET, "/console/review", SEE_ALL_KEYS, audit::review::show),
    page("console_review_settle", Method::POST, "/console/review", CHANGE_KEYS, audit::review::settle),
    page("console_providers", Method::GET, "/console/providers", SEE_PROVIDERS, providers::list::show),
    page(
        "console_provider_new",
        Method::GET,
        "/console/providers/new",
        SET_PROVIDERS,
        providers::change::show_new,
    ),
    page("console_provider_make", Method::POST, "/console/providers", SET_PROVIDERS, providers::change::make),
    page(
        "console_provider",
        Method::GET,
        "/console/providers/{provider}",
        SEE_PROVIDERS,
        providers::one::show,
    ),
    page(
        "console_provider_switch",
        Method::POST,
        "/console/providers/{provider}/switch",
        SET_PROVIDERS,
        providers::change::switch,
    ),
    page(
        "console_provider_remove",
        Method::POST,
        "/console/providers/{provider}/remove",
        END_PROVIDERS,
        providers::change::remove,
    ),
    page(
        "console_provider_test",
        Method::POST,
        "/console/providers/{provider}/test",
        CHANGE_PROVIDERS,
        providers::credentials::test,
    ),
    page(
        "console_credential_add",
        Method::POST,
        "/console/providers/{provider}/credentials",
        ADD_CREDENTIALS,
        providers::credentials::add,
    ),
    page(
        "console_credential_change",
        Method::POST,
        "/console/providers/{provider}/credentials/{credential}",
        CHANGE_PROVIDERS,
        providers::credentials::change,
    ),
    page("console_routes", Method::GET, "/console/routes", SEE_PROJECTS, routes::list::show),
    page(
        "console_simulator",
        Method::GET,
        "/console/routes/simulator",
        SEE_PROJECTS,
        routes::simulator::show,
    ),
    page("console_route_new", Method::GET, "/console/routes/new", MAKE_PROJECTS, routes::change::show_new),
    page("console_route_make", Method::POST, "/console/routes", MAKE_PROJECTS, routes::change::make),
    page("console_route", Method::GET, "/console/routes/{route}", SEE_PROJECTS, routes::one::show),
    page(
        "console_route_edit",
        Method::GET,
        "/console/routes/{route}/edit",
        CHANGE_ROUTES,
        routes::change::show,
    ),
    page(
        "console_route_change",
        Method::POST,
        "/console/routes/{route}",
        CHANGE_ROUTES,
        routes::change::change,
    ),
    page(
        "console_route_remove",
        Method::POST,
        "/console/routes/{route}/remove",
        END_ROUTES,
        routes::one::remove,
    ),
    page(
        "console_applications",
        Method::GET,
        "/console/applications",
        SEE_SETTINGS,
        applications::list::show,
    ),
    page(
        "console_application_ask",
        Method::POST,
        "/console/applications",
        CHANGE_SETTINGS,
        applications::list::ask,
    ),
    page(
        "console_application",
        Method::GET,
        "/console/applications/{application}",
        SEE_SETTINGS,
        applications::one::show,
    ),
    page(
        "console_application_decide",
        Method::POST,
        "/console/applications/{application}",
        DECIDE,
        applications::one::decide,
    ),
    page("console_tiers", Method::GET, "/console/tiers", SEE_TIERS, tiers::list::show),
    page("console_tier_make", Method::POST, "/console/tiers", MAKE_TIERS, tiers::list::make),
    page("console_tier", Method::GET, "/console/tiers/{tier}", SEE_TIERS, tiers::one::show),
    page("console_tier_update", Method::POST, "/console/tiers/{tier}", DECIDE, tiers::one::update),
    page("console_tier_give", Method::POST, "/console/tiers/{tier}/give", DECIDE, tiers::one::give),
    page("console_projects", Method::GET, "/console/projects", SEE_PROJECTS, projects::list::show),
    page("console_project_make", Method::POST, "/console/projects", MAKE_PROJECTS, projects::list::make),
    page("console_project", Method::GET, "/console/projects/{project}", SEE_PROJECT, projects::one::show),
    page(
        "console_project_update",
        Method::POST,
        "/console/projects/{project}",
        CHANGE_PROJECT,
        projects::change::update,
    ),
    page(
        "console_project_models",
        Method::POST,
        "/console/projects/{project}/models",
        CHANGE_PROJECT,
        projects::change::models,
    ),
    page(
        "console_project_archive",
        Method::POST,
        "/console/projects/{project}/archive",
        END_PROJECT,
        projects::change::archive,
    ),
    page(
        "console_project_member_add",
        Method::POST,
        "/console/projects/{project}/members",
        ADD_THERE,
        projects::change::add_member,
    ),
    page(
        "console_project_member_remove",
        Method::POST,
        "/console/projects/{project}/members/remove",
        REMOVE_THERE,
        projects::change::remove_member,
    ),
    page(
        "console_account_add",
        Method::POST,
        "/console/projects/{project}/accounts",
        ADD_THERE,
        projects::change::add_account,
    ),
    page(
        "console_account_remove",
        Method::POST,
        "/console/projects/{project}/accounts/remove",
        REMOVE_THERE,
        projects::change::remove_account,
    ),
    page("console_members", Method::GET, "/console/members", SEE_MEMBERS, members::list::show),
    page("console_invite", Method::POST, "/console/members/invite", ADD_MEMBERS, members::change::invite),
    page(
        "console_invite_remove",
        Method::POST,
        "/console/members/invite/remove",
        REMOVE_MEMBERS,
        members::change::take_back,
    ),
    page("console_member", Method::GET, "/console/members/{user}", SEE_MEMBERS, members::one::show),
    page(
        "console_member_update",
        Method::POST,
        "/console/members/{user}",
        CHANGE_MEMBERS,
        members::change::update,
    ),
    page(
        "console_member_remove",
        Method::POST,
        "/console/members/{user}/remove",
        REMOVE_MEMBERS,
        members::change::remove,
    ),
    page("console_roles", Method::GET, "/console/roles", SEE_MEMBERS, members::roles::show),
    page("console_role_make", Method::POST, "/console/roles", MAKE_ROLES, members::roles::make),
    page("console_role_remove", Method::POST, "/console/roles/remove", REMOVE_ROLES, members::roles::remove),
    page("console_budgets", Method::GET, "/console/budgets", SEE_BUDGETS, money::budgets::show),
    page("console_budget_make", Method::POST, "/console/budgets", MAKE_BUDGETS, money::budgets::make),
    page("console_budget", Method::GET, "/console/budgets/{budget}", SEE_BUDGETS, money::budget::show),
    page(
        "console_budget_update",
        Method::POST,
        "/console/budgets/{budget}",
        CHANGE_BUDGETS,
        money::budget::update,
    ),
    page(
        "console_budget_remove",
        Method::POST,
        "/console/budgets/{budget}/remove",
        END_BUDGETS,
        money::budget::remove,
    ),
    page("console_limits", Method::GET, "/console/limits", SEE_PROJECTS, money::limits::show),
    page("console_limits_change", Method::POST, "/console/limits", CHANGE_PROJECTS, money::limits::change),
    page("console_credit", Method::GET, "/console/credit", SEE_CREDIT, money::credit::show),
    page("console_credit_put", Method::POST, "/console/credit", CHANGE_CREDIT, money::credit::put),
    page("console_settings", Method::GET, "/console/settings", SEE_SETTINGS, settings::show),
    page("console_settings_change", Method::POST, "/console/settings", CHANGE_SETTINGS, settings::change),
    page("console_playground", Method::GET, "/console/playground", PLAY, playground::show),
    page("console_playground_token", Method::POST, "/console/playground/token", PLAY, playground::token),
];

// A handler asks again when it knows whose key it is.
const SEE_KEYS: Needs = Needs::Admin(Scope::READ_KEYS, About::Anywhere);
const MAKE_KEYS: Needs = Needs::Admin(Scope::CREATE_KEYS, About::Anywhere);
const CHANGE_KEYS: Needs = Needs::Admin(Scope::UPDATE_KEYS, About::Anywhere);
const END_KEYS: Needs = Needs::Admin(Scope::DELETE_KEYS, About::Anywhere);

const SEE_BUDGETS: Needs = Needs::Admin(Scope::READ_BUDGETS, About::Anywhere);
const MAKE_BUDGETS: Needs = Needs::Admin(Scope::CREATE_BUDGETS, About::Anywhere);
const CHANGE_BUDGETS: Needs = Needs::Admin(Scope::UPDATE_BUDGETS, About::Anywhere);
const END_BUDGETS: Needs = Needs::Admin(Scope::DELETE_BUDGETS, About::Anywhere);
const SEE_ALL_KEYS: Needs = Needs::Admin(Scope::READ_KEYS, About::Organization);
const SEE_AUDIT: Needs = Needs::Admin(Scope::READ_AUDIT_LOGS, About::Anywhere);
const SEE_ALL_AUDIT: Needs = Needs::Admin(Scope::READ_AUDIT_LOGS, About::Organization);
const SEE_PROJECTS: Needs = Needs::Admin(Scope::READ_PROJECTS, About::Anywhere);
const CHANGE_PROJECTS: Needs = Needs::Admin(Scope::UPDATE_PROJECTS, About::Anywhere);
const MAKE_PROJECTS: Needs = Needs::Admin(Scope::CREATE_PROJECTS, About::Organization);
const CHANGE_ROUTES: Needs = Needs::Admin(Scope::UPDATE_PROJECTS, About::Organization);
const END_ROUTES: Needs = Needs::Admin(Scope::DELETE_PROJECTS, About::Organization);
const SEE_PROJECT: Needs = Needs::Admin(Scope::READ_PROJECTS, About::Project);
const CHANGE_PROJECT: Needs = Needs::Admin(Scope::UPDATE_PROJECTS, About::Project);
const END_PROJECT: Needs = Needs::Admin(Scope::DELETE_PROJECTS, About::Project);
const ADD_THERE: Needs = Needs::Admin(Scope::CREATE_MEMBERS, About::Project);
const REMOVE_THERE: Needs = Needs::Admin(Scope::DELETE_MEMBERS, About::Project);
const SEE_MEMBERS: Needs = Needs::Admin(Scope::READ_MEMBERS, About::Organization);
const ADD_MEMBERS: Needs = Needs::Admin(Scope::CREATE_MEMBERS, About::Organization);
const CHANGE_MEMBERS: Needs = Needs::Admin(Scope::UPDATE_MEMBERS, About::Organization);
const REMOVE_MEMBERS: Needs = Needs::Admin(Scope::DELETE_MEMBERS, About::Organization);
const MAKE_ROLES: Needs = Needs::Admin(Scope::CREATE_SETTINGS, About::Organization);
const REMOVE_ROLES: Needs = Needs::Admin(Scope::DELETE_SETTINGS, About::Organization);
const SEE_CREDIT: Needs = Needs::Admin(Scope::READ_BILLING, About::Organization);
const CHANGE_CREDIT: Needs = Needs::Admin(Scope::MANAGE_BILLING, About::Organization);
const SEE_PROVIDERS: Needs = Needs::Admin(Scope::READ_PROVIDERS, About::Organization);
const ADD_CREDENTIALS: Needs = Needs::Admin(Scope::CREATE_PROVIDERS, About::Organization);
const CHANGE_PROVIDERS: Needs = Needs::Admin(Scope::UPDATE_PROVIDERS, About::Organization);
const SET_PROVIDERS: Needs = Needs::Admin(Scope::UPDATE_PROVIDERS, About::Installation);
const END_PROVIDERS: Needs = Needs::Admin(Scope::DELETE_PROVIDERS, About::Installation);
const DECIDE: Needs = Needs::Admin(Scope::UPDATE_SETTINGS, About::Installation);
const SEE_TIERS: Needs = Needs::Admin(Scope::READ_SETTINGS, About::Installation);
const MAKE_TIERS: Needs = Needs::Admin(Scope::CREATE_SETTINGS, About::Installation);
const SEE_SETTINGS: Needs = Needs::Admin(Scope::READ_SETTINGS, About::Organization);
const CHANGE_SETTINGS: Needs = Needs::Admin(Scope::UPDATE_SETTINGS, About::Organization);
// Whoever may make keys may call what a key of theirs may.
const PLAY: Needs = Needs::Admin(Scope::CREATE_KEYS, About::Anywhere);
const SEE_USAGE: Needs = Needs::Admin(Scope::READ_USAGE, About::Anywhere);
const SEE_REQUESTS: Needs = Needs::Admin(Scope::READ_REQUESTS, About::Anywhere);

/// A row of a page.
pub(super) const fn page(
    name: &'static str,
    method: Method,
    path: &'static str,
    needs: Needs,
    handler: fn(Arc<Shared>, Inbound, Option<Arc<Grant>>) -> Sendable,
) -> Route {
    let body = if matches!(method, Method::POST) { BodyLimit::Management } else { BodyLimit::None };
    Route {
        name,
        method,
        path,
        also: &[],
        needs,
        body,
        shape: Shape::Page,
        billing: Billing::Free,
        handler: Handler::Control(handler),
    }
}
