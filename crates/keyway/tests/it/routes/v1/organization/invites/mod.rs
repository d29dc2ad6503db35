//! `/v1/organization/invites`

mod post;
