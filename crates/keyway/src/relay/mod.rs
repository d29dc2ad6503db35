//! The life of a request, as one list of steps.

pub mod context;
pub mod exchange;
pub mod obey;
pub mod route;
pub mod running;

pub use context::{Shared, Worker};
pub use exchange::{Frames, Inbound, OutBody, Outbound};
pub use route::{Handler, Route};
