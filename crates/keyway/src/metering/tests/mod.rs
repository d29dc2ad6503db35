//! Tests of metering on the real file system and a real database: SQLite, and PostgreSQL where
//! `KEYWAY_TEST_POSTGRES` holds a URL.

mod admit;
pub(super) mod faults;
pub(super) mod fixture;
mod group;
mod group_laws;
mod journal;
mod keys;
mod reading;
mod recover;
mod ship;
