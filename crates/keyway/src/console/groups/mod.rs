//! Groups of people: what a group has, everybody in it has.

pub mod change;
pub mod list;
pub mod one;

const PATH: &str = "/console/groups";
