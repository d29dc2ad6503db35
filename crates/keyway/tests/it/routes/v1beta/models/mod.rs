//! `/v1beta/models`

mod embed;
