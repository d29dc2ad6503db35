//! `/user`

mod balance;
