//! All SQL: one file per group of tables, one function per statement.

pub mod audit;
pub mod budget_events;
pub mod budgets;
pub mod changes;
pub mod crash_holds;
pub mod credit;
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
pub mod organizations;
pub mod people;
pub mod project_members;
pub mod proof;
pub mod requests;
pub mod requests_write;
pub mod review;
pub mod roles;
pub mod service_accounts;
pub mod settings;
pub mod spent;
pub mod tenants;
pub mod tiers;
pub mod usage;
pub mod usage_columns;
pub mod usage_write;
pub mod windows;

pub use db::{Conn, Db, Engine, Tx};
