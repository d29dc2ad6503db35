//! Floor 5: what is noticed and who is told: rules, what they are held against, messages to people and
//! programs.

pub mod advice;
pub mod alerts;
pub mod confirm;
pub mod digest;
pub mod find;
pub mod fire;
pub mod kind;
pub mod known;
pub mod minutes;
pub mod outages;
pub mod past;
pub mod preview;
pub mod preview_used;
pub mod round;
pub mod rules;
pub mod send;
pub mod sums;
#[cfg(test)]
mod tests;
pub mod timeline;
pub mod used;
pub mod webhooks;
pub mod words;
