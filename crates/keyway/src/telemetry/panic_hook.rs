//! Panics are told by place only: a payload may hold what was being worked on.

use super::{log, time_text};
use crate::base::Clock;
use serde_json::json;
use std::io::Write;
use std::panic::PanicHookInfo;

/// Replaces the standard hook by one that writes `file:line` and the thread's name to stderr.
pub fn install() {
    std::panic::set_hook(Box::new(tell));
}

fn tell(info: &PanicHookInfo<'_>) {
    let place = info
        .location()
        .map_or_else(|| "unknown place".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    let thread = std::thread::current();
    let line = line(&place, thread.name().unwrap_or("unnamed"), log::is_json());
    // Not through the log: the panic may be in it. Nobody is left to hear of a failed write.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn line(place: &str, thread: &str, as_json: bool) -> String {
    if !as_json {
        return format!("panic at {place} in thread {thread}\n");
    }
    let time = time_text(Clock::system().now_ms());
    let fields = json!({ "message": "panic", "at": place, "thread": thread });
    format!("{}\n", json!({ "timestamp": time, "level": "ERROR", "fields": fields, "target": "keyway" }))
}

#[cfg(test)]
mod tests {
    use super::{install, line};
    use std::process::Command;

    #[test]
    fn lines() {
        assert_eq!(line("src/a.rs:7", "worker-0", false), "panic at src/a.rs:7 in thread worker-0\n");
        let value: serde_json::Value = serde_json::from_str(&line("src/a.rs:7", "worker-0", true)).unwrap();
        assert_eq!(value["fields"]["at"], "src/a.rs:7");
    }

    /// Run by the test below, in a process of its own: the hook is the whole process's.
    #[test]
    #[ignore = "a part of the_payload_is_not_printed"]
    fn panics_in_a_child() {
        install();
        assert!(std::panic::catch_unwind(|| panic!("payload-{}", "canary")).is_err());
    }

    #[test]
    fn the_payload_is_not_printed() {
        let name = "telemetry::panic_hook::tests::panics_in_a_child";
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", name, "--ignored", "--nocapture"]).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        assert!(text.contains("panic at ") && text.contains("panic_hook.rs:"), "{text}");
        assert!(!text.contains("payload-canary"), "{text}");
    }
}
