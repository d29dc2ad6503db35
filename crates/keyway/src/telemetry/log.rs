//! The operator's log: `tracing` to stderr, text on a terminal and JSON lines elsewhere.

use super::scrub;
use crate::base::Fault;
use crate::base::fault::Doing;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What libraries say at every start, or of every connection to a database that is away, which the feed says once.
const QUIET: &str = "sqlx::postgres::notice=warn,sqlx_core::pool=off,sqlx::pool=error";

static JSON: AtomicBool = AtomicBool::new(false);

/// How another filter is set in the log that runs.
static SET: OnceLock<Box<dyn Fn(EnvFilter) -> bool + Send + Sync>> = OnceLock::new();

/// Starts the log for this process. `filter` is a level or a list of `target=level`. Lines are
/// JSON when `json` says so or stderr is no terminal. Answers whether the log was started:
/// false when it already ran, which changes nothing.
///
/// # Errors
/// The filter is malformed.
pub fn init(filter: &str, json: bool) -> Result<bool, Fault> {
    let filter = read(filter)?;
    let terminal = io::stderr().is_terminal();
    let json = json || !terminal;
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(Stderr).with_ansi(colour && !json);
    let (started, set): (bool, Box<dyn Fn(EnvFilter) -> bool + Send + Sync>) = if json {
        let log = log.json().with_filter_reloading();
        let handle = log.reload_handle();
        let started = tracing::subscriber::set_global_default(log.finish()).is_ok();
        (started, Box::new(move |filter| handle.reload(filter).is_ok()))
    } else {
        let log = log.with_filter_reloading();
        let handle = log.reload_handle();
        let started = tracing::subscriber::set_global_default(log.finish()).is_ok();
        (started, Box::new(move |filter| handle.reload(filter).is_ok()))
    };
    if started {
        JSON.store(json, Ordering::Relaxed);
        let _ = SET.set(set);
    }
    Ok(started)
}

/// Sets another filter in the log that runs.
///
/// # Errors
/// The filter is malformed, or no log runs.
pub fn set(filter: &str) -> Result<(), Fault> {
    let filter = read(filter)?;
    let done = SET.get().is_some_and(|set| set(filter));
    if done { Ok(()) } else { Err(Fault::plain("the log that runs takes no other filter")) }
}

fn read(filter: &str) -> Result<EnvFilter, Fault> {
    // The operator's own words come last, and so count.
    EnvFilter::try_new(format!("{QUIET},{filter}")).doing("reading the log filter")
}

/// Whether the log of this process is JSON lines.
pub(super) fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// Stderr behind the scrubber: libraries write here too, at TRACE whatever they hold.
struct Stderr;

impl<'a> MakeWriter<'a> for Stderr {
    type Writer = Scrubbed<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        Scrubbed(io::stderr())
    }
}

/// Scrubs each write; an event comes as one.
struct Scrubbed<W>(W);

impl<W: Write> Write for Scrubbed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(scrub(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::{Scrubbed, init};
    use std::io::Write;

    #[test]
    fn a_second_start_changes_nothing() {
        assert!(init("nonsense=[", false).is_err());
        assert!(init("error", false).unwrap());
        assert!(!init("trace", true).unwrap());
    }

    #[test]
    fn what_is_written_is_scrubbed() {
        let mut out = Scrubbed(Vec::new());
        out.write_all(b"sent Authorization: Bearer sk-kw-live-0123456789\n").unwrap();
        assert_eq!(String::from_utf8(out.0).unwrap(), "sent Authorization: Bearer ***\n");
    }
}
