//! `keyway sandbox`: the built-in models alone, an upstream to develop against.

use super::failure::Failure;
use super::output::Out;
use super::session;
use clap::Args;
use std::net::SocketAddr;

/// Serve the built-in sandbox models alone, without keys
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
}

/// Runs it until a signal ends it.
///
/// # Errors
/// Why it could not start.
pub fn run(sandbox: &Sandbox, out: &Out) -> Result<(), Failure> {
    let say = |text: &str| drop(out.write(text));
    session::block_on(async { Ok(crate::app::sandbox::serve(sandbox.listen, &say).await?) })
}
