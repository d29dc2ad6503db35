//! A PostgreSQL primary and a standby that follows it and confirms every commit, for tests of a failover.

use crate::port::Port;
use crate::wait::within;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a server or one of its tools may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of the two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one that takes writes at first.
    First,
    /// The one that follows it.
    Second,
}

/// Two servers in a folder of their own; they end with the value.
pub struct Pair {
    folder: tempfile::TempDir,
    bin: PathBuf,
    ports: [Port; 2],
    running: [Option<Child>; 2],
}

impl Pair {
    /// Starts both; `None` where PostgreSQL's programs, `pg_basebackup` among them, are not installed.
    ///
    /// # Panics
    /// When a server does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let bin = programs()?;
        let folder = tempfile::Builder::new().prefix("keyway-pair-").tempdir().expect("a folder");
        let mut pair = Self { folder, bin, ports: [Port::claim(), Port::claim()], running: [None, None] };
        if rustix::process::geteuid().is_root() {
            // The server refuses to run as root.
            assert!(done(Command::new("chown").arg(user()).arg(pair.folder.path())), "chown");
        }
        let first = pair.dir(Which::First).display().to_string();
        let make = ["-D", &first, "-U", "keyway", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        assert!(done(&mut pair.tool("initdb", &make)), "initdb");
        // Nothing is acknowledged that the other has not.
        pair.run(Which::First, &["-c", "synchronous_standby_names=*"]);
        let (second, from) = (pair.dir(Which::Second).display().to_string(), pair.ports[0].address());
        let from = format!("host={} port={} user=keyway", from.ip(), from.port());
        let copy = ["-D", &second, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", &from];
        // It fails for as long as the first one is starting.
        let copied = within(PATIENCE, || done(&mut pair.tool("pg_basebackup", &copy)).then_some(()));
        assert!(copied.is_some(), "pg_basebackup");
        pair.run(Which::Second, &[]);
        Some(pair)
    }

    /// Where a server listens.
    #[must_use]
    pub fn address(&self, which: Which) -> SocketAddr {
        self.ports[which as usize].address()
    }

    /// The URL of a server's own database.
    #[must_use]
    pub fn url(&self, which: Which) -> String {
        format!("postgres://keyway@{}/postgres", self.address(which))
    }

    /// Starts a server with these arguments more, and does not wait.
    ///
    /// # Panics
    /// When it cannot be run.
    pub fn run(&mut self, which: Which, more: &[&str]) {
        let (dir, address) = (self.dir(which).display().to_string(), self.address(which));
        let (port, sockets) = (address.port().to_string(), self.folder.path().display().to_string());
        let mut command = self.tool("postgres", &["-D", &dir, "-p", &port, "-k", &sockets]);
        for setting in
            ["listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off", "max_connections=80"]
        {
            command.args(["-c", setting]);
        }
        command.args(more);
        self.running[which as usize] = Some(command.spawn().expect("a PostgreSQL server"));
    }

    /// Ends a server at once, as a crash does.
    pub fn crash(&mut self, which: Which) {
        if let Some(mut child) = self.running[which as usize].take() {
            let dir = self.dir(which).display().to_string();
            if !done(&mut self.tool("pg_ctl", &["-D", &dir, "-m", "immediate", "stop"])) {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }

    /// Makes the second server take writes; it does when this returns.
    ///
    /// # Panics
    /// When it does not.
    pub fn promote(&self) {
        let dir = self.dir(Which::Second).display().to_string();
        assert!(done(&mut self.tool("pg_ctl", &["-D", &dir, "-w", "promote"])), "pg_ctl promote");
    }

    fn dir(&self, which: Which) -> PathBuf {
        self.folder.path().join(["first", "second"][which as usize])
    }

    fn tool(&self, name: &str, arguments: &[&str]) -> Command {
        let program = self.bin.join(name);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args([&format!("--reuid={}", user()), "--clear-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.crash(Which::Second);
        self.crash(Which::First);
    }
}

fn done(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

/// Who runs the servers where the tests are root's.
fn user() -> &'static str {
    if done(Command::new("id").arg("postgres").stdout(Stdio::null()).stderr(Stdio::null())) {
        "postgres"
    } else {
        "nobody"
    }
}

/// The folder of PostgreSQL's programs: in the path, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.extend(std::env::split_paths(&path));
    let has = |folder: &Path, name: &str| folder.join(name).is_file();
    let whole = |folder: &&PathBuf| {
        ["initdb", "postgres", "pg_ctl", "pg_basebackup"].iter().all(|it| has(folder, it))
    };
    folders.iter().rev().find(whole).cloned()
}
