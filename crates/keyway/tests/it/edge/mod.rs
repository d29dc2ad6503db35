//! The front door: what may not come in, and who may not hold it up.

mod caps;
mod corpus;
mod line;
mod rows;
mod slow;
