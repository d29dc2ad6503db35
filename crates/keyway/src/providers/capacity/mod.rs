//! The doors of accounts that take so many requests at a time, and who is next before each.

pub mod fair;
pub mod gate;
pub mod gates;

pub use gate::{Entry, Gate, Slot, Standing};
pub use gates::Gates;
