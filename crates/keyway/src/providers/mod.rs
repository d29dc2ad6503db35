//! Floor 4: providers as this process reaches them, each with the credentials it may show.

pub mod source;
pub mod upstream;

pub use source::{FromConfig, build};
pub use upstream::{CONFIG, Owner, Upstream, Upstreams};
