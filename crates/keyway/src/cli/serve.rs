//! `keyway serve`

use super::args::Global;
use super::failure::{FAILED, Failure};
use super::session;
use clap::Args;

/// Run the server
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

/// Runs it.
///
/// # Errors
/// Mistakes of the configuration; what the server ends with is its exit code.
pub fn run(global: &Global, serve: &Serve) -> Result<u8, Failure> {
    let _config = session::configuration(global, &[("listen", serve.listen.clone())])?;
    // crate::app::serve::serve(config)
    Err(Failure::new(FAILED, "the server is not part of this build"))
}
