//! `/v1/organization/credit`

mod charged;
mod grants;
