//! What the tests stand on: a scripted provider, the running program, a database per test, a line
//! that can be cut, and a search for secrets. Development only; nothing here is in the product.
//!
//! A kit that cannot be set up must fail the test loudly, so this crate panics where the product
//! would return a fault, and reads the machine's clock where the product asks its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken set-up fails the test")]
#![allow(clippy::disallowed_methods, reason = "the kit measures real time")]

pub mod canary;
pub mod http;
pub mod keyway;
pub mod port;
pub mod postgres;
pub mod proxy;
pub mod sqlite;
pub mod standby;
pub mod tls;
pub mod upstream;
pub mod wait;

pub use canary::Canary;
pub use http::{Connection, Response};
pub use keyway::Keyway;
pub use port::Port;
pub use proxy::TcpProxy;
pub use serde_json::{Value, json};
pub use upstream::{Answer, Upstream, Usage, UsageAt};
pub use wait::{eventually, within};
