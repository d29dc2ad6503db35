//! Looking back and looking ahead: the audit log, what would become of a call, the review of keys.

use super::managed;
use crate::access::verify::About::{Anywhere, Organization};
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{audit, explain, review};
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
    managed(
        "explain",
        Method::POST,
        "/v1/organization/explain",
        Admin(Scope::READ_KEYS, Anywhere),
        explain::create,
    ),
    managed(
        "key_review",
        Method::GET,
        "/v1/organization/key_review",
        Admin(Scope::READ_KEYS, Organization),
        review::list,
    ),
];
