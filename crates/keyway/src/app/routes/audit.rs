//! The audit log.

use super::managed;
use crate::access::verify::About::{Anywhere, Organization};
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::audit;
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    managed(
        "audit_list",
        Method::GET,
        "/v1/organization/audit_logs",
        Admin(Scope::READ_AUDIT_LOGS, Anywhere),
        audit::list,
    ),
    managed(
        "audit_verify",
        Method::GET,
        "/v1/organization/audit_logs/verify",
        Admin(Scope::READ_AUDIT_LOGS, Organization),
        audit::verify_all,
    ),
];
