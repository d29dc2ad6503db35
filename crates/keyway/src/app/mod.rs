//! Floor 7: route table, listeners, start-up, drain.

mod aws_keys;
pub mod banner;
pub mod body;
pub mod cors;
pub mod dispatch;
pub mod door;
pub mod files;
pub mod http1;
pub mod http2;
pub mod listen;
pub mod metrics_listener;
pub mod open;
pub mod openapi;
pub mod otlp;
pub mod pace;
pub mod peer;
pub mod protocol;
pub mod reload;
pub mod routes;
pub mod sandbox;
pub mod serve;
pub mod signals;
pub mod socket;
pub mod start;
pub mod tls;
pub mod worker;
