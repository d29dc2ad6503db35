//! All SQL: one file per group of tables, one function per statement.

pub mod changes;
pub mod db;
pub mod idempotency;
pub mod keys;
pub mod nodes;
pub mod tenants;

pub use db::{Db, Engine, Tx};
