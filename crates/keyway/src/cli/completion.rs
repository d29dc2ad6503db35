//! `keyway completion`

use super::args::Args;
use super::failure::{FAILED, Failure};
use super::output::Out;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints a completion script.
///
/// # Errors
/// When stdout does not take it.
pub fn run(shell: Shell, out: &Out) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "keyway", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| Failure::new(FAILED, format!("writing the completion script: {error}")))?;
    out.write(&script)
}
