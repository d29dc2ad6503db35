//! Who changed what, whether the log of it is whole, and what a review of keys finds.

pub mod list;
pub mod review;
pub mod verify;
