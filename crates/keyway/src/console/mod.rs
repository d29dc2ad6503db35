//! Floor 7: the console. Pages are rows of the route table, made here on the server, and change things
//! through the same services as the management API.
//!
//! Every page works without scripts; the few small modules in `assets` only spare a click. What a page
//! may load is this server's own and nothing else (`page::answer` says so in its headers).

pub mod account;
pub mod admin_keys;
pub mod again;
pub mod alerts;
pub mod applications;
pub mod assets;
pub mod audit;
pub mod components;
pub mod docs;
pub mod federated;
pub mod form;
pub mod front;
pub mod groups;
pub mod health;
pub mod here;
pub mod invitation;
pub mod keys;
pub mod leave;
pub mod links;
pub mod members;
pub mod models;
pub mod money;
pub mod nav;
pub mod nodes;
pub mod organizations;
pub mod overview;
pub mod page;
pub mod parts;
pub mod playground;
pub mod projects;
pub mod providers;
pub mod refusal;
pub mod register;
pub mod requests;
pub mod routes;
pub mod say;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod span;
pub mod status;
pub mod theme;
pub mod tiers;
pub mod usage;
pub mod visit;
pub mod webhooks;
pub mod when;

pub use refusal::refused;
