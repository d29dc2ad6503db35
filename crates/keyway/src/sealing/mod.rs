//! The master key and what is derived from it.

pub mod master;
pub mod tokens;
pub mod memory;

pub use master::{Digest, MasterKey};
pub use tokens::TokenKeys;
