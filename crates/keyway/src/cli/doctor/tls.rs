//! The certificate that the port shows.

use super::Check;
use crate::app::tls::{Files, expires_ms};
use crate::base::Clock;
use crate::cli::key::when;
use crate::config::Settings;

const NAME: &str = "tls";
/// A certificate that ends sooner should be on its way to be renewed, milliseconds.
const SOON_MS: i64 = 14 * 24 * 3600 * 1000;

pub(super) fn look(settings: &Settings) -> Vec<Check> {
    let Some(files) = Files::of(settings) else {
        return Vec::new();
    };
    let pair = match files.read() {
        Ok(pair) => pair,
        Err(fault) => {
            let fix = "put a PEM certificate chain and its key there, or take both settings out";
            return vec![Check::fail(NAME, fault.to_string(), fix)];
        }
    };
    let expires = pair.cert.first().and_then(expires_ms);
    let mut checks = vec![until(&files.certificate.display().to_string(), expires, Clock::system().now_ms())];
    let open = files.key_is_open();
    checks
        .extend(open.map(|problem| Check::warn(NAME, problem, format!("chmod 600 {}", files.key.display()))));
    checks
}

fn until(file: &str, expires_ms: Option<i64>, now_ms: i64) -> Check {
    let detail = format!("{file}, valid until {}", when(expires_ms));
    match expires_ms {
        Some(ms) if ms <= now_ms => {
            Check::fail(NAME, detail, "put a new certificate there; it is taken up within two seconds")
        }
        Some(ms) if ms - now_ms < SOON_MS => Check::warn(NAME, detail, "renew it"),
        _ => Check::ok(NAME, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn certificates_end() {
        let now = 1_767_225_600_000;
        let table =
            [(now, State::Fail), (now + 1, State::Warn), (now + SOON_MS, State::Ok), (now - 1, State::Fail)];
        for (expires, state) in table {
            assert_eq!(until("f", Some(expires), now).state, state, "{expires}");
        }
        assert_eq!(until("f", Some(now), now).detail, "f, valid until 2026-01-01 00:00:00Z");
    }
}
