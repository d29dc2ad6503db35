//! Floor 1: providers, models, aliases and prices. A provider is a row.
//!
//! One file format serves the rows that come with Keyway (`data/*.toml`) and the operator's
//! `keyway.toml`. [`read`] turns text into [`Rows`], [`Catalog::build`] turns rows and the list
//! of providers that are on into an immutable snapshot, [`Catalog::resolve`] answers "who serves
//! this name" with one hash lookup.

pub mod balance;
pub mod build;
pub mod builtin;
pub mod credential;
pub mod decimal;
pub mod fields;
pub mod kinds;
pub mod mistake;
pub mod price;
pub mod route;
pub mod row;
pub mod rows;
pub mod snapshot;
pub mod url;
pub mod written;

#[cfg(test)]
mod tests;

pub use balance::BalanceAt;
pub use credential::CredentialRef;
pub use kinds::{AuthStyle, Dialect, Edit, Effort, ModelKind, Need, Quirk, Strategy, Thinking};
pub use mistake::{Mistake, Place};
pub use route::{Route, RouteRow, StoredRoute, TARGETS_MAX, TargetRow};
pub use row::{Alias, Audience, Capabilities, Efforts, Model, Origin, Provider, Quality, Target};
pub use rows::{AliasRow, ModelRow, ProviderRow, Rows, Stored, read};
pub use snapshot::{Catalog, NotFound, Resolution, Routed};
pub use written::{Field, FieldKind, Reader};
