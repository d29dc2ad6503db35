//! `/v1/images/generations`

mod post;
