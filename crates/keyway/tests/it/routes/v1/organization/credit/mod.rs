//! `/v1/organization/credit`

mod grants;
