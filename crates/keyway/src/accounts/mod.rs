//! People, organisations and projects, and who may do what.
//!
//! `scope` is the table of permissions, `role` the table of roles, `rights` the algebra over them,
//! `may` the one function that decides, `bound`
//! what is left of a gift now, `load` where rights come from, `acting` an act in the making.

pub mod acting;
pub mod applications;
pub mod attempts;
pub mod balance;
pub mod bound;
pub mod capability;
pub mod check;
pub mod credit;
pub mod custom_roles;
pub mod groups;
pub mod identities;
pub mod installation;
pub mod invites;
pub mod leave;
pub mod load;
pub mod may;
pub mod members;
pub mod notify;
pub mod organizations;
pub mod password;
pub mod persons;
pub mod project_members;
pub mod projects;
pub mod rights;
pub mod role;
pub mod scope;
pub mod seen;
pub mod service_accounts;
pub mod setup;
pub mod strength;
pub mod tiers;

pub use acting::{Acting, Deed};
pub use installation::Installation;
pub use may::{Actor, Subject, may};
pub use rights::{Held, Rights};
pub use scope::{Scope, Scopes};
