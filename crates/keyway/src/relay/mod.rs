//! The life of a request, as one list of steps.

pub mod abilities;
pub mod attempt;
pub mod believe;
pub mod context;
pub mod count;
pub mod crossing;
pub mod cut;
pub mod deliver;
pub mod desk;
pub mod exchange;
pub mod exposed;
pub mod extension;
pub mod failures;
pub mod fetch;
pub mod labels;
pub mod large;
pub mod limits;
pub mod media;
pub mod meter;
pub mod money;
pub mod obey;
pub mod quirks;
pub mod refusals;
pub mod refuse;
pub mod restate;
pub mod route;
pub mod run;
pub mod running;
pub mod source;
pub mod stateless;
pub mod story;
pub mod stream;
pub mod way;

pub use context::{Shared, Worker};
pub use exchange::{Frames, Inbound, OutBody, Outbound};
pub use route::{Handler, Route};
