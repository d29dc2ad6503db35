//! Sessions of people at the console: a secret in a cookie, known here by its digest alone.
//!
//! A session is verified as a key is: from the cache, which the change feed keeps true, so that one
//! that is ended, or whose person loses a role, is over on every node within a second.

pub mod cookie;
pub mod csrf;
pub mod lives;
pub mod once;

pub use lives::{Begun, Lasting, begin, end, end_all, turn};
