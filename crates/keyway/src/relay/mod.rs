//! The life of a request, as one list of steps.

pub mod context;
pub mod exchange;
pub mod route;

pub use context::{Shared, Worker};
pub use exchange::{Inbound, OutBody, Outbound};
pub use route::{Handler, Route};
