//! The running program: its own folder, port and database, stopped and cleared away with the value.

mod builder;
mod cli;
mod requests;

#[cfg(test)]
mod tests;

pub use builder::Builder;
pub use cli::Output;

use crate::port::Port;
use crate::postgres::Database;
use crate::wait::within;
use rustix::process::{Pid, Signal, kill_process};
use rustls::ClientConfig;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the program may take until it answers `/readyz`, and to end after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program under test. It starts with the value and is killed with it.
pub struct Keyway {
    bin: PathBuf,
    folder: tempfile::TempDir,
    port: Port,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    has_config: bool,
    ready_path: String,
    tls: Option<Arc<ClientConfig>>,
    database: Option<Database>,
    child: Option<Child>,
    started_in: Duration,
}

impl Keyway {
    /// Prepares the program at `bin`: pass `env!("CARGO_BIN_EXE_keyway")`.
    pub fn builder(bin: impl Into<PathBuf>) -> Builder {
        Builder::new(bin.into())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Its data folder.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Its configuration file; it exists when the builder was given a text or a test writes one.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.folder.path().join("keyway.toml")
    }

    /// The URL of its PostgreSQL database; `None` on SQLite.
    #[must_use]
    pub fn postgres_url(&self) -> Option<String> {
        self.database.as_ref().map(Database::url)
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running server").id()
    }

    /// Time from the start of the process until it was ready.
    #[must_use]
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// What it wrote on stdout since the first start.
    #[must_use]
    pub fn stdout(&self) -> String {
        text_of(&self.stdout_file())
    }

    /// What it wrote on stderr since the first start.
    #[must_use]
    pub fn stderr(&self) -> String {
        text_of(&self.stderr_file())
    }

    /// The file that holds its stdout.
    #[must_use]
    pub fn stdout_file(&self) -> PathBuf {
        self.folder.path().join("stdout.log")
    }

    /// The file that holds its stderr.
    #[must_use]
    pub fn stderr_file(&self) -> PathBuf {
        self.folder.path().join("stderr.log")
    }

    /// Kills it without warning (SIGKILL).
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to end (SIGTERM), and does not wait.
    pub fn ask_to_end(&self) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        let _ = kill_process(pid.expect("a process id"), Signal::TERM);
    }

    /// Asks it to end (SIGTERM) and waits for that.
    ///
    /// # Panics
    /// When it has not ended after 30 s.
    pub fn terminate(&mut self) -> ExitStatus {
        self.ask_to_end();
        let status = self.wait_end(PATIENCE).expect("an end within 30 s of SIGTERM");
        self.child = None;
        status
    }

    /// Waits for its end; `None` when it still runs after `limit`.
    pub fn wait_end(&mut self, limit: Duration) -> Option<ExitStatus> {
        let child = self.child.as_mut()?;
        within(limit, || child.try_wait().ok().flatten())
    }

    /// Ends it if it runs (SIGTERM), and starts it on the same folder, port and database.
    pub fn restart(&mut self) {
        if self.child.is_some() {
            self.terminate();
        }
        self.start();
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// When it ends, or is not ready after 30 s; the message holds its stderr.
    pub fn start(&mut self) {
        let from = Instant::now();
        self.spawn();
        self.wait_ready();
        self.started_in = from.elapsed();
    }

    /// Waits until it is ready.
    ///
    /// # Panics
    /// When it ends, or is not ready after 30 s; the message holds its stderr.
    pub fn wait_ready(&mut self) {
        let ready = within(PATIENCE, || {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                panic!("keyway ended with {status} at its start:\n{}", self.stderr());
            }
            self.is_ready().then_some(())
        });
        assert!(ready.is_some(), "keyway was not ready after {PATIENCE:?}:\n{}", self.stderr());
    }

    /// Starts it without waiting.
    ///
    /// # Panics
    /// When the program cannot be run.
    pub fn spawn(&mut self) {
        let mut command = self.command(&["serve", "--listen", &self.address().to_string()]);
        command.args(&self.arguments);
        command.stdout(append(&self.stdout_file())).stderr(append(&self.stderr_file()));
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.bin.display()));
        self.child = Some(child);
    }

    /// Whether `/readyz` answers 200 now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let ask = || {
            let mut connection = self.open()?;
            connection.send("GET", &self.ready_path, &[("connection", "close")], b"")?;
            connection.response()
        };
        ask().is_ok_and(|response| response.status == 200)
    }

    /// A command on the same folder and database, in the same environment.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.bin);
        command.args(arguments).arg("--data-dir").arg(self.data_dir());
        if self.has_config || self.config_file().exists() {
            command.arg("--config").arg(self.config_file());
        }
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(url) = self.postgres_url() {
            command.env("KEYWAY_DATABASE", url);
        }
        command
    }
}

impl Drop for Keyway {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            let log = self.stderr();
            let tail = log.len().saturating_sub(8 * 1024);
            eprintln_tail(&String::from_utf8_lossy(&log.as_bytes()[tail..]));
        }
    }
}

#[expect(clippy::print_stderr, reason = "a failed test shows what the program said")]
fn eprintln_tail(tail: &str) {
    eprintln!("--- stderr of keyway ---\n{tail}\n------------------------");
}

fn text_of(file: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned()
}

fn append(file: &Path) -> File {
    File::options().create(true).append(true).open(file).expect("a file for the program's output")
}
