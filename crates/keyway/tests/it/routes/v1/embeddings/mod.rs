//! `/v1/embeddings`

mod post;
