//! `/v1/models` and `/v1/models/{id}`

mod get;
mod model_get;
