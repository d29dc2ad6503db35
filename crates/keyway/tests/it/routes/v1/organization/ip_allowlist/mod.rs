//! `/v1/organization/ip_allowlist`

mod post;
