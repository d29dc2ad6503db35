//! The front door: what may not come in, and who may not hold it up; TLS, HTTP/2, browsers, proxies in front.

mod caps;
mod corpus;
mod cors;
mod frames;
mod http2;
mod http2_floods;
mod http2_flow;
mod line;
mod peer;
mod rows;
mod slow;
pub mod streams;
mod tls;
