//! The life of a request, as one list of steps.

pub mod attempt;
pub mod believe;
pub mod context;
pub mod deliver;
pub mod desk;
pub mod exchange;
pub mod exposed;
pub mod failures;
pub mod labels;
pub mod large;
pub mod limits;
pub mod obey;
pub mod quirks;
pub mod refuse;
pub mod route;
pub mod run;
pub mod running;
pub mod source;
pub mod story;
pub mod stream;

pub use context::{Shared, Worker};
pub use exchange::{Frames, Inbound, OutBody, Outbound};
pub use route::{Handler, Route};
