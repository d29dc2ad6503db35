//! Floor 5: what is noticed and who is told: messages to people and programs.

pub mod send;
pub mod webhooks;
pub mod words;
