//! `keyway sandbox`: the built-in models alone, an upstream to develop against.

use super::failure::{FAILED, Failure};
use clap::Args;
use std::net::SocketAddr;

/// Serve the built-in sandbox models alone, without keys
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
}

/// Runs it.
///
/// # Errors
/// Why it could not start, or did not end well.
pub fn run(sandbox: &Sandbox) -> Result<(), Failure> {
    let text = format!("the sandbox on {} is not part of this build", sandbox.listen);
    Err(Failure::new(FAILED, text))
}
