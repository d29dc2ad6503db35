//! What the machine gives: a folder, space, files, a clock, a port.

use super::Check;
use crate::app::{files as open_files, listen};
use crate::base::Clock;
use crate::cli::http::{Server, own};
use crate::config::Settings;
use crate::upstream::{Limits, Request};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Free space below which it is time to act, and below which nothing can be recorded for long.
const FREE_BYTES_WARN: u64 = 1 << 30;
const FREE_BYTES_FAIL: u64 = 64 << 20;
/// The clock cannot be before this program was written: 2026-01-01, unix milliseconds.
const EARLIEST_MS: i64 = 1_767_225_600_000;
/// ... and if it is after this, it is wrong as well: 2100-01-01.
const LATEST_MS: i64 = 4_102_444_800_000;
/// How long a server on our port may take to answer.
const ANSWER_MS: u64 = 2_000;

pub(super) fn look(settings: &Settings) -> Vec<Check> {
    let folder = settings.data_dir.as_path();
    let key = settings.master_key_file.clone().unwrap_or_else(|| folder.join("master.key"));
    let clock_ms = Clock::system().now_ms();
    let mut checks = vec![data_dir(folder), free(folder), clock(clock_ms), files(settings)];
    checks.extend(key_file(&key));
    checks
}

fn data_dir(folder: &Path) -> Check {
    const NAME: &str = "data folder";
    let shown = folder.display().to_string();
    if !folder.exists() {
        return Check::warn(NAME, format!("{shown} is not there yet"), "`keyway serve` makes it");
    }
    let probe = folder.join(".doctor");
    match fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe)) {
        Ok(()) => Check::ok(NAME, shown),
        Err(error) => Check::fail(
            NAME,
            format!("{shown} cannot be written: {error}"),
            "give it to the user that Keyway runs as, or name another with --data-dir",
        ),
    }
}

fn free(folder: &Path) -> Check {
    const NAME: &str = "disk";
    // What is not there yet will be made on its parent's disk.
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    match rustix::fs::statvfs(there) {
        Ok(disk) => free_of(disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Check::warn(NAME, format!("free space cannot be told: {error}"), "look with `df`"),
    }
}

fn free_of(bytes: u64) -> Check {
    const NAME: &str = "disk";
    let detail = format!("{} MiB free", bytes >> 20);
    match bytes {
        0..FREE_BYTES_FAIL => {
            Check::fail(NAME, detail, "make room: without it usage cannot be recorded, and nothing is served")
        }
        FREE_BYTES_FAIL..FREE_BYTES_WARN => {
            Check::warn(NAME, detail, "make room, or lower requests_retention_days")
        }
        _ => Check::ok(NAME, detail),
    }
}

fn clock(now_ms: i64) -> Check {
    const NAME: &str = "clock";
    let shown = crate::cli::key::when(Some(now_ms));
    if (EARLIEST_MS..LATEST_MS).contains(&now_ms) {
        return Check::ok(NAME, shown);
    }
    Check::fail(NAME, format!("it says {shown}"), "set the clock, best by NTP: keys expire by it")
}

fn files(settings: &Settings) -> Check {
    const NAME: &str = "open files";
    let wanted = open_files::wanted(settings.connections_max);
    // The server raises the soft limit to the hard one.
    match rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum {
        Some(limit) if limit < wanted => Check::warn(
            NAME,
            format!("the limit is {limit}, and {} connections want {wanted}", settings.connections_max),
            format!("`ulimit -Hn {wanted}` (systemd: LimitNOFILE), or lower connections_max"),
        ),
        Some(limit) => Check::ok(NAME, format!("the limit is {limit}")),
        None => Check::ok(NAME, "no limit"),
    }
}

fn key_file(path: &Path) -> Option<Check> {
    const NAME: &str = "master key file";
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let shown = path.display();
    Some(if mode & 0o077 == 0 {
        Check::ok(
            NAME,
            format!("{shown}: keep a copy in a safe place, for without it no key can be verified"),
        )
    } else {
        Check::warn(
            NAME,
            format!("{shown} can be read by others (mode {mode:o})"),
            format!("chmod 600 {shown}"),
        )
    })
}

/// Whether the port can be had, or a Keyway answers there.
pub(super) async fn port(settings: &Settings) -> Check {
    const NAME: &str = "port";
    let address = settings.listen;
    let Err(fault) = listen::bind(address, 1) else {
        return Check::ok(NAME, format!("{address} is free"));
    };
    let limits = Limits { connect_ms: ANSWER_MS, first_byte_ms: ANSWER_MS, ..Limits::default() };
    let server = own(settings).and_then(|(url, tls)| Server::new(&url, None, limits, tls));
    let answer = match server {
        Ok(server) => server.send(Request::get("/healthz")).await.ok(),
        Err(_) => None,
    };
    match answer {
        Some(answer) if answer.status == 200 && answer.headers.get("x-request-id").is_some() => {
            Check::ok(NAME, format!("a Keyway answers on {address}"))
        }
        _ => Check::fail(NAME, fault.to_string(), "stop the other program, or choose another `listen`"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn space_and_time() {
        let table = [(0, State::Fail), (64 << 20, State::Warn), (1 << 30, State::Ok), (u64::MAX, State::Ok)];
        for (bytes, state) in table {
            assert_eq!(free_of(bytes).state, state, "{bytes}");
        }
        assert_eq!(clock(0).state, State::Fail);
        assert_eq!(clock(EARLIEST_MS).state, State::Ok);
        assert_eq!(clock(LATEST_MS).state, State::Fail);
    }

    #[test]
    fn folders_and_key_files() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(data_dir(folder.path()).state, State::Ok);
        assert_eq!(data_dir(&folder.path().join("none")).state, State::Warn);
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is left behind");
        let key = folder.path().join("master.key");
        assert!(key_file(&key).is_none());
        fs::write(&key, "x").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(key_file(&key).unwrap().state, State::Warn);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(key_file(&key).unwrap().state, State::Ok);
    }
}
