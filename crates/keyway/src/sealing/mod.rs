//! The master key and what is derived from it.

mod aead;
pub mod envelope;
pub mod master;
pub mod memory;
pub mod outward;
pub mod states;
pub mod tokens;

pub use envelope::{Place, Unopened};
pub use master::{Digest, MasterKey};
pub use states::StateKeys;
pub use tokens::TokenKeys;
