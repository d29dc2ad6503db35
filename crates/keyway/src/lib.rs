//! Keyway: self-hosted platform for LLM API access. `ARCHITECTURE.md` is the map.

pub mod access;
pub mod accounts;
pub mod admin;
pub mod app;
pub mod audit;
pub mod base;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod console;
pub mod egress;
pub mod jobs;
pub mod mail;
pub mod metering;
pub mod pricing;
pub mod providers;
pub mod relay;
pub mod routing;
pub mod sandbox;
pub mod sealing;
pub mod store;
pub mod telemetry;
pub mod upstream;
pub mod vault;
pub mod watch;
pub mod wire;
