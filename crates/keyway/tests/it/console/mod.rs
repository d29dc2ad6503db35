//! The console from outside, without a browser: forms, cookies and answers.

mod accounts;
mod alerts;
mod frame;
mod keys;
mod mail;
mod pages;
mod roles;
mod sessions;
mod setup;
pub mod visitor;
