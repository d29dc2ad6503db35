//! People, organisations and projects, and who may do what.

pub mod installation;
pub mod scope;
pub mod setup;

pub use installation::Installation;
pub use scope::{Scope, Scopes};
