//! `/v1/organization/budgets`

mod budget;
mod get;
mod post;
