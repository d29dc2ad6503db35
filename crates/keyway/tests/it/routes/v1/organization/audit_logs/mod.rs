//! `/v1/organization/audit_logs`

mod get;
mod verify;
