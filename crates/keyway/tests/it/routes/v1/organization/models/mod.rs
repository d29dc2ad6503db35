//! `/v1/organization/models`

mod post;
