//! What somebody sees first: how it goes, what needs a look, what came last.

mod attention;
mod page;

pub use page::show;
