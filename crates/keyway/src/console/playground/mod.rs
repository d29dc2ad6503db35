//! Trying models: a page that calls the data plane as any client does, under a token that lives minutes.

mod page;
mod token;

pub use page::show;
pub use token::token;
