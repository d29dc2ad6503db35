//! Budgets.

use super::managed;
use crate::access::verify::About::Anywhere;
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::budgets;
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
];
