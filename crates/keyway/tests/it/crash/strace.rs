//! System calls of a running server, counted, changed or ended by `strace`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use testkit::within;

/// Threads of a process by the beginning of their names.
pub fn threads_of(pid: u32, name: &str) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("a running server");
    let ids = tasks.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let named = |id: &u32| {
        let comm = std::fs::read_to_string(format!("/proc/{pid}/task/{id}/comm")).unwrap_or_default();
        comm.starts_with(name)
    };
    ids.filter(named).collect()
}

/// Whether threads can be traced here; the test says so when they cannot.
#[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
pub fn may_trace() -> bool {
    let version = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !version.is_ok_and(|status| status.success()) {
        eprintln!("skipped: strace is not installed");
        return false;
    }
    let mut sleeper = Command::new("sleep").arg("5").spawn().expect("sleep");
    let mut strace = attach(&[sleeper.id()], Path::new("/dev/null"), &["-e", "trace=write"]);
    let traced = strace.is_some();
    sleeper.kill().expect("a process of ours");
    let _ = sleeper.wait();
    if let Some(strace) = &mut strace {
        let _ = strace.wait();
    }
    if !traced {
        eprintln!("skipped: strace may not trace here");
    }
    traced
}

/// Attaches strace to threads, writing what it sees to a file; `None` when it may not.
pub fn attach(threads: &[u32], output: &Path, options: &[&str]) -> Option<Child> {
    let mut command = Command::new("strace");
    command.arg("-q").arg("-o").arg(output).args(options);
    for thread in threads {
        command.arg("-p").arg(thread.to_string());
    }
    let mut strace = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let attached = within(Duration::from_secs(10), || {
        if strace.try_wait().ok().flatten().is_some() {
            return Some(false);
        }
        let traced = |thread: &u32| {
            let status = std::fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
            status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
        };
        threads.iter().all(traced).then_some(true)
    });
    if attached == Some(true) {
        return Some(strace);
    }
    let _ = strace.kill();
    let _ = strace.wait();
    None
}

/// Lets go of what was attached; the threads run on.
pub fn detach(mut strace: Child) {
    let id = i32::try_from(strace.id()).ok().and_then(rustix::process::Pid::from_raw);
    let _ = rustix::process::kill_process(id.expect("a process id"), rustix::process::Signal::TERM);
    let _ = strace.wait();
}
