//! What the process knows stays in it: a process that is aborted leaves no core.

use crate::stage;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).expect("a process id")).expect("a process id")
}

/// Lets a process leave a core as large as it likes. Only root can take back what it forbade itself.
fn allow_core(process: u32) -> bool {
    prlimit(Some(pid(process)), Resource::Core, Rlimit { current: None, maximum: None }).is_ok()
}

fn aborted(mut child: Child) -> ExitStatus {
    kill_process(pid(child.id()), Signal::ABORT).expect("a signal");
    child.wait().expect("an end")
}

#[test]
fn a_server_that_is_aborted_leaves_no_core() {
    let mut keyway = stage::bare().start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", keyway.pid())).expect("its limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("the limit");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    // With the limit out of the way, what is left is that the process is not to be dumped at all.
    let allowed = allow_core(keyway.pid());
    kill_process(pid(keyway.pid()), Signal::ABORT).expect("a signal");
    let status = keyway.wait_end(Duration::from_secs(10)).expect("an end");
    assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()));
    assert!(!status.core_dumped(), "a core was dumped");
    let folder = keyway.data_dir();
    let left = std::fs::read_dir(folder.parent().expect("the test's folder")).expect("the test's folder");
    let cores = left.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("core"));
    assert_eq!(cores.count(), 0);
    if allowed {
        other_programs_would(folder.parent().expect("the test's folder"));
    }
}

/// The test sees a core where there is one, if this system makes any.
fn other_programs_would(folder: &std::path::Path) {
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    if pattern.trim().is_empty() || pattern.starts_with(['|', '/']) {
        return;
    }
    let child = Command::new("sleep").arg("60").current_dir(folder).spawn().expect("sleep");
    assert!(allow_core(child.id()));
    assert!(aborted(child).core_dumped(), "no program leaves a core here: the test above shows nothing");
}
