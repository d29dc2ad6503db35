//! Keys: their text form, their digests, the cache of grants, and verification.

pub mod act;
pub mod budgets;
pub mod cache;
pub mod chain;
pub mod credential;
pub mod details;
pub mod edit;
pub mod endpoints;
pub mod ephemeral;
pub mod format;
pub mod grant;
pub mod incident;
pub mod invited;
pub mod keys;
pub mod labels;
pub mod levels;
pub mod limits;
pub mod lookup;
pub mod models;
pub mod naming;
pub mod networks;
pub mod permit;
pub mod policy;
pub mod purse;
pub mod read_only;
pub mod review;
pub mod rotate;
pub mod session;
pub mod standing;
pub mod switch;
pub mod told;
pub mod uses;
pub mod verify;

pub use cache::KeyCache;
pub use grant::{Grant, Kind, Mode};
pub use levels::{Levels, Subjects};
