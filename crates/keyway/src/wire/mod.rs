//! Data-plane routes: one file per client dialect and subject.

pub mod health;
pub mod infer;
pub mod jwks;
pub mod models;
