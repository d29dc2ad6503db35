//! HTTP/2 towards clients, on `h2`: one task per connection, and one for each request on it.
//!
//! Requests become the same heads, and are held to the same rules, as those of HTTP/1.1, and one
//! handler answers both. What a client does not take is not made: each stream has a small bounded
//! buffer, and what makes its answer waits for room there.

mod body;
mod connection;
mod deliver;
mod head;
mod io;
pub mod limits;
mod stream;

pub use body::Body;
pub use connection::serve;
