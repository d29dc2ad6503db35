//! People, organisations and projects, and who may do what.

pub mod scope;
pub mod setup;

pub use scope::{Scope, Scopes};
