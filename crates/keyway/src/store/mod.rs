//! All SQL: one file per group of tables, one function per statement.

pub mod audit;
pub mod catalog;
pub mod changes;
pub mod db;
pub mod ephemeral;
pub mod groups;
pub mod idempotency;
pub mod invites;
pub mod journal;
pub mod key_secrets;
pub mod keys;
pub mod limits;
mod many;
pub mod nodes;
pub mod once_links;
pub mod organizations;
pub mod outbox;
pub mod people;
pub mod persons;
pub mod project_members;
pub mod requests;
pub mod requests_write;
pub mod review;
pub mod roles;
pub mod service_accounts;
pub mod sessions;
pub mod settings;
pub mod tenants;
pub mod usage;
pub mod usage_columns;
pub mod usage_write;

pub use db::{Conn, Db, Engine, Tx};
