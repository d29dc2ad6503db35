//! From a model's name to who is asked for it, in which order, and what failures mean.

pub mod allowed;
pub mod auto;
pub mod class;
pub mod dice;
pub mod facts;
pub mod lack;
pub mod order;
pub mod plan;
pub mod session;

#[cfg(test)]
mod tests;

pub use class::{Class, class};
pub use facts::{Asked, Facts};
pub use lack::may_call;
pub use plan::{Choice, Plan, plan};
pub use session::{Session, Sessions};
