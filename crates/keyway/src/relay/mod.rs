//! The life of a request, as one list of steps.

pub mod attempt;
pub mod believe;
pub mod context;
pub mod cut;
pub mod deliver;
pub mod exchange;
pub mod failures;
pub mod labels;
pub mod large;
pub mod limits;
pub mod meter;
pub mod money;
pub mod obey;
pub mod refusals;
pub mod refuse;
pub mod route;
pub mod run;
pub mod running;
pub mod source;
pub mod story;
pub mod stream;
pub mod way;

pub use context::{Shared, Worker};
pub use exchange::{Frames, Inbound, OutBody, Outbound};
pub use route::{Handler, Route};
