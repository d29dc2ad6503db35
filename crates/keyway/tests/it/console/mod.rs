//! The console from outside, without a browser: forms, cookies and answers.

mod accounts;
mod frame;
mod keys;
mod mail;
mod roles;
mod sessions;
mod setup;
pub mod visitor;
