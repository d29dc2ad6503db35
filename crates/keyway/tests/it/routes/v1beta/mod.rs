//! `/v1beta`

mod models;
