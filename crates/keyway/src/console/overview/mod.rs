//! What somebody sees first: how it goes, what needs a look, what came last.

mod attention;
pub mod begin;
mod page;

pub use page::show;
