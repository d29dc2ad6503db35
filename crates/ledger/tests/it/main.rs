//! Tests of the ledger through its public functions.

mod histogram;
mod money;
mod orphan;
mod price;
mod price_laws;
mod record;
mod record_faults;
mod samples;
