//! `/v1/responses`

mod post;
