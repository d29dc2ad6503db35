//! The routes, in the tree of their paths.

mod bad_input;
mod healthz;
mod matrix;
mod metrics;
mod openapi;
mod readyz;
mod unknown;
pub mod v1;
