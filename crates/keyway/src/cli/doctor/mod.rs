//! `keyway doctor`: looks at everything that can be wrong and says how to put it right. It changes
//! nothing, and calls nobody who costs money.

mod bundle;
mod catalogue;
mod database;
mod machine;
mod tls;

use super::args::Global;
use super::failure::{FAILED, Failure};
use super::output::Out;
use super::session;
use crate::config::{self, Config};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// How a look came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and should be seen to.
    Warn,
    /// It does not work.
    Fail,
}

/// One look.
#[derive(Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub state: State,
    /// What was seen.
    pub detail: String,
    /// How to put it right; absent when it is right.
    pub fix: Option<String>,
}

impl Check {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, state: State::Ok, detail: detail.into(), fix: None }
    }

    fn warn(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, state: State::Warn, detail: detail.into(), fix: Some(fix.into()) }
    }

    fn fail(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, state: State::Fail, detail: detail.into(), fix: Some(fix.into()) }
    }
}

/// What doctor says with `--json`.
#[derive(Serialize)]
struct Report<'a> {
    object: &'static str,
    ok: bool,
    checks: &'a [Check],
}

/// Flags of the command.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Write what somebody who helps wants to know into this new file, without secrets
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// Exit code 1 when anything fails; the report says what. "Usage" for a bundle that is there already.
pub fn run(global: &Global, flags: &Doctor, out: &Out) -> Result<(), Failure> {
    let file = flags.bundle.as_deref().map(bundle::create).transpose()?;
    let (checks, config) = look(global)?;
    if let Some(file) = file {
        let gathered = match &config {
            Some(config) => session::block_on(async { Ok(bundle::gather(config).await) })?,
            None => serde_json::Value::Null,
        };
        bundle::write(file, &checks, &gathered)?;
        out.note("the bundle is written; look at it before you send it");
    }
    let ok = checks.iter().all(|check| check.state != State::Fail);
    if out.json {
        out.json(&Report { object: "doctor", ok, checks: &checks })?;
    } else {
        for check in &checks {
            out.line(&line(check))?;
        }
    }
    if ok { Ok(()) } else { Err(Failure::new(FAILED, "")) }
}

fn look(global: &Global) -> Result<(Vec<Check>, Option<Config>), Failure> {
    let config = match config::load(&session::sources(global, &[])?) {
        Ok(config) => config,
        Err(mistakes) => {
            let fails = mistakes.iter().map(|mistake| {
                let what = format!("{} {}", mistake.path, mistake.problem);
                let detail = format!("{}: {}", mistake.place, what.trim_start());
                Check::fail("config", detail, mistake.fix.clone())
            });
            return Ok((fails.collect(), None));
        }
    };
    let file = config.file.as_ref().map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
    let mut checks = vec![Check::ok("config", file)];
    checks.extend(
        config
            .notes
            .iter()
            .map(|note| Check::warn("config", note.as_str(), "see `keyway config show --origin`")),
    );
    checks.extend(machine::look(&config.settings));
    checks.extend(tls::look(&config.settings));
    checks.extend(session::block_on(async {
        let mut checks = database::look(&config).await;
        checks.push(machine::port(&config.settings).await);
        Ok(checks)
    })?);
    checks.extend(catalogue::look(&config));
    Ok((checks, Some(config)))
}

fn line(check: &Check) -> String {
    let state = match check.state {
        State::Ok => "ok  ",
        State::Warn => "warn",
        State::Fail => "fail",
    };
    let detail = super::output::printable(&check.detail);
    match &check.fix {
        None => format!("{state}  {}: {detail}", check.name),
        Some(fix) => format!("{state}  {}: {detail}; {fix}", check.name),
    }
}

/// The first few of some names, and how many more there are.
fn few(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_json() {
        let check = Check::fail("port", "taken", "choose another");
        assert_eq!(line(&check), "fail  port: taken; choose another");
        assert_eq!(line(&Check::ok("clock", "right")), "ok    clock: right");
        let text = serde_json::to_string(&Report { object: "doctor", ok: false, checks: &[check] }).unwrap();
        assert_eq!(
            text,
            r#"{"object":"doctor","ok":false,"checks":[{"name":"port","state":"fail","detail":"taken","fix":"choose another"}]}"#
        );
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(few(&["a", "b"]), "a, b");
        assert_eq!(few(&["a", "b", "c", "d", "e"]), "a, b, c, d, e");
        assert_eq!(few(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
    }
}
