//! What is noticed, and who is told.

mod deliver;
mod smtp;
