//! From a model's name to who may be asked for it.

pub mod allowed;
pub mod plan;

pub use plan::{Plan, plan};
