//! `/v1/organization/webhooks`

mod post;
