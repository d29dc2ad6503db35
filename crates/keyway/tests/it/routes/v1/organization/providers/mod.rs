//! `/v1/organization/providers`

mod credentials;
mod post;
