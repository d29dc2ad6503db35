//! Budgets, balances, tiers.

use super::managed;
use crate::access::verify::About::{Anywhere, Installation, Organization};
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{applications, budgets, credit, tiers};
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    managed(
        "budget_list",
        Method::GET,
        "/v1/organization/budgets",
        Admin(Scope::READ_BUDGETS, Anywhere),
        budgets::list,
    ),
    managed(
        "budget_create",
        Method::POST,
        "/v1/organization/budgets",
        Admin(Scope::CREATE_BUDGETS, Anywhere),
        budgets::create,
    ),
    managed(
        "budget_get",
        Method::GET,
        "/v1/organization/budgets/{budget}",
        Admin(Scope::READ_BUDGETS, Anywhere),
        budgets::get,
    ),
    managed(
        "budget_update",
        Method::POST,
        "/v1/organization/budgets/{budget}",
        Admin(Scope::UPDATE_BUDGETS, Anywhere),
        budgets::update,
    ),
    managed(
        "budget_remove",
        Method::DELETE,
        "/v1/organization/budgets/{budget}",
        Admin(Scope::DELETE_BUDGETS, Anywhere),
        budgets::remove,
    ),
    managed(
        "credit_get",
        Method::GET,
        "/v1/organization/credit",
        Admin(Scope::READ_BILLING, Organization),
        credit::get,
    ),
    managed(
        "credit_update",
        Method::POST,
        "/v1/organization/credit",
        Admin(Scope::MANAGE_BILLING, Organization),
        credit::update,
    ),
    managed(
        "credit_list",
        Method::GET,
        "/v1/organization/credit/grants",
        Admin(Scope::READ_BILLING, Organization),
        credit::list,
    ),
    managed(
        "credit_grant",
        Method::POST,
        "/v1/organization/credit/grants",
        Admin(Scope::MANAGE_BILLING, Organization),
        credit::grant,
    ),
    managed(
        "tier_list",
        Method::GET,
        "/v1/organization/tiers",
        Admin(Scope::READ_SETTINGS, Installation),
        tiers::list,
    ),
    managed(
        "tier_create",
        Method::POST,
        "/v1/organization/tiers",
        Admin(Scope::CREATE_SETTINGS, Installation),
        tiers::create,
    ),
    managed(
        "tier_get",
        Method::GET,
        "/v1/organization/tiers/{tier}",
        Admin(Scope::READ_SETTINGS, Installation),
        tiers::get,
    ),
    managed(
        "tier_update",
        Method::POST,
        "/v1/organization/tiers/{tier}",
        Admin(Scope::UPDATE_SETTINGS, Installation),
        tiers::update,
    ),
    managed(
        "verification_list",
        Method::GET,
        "/v1/organization/verification_requests",
        Admin(Scope::READ_SETTINGS, Organization),
        applications::list_verifications,
    ),
    managed(
        "verification_ask",
        Method::POST,
        "/v1/organization/verification_requests",
        Admin(Scope::UPDATE_SETTINGS, Organization),
        applications::ask_verification,
    ),
    managed(
        "verification_get",
        Method::GET,
        "/v1/organization/verification_requests/{verification_request}",
        Admin(Scope::READ_SETTINGS, Organization),
        applications::get_verification,
    ),
    managed(
        "verification_decide",
        Method::POST,
        "/v1/organization/verification_requests/{verification_request}",
        Admin(Scope::UPDATE_SETTINGS, Installation),
        applications::decide_verification,
    ),
    managed(
        "limit_increase_list",
        Method::GET,
        "/v1/organization/limit_increase_requests",
        Admin(Scope::READ_SETTINGS, Organization),
        applications::list_increases,
    ),
    managed(
        "limit_increase_ask",
        Method::POST,
        "/v1/organization/limit_increase_requests",
        Admin(Scope::UPDATE_SETTINGS, Organization),
        applications::ask_increase,
    ),
    managed(
        "limit_increase_get",
        Method::GET,
        "/v1/organization/limit_increase_requests/{limit_increase_request}",
        Admin(Scope::READ_SETTINGS, Organization),
        applications::get_increase,
    ),
    managed(
        "limit_increase_decide",
        Method::POST,
        "/v1/organization/limit_increase_requests/{limit_increase_request}",
        Admin(Scope::UPDATE_SETTINGS, Installation),
        applications::decide_increase,
    ),
];
