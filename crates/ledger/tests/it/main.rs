//! Tests of the ledger through its public functions.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod account;
mod account_laws;
mod histogram;
mod limits;
mod limits_exact;
mod limits_gap;
mod limits_shared;
mod limits_threads;
mod money;
mod orphan;
mod price;
mod price_laws;
mod record;
mod record_faults;
mod reserve;
mod samples;
mod sim;
mod window;
