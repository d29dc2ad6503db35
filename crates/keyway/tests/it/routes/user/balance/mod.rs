//! `/user/balance`

mod get;
