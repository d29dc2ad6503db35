//! Keyway: self-hosted platform for LLM API access. `ARCHITECTURE.md` is the map.

pub mod access;
pub mod accounts;
pub mod app;
pub mod audit;
pub mod base;
pub mod metering;
pub mod relay;
pub mod sealing;
pub mod store;
