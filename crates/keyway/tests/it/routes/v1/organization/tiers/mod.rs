//! `/v1/organization/tiers`

mod tier;
