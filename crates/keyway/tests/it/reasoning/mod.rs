//! Reasoning that clients do not bring back, and providers want back.

mod bounds;
mod clients;
mod hosts;
mod loops;
