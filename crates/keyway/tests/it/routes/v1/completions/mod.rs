//! `/v1/completions`

mod post;
