//! The console from outside, without a browser: forms, cookies and answers.

mod accounts;
mod admin_keys;
mod alerts;
mod applications;
mod docs;
mod federated;
mod frame;
mod groups;
mod idp;
mod keys;
mod live;
mod mail;
mod many;
mod operator;
mod pages;
mod providers;
mod roles;
mod routes;
mod sessions;
mod setup;
mod tiers;
pub mod visitor;
mod webhooks;
mod wizard;
