//! Usage, cost, the request log, nodes.

use super::managed;
use crate::access::verify::About::{Anywhere, Installation};
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{nodes, requests, usage};
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    managed(
        "usage_completions",
        Method::GET,
        "/v1/organization/usage/completions",
        Admin(Scope::READ_USAGE, Anywhere),
        usage::completions,
    ),
    managed("costs", Method::GET, "/v1/organization/costs", Admin(Scope::READ_USAGE, Anywhere), usage::costs),
    managed(
        "request_list",
        Method::GET,
        "/v1/organization/requests",
        Admin(Scope::READ_REQUESTS, Anywhere),
        requests::list,
    ),
    managed(
        "request_get",
        Method::GET,
        "/v1/organization/requests/{request}",
        Admin(Scope::READ_REQUESTS, Anywhere),
        requests::get,
    ),
    managed(
        "nodes",
        Method::GET,
        "/v1/organization/nodes",
        Admin(Scope::READ_SETTINGS, Installation),
        nodes::list,
    ),
];
