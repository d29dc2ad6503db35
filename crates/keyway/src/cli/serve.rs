//! `keyway serve`

use super::args::Global;
use super::failure::Failure;
use super::output::Out;
use super::session;
use clap::Args;

/// Run the server
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

/// Runs it until a signal ends it.
///
/// # Errors
/// Mistakes of the configuration, and why the server could not start or did not end well.
pub fn run(global: &Global, serve: &Serve, out: &Out) -> Result<(), Failure> {
    let flags = [("listen", serve.listen.clone())];
    let config = session::configuration(global, &flags)?;
    let sources = session::sources(global, &flags)?;
    // A reader of the banner that has left is no reason not to serve.
    let say = |text: &str| drop(out.write(text));
    crate::app::serve::serve(&config, sources, &say)?;
    Ok(())
}
