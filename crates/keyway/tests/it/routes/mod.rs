//! The routes, in the tree of their paths.

mod bad_input;
mod healthz;
mod matrix;
mod metrics;
mod openapi;
mod readyz;
mod unknown;
mod user;
pub mod v1;
mod v1beta;
