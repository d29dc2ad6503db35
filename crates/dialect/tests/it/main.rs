//! The laws of the hub over all dialects, what documented traffic becomes, and the matrix of what
//! crosses between any two of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken set-up fails the test")]

mod golden;
mod matrix;
mod passthrough;
mod requests;
mod story;
mod streams;

use dialect::Dialect;

/// Every dialect the laws hold for.
const SPOKEN: &[Dialect] = &Dialect::ALL;
