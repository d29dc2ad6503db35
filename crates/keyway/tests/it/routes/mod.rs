//! The routes, in the tree of their paths.

mod healthz;
mod metrics;
mod readyz;
mod unknown;
pub mod v1;
