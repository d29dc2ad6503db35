//! What was used and what it cost: sums of the rollups, as a chart and as a table.

pub mod advice;
pub mod asked;
pub mod page;
pub mod read;
pub mod table;
