//! Floor 6: the management API. Handlers are rows of the route table, so permission is decided
//! before they run: each gets the admin grant that was verified, and stays within its organisation.
//!
//! Objects are structs that serialise in the documented order; the command line prints the same ones.

pub mod applications;
pub mod ask;
pub mod audit;
pub mod audit_object;
pub mod body;
pub mod budget_object;
pub mod budgets;
pub mod credit;
pub mod credit_object;
pub mod groups;
pub mod incident;
pub mod invites;
pub mod json;
pub mod key_acts;
pub mod key_edit;
pub mod key_object;
pub mod key_uses;
pub mod keys;
pub mod limit_object;
pub mod limits;
pub mod model_object;
pub mod model_permissions;
pub mod models;
pub mod nodes;
pub mod notifications;
pub mod organizations;
pub mod own_key;
pub mod people;
pub mod price_object;
pub mod prices;
pub mod project_members;
pub mod projects;
pub mod request_object;
pub mod requests;
pub mod review;
pub mod roles;
pub mod route_object;
pub mod routes;
pub mod secret_object;
pub mod secrets;
pub mod service_accounts;
pub mod settings;
pub mod tier_object;
pub mod tiers;
pub mod tokens;
pub mod usage;
pub mod usage_export;
pub mod usage_object;
pub mod wait;
pub mod webhooks;
pub mod write;
