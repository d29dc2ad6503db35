//! `/v1/rerank`

mod post;
