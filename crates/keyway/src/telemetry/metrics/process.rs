//! What the kernel says of this process. Linux only; elsewhere these metrics are absent.

use super::text::{Kind, Text, seconds};

/// Clock ticks per second in `/proc`: 100 on every Linux that user space sees.
const TICK_MS: u64 = 10;

pub(super) fn render(text: &mut Text, started_ms: i64) {
    if let Some(kib) = std::fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident_kib) {
        let help = "Resident memory of the process.";
        text.single("process_resident_memory_bytes", Kind::Gauge, help, kib.saturating_mul(1024));
    }
    if let Some(ticks) = std::fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_ticks) {
        let help = "User and system CPU time.";
        text.single("process_cpu_seconds_total", Kind::Counter, help, seconds(ticks.saturating_mul(TICK_MS)));
    }
    let started = seconds(u64::try_from(started_ms).unwrap_or(0));
    text.single(
        "process_start_time_seconds",
        Kind::Gauge,
        "Unix time at which the process started.",
        started,
    );
}

fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15. The second field is the program's name in parentheses and may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user.saturating_add(system))
}

#[cfg(test)]
mod tests {
    use super::{cpu_ticks, resident_kib};

    #[test]
    fn proc_files() {
        let stat = "7 (a) b) (c) R 1 7 7 0 -1 4194304 100 0 0 0 25 17 0 0 20 0 1 0 100 1000 10";
        assert_eq!(cpu_ticks(stat), Some(42));
        assert_eq!(cpu_ticks("7 (a"), None);
        assert_eq!(resident_kib("VmPeak:\t  9 kB\nVmRSS:\t  1234 kB\n"), Some(1234));
        assert_eq!(resident_kib(""), None);
    }
}
