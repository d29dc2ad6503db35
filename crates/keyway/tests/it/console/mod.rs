//! The console from outside, without a browser: forms, cookies and answers.

mod frame;
mod keys;
mod sessions;
mod setup;
pub mod visitor;
