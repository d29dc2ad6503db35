//! The master key and what is derived from it.

pub mod master;

pub use master::{Digest, MasterKey};
