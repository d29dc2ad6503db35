//! `/v1/organization/groups`

mod post;
