//! Keyway: self-hosted platform for LLM API access. `ARCHITECTURE.md` is the map.

pub mod base;
pub mod catalog;
pub mod config;
