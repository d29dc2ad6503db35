//! Floor 4: providers as this process reaches them, each with the credentials it may show.

pub mod account;
pub mod capacity;
pub mod credentials;
pub mod edit;
pub mod exchange;
pub mod health;
pub mod known;
pub mod load;
pub mod probe;
pub mod source;
pub mod standing;
pub mod upstream;

pub use health::Health;
pub use source::{Broken, FromConfig, Source, build};
pub use upstream::{CONFIG, Owner, Upstream, Upstreams};
