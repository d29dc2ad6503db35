//! `/v1/moderations`

mod post;
