//! `/v1/organizations`

mod post;
