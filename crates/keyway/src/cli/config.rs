//! `keyway config check|show|schema`

use super::args::Global;
use super::failure::{CONFIGURATION, Failure};
use super::output::Out;
use super::session;
use crate::config::{self as settings, Mistake, Place};
use clap::Subcommand;
use serde_json::{Value, json};

/// Check or show the configuration
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Say every mistake, with file and line
    Check,
    /// Print the settings as they hold; secrets are left out
    Show {
        /// Say where each value comes from
        #[arg(long)]
        origin: bool,
    },
    /// Print a JSON Schema of keyway.toml, for editors
    Schema,
}

/// Runs it.
///
/// # Errors
/// Mistakes: exit code 78.
pub fn run(global: &Global, command: &Config, out: &Out) -> Result<(), Failure> {
    match command {
        Config::Schema => {
            let schema = settings::schema();
            if out.json { out.json(&schema) } else { out.line(&format!("{schema:#}")) }
        }
        Config::Show { origin } => {
            let config = session::configuration(global, &[])?;
            if out.json {
                out.json(&settings::show_json(&config))
            } else {
                out.write(&settings::show(&config, *origin))
            }
        }
        Config::Check => check(global, out),
    }
}

fn check(global: &Global, out: &Out) -> Result<(), Failure> {
    let loaded = settings::load(&session::sources(global, &[])?);
    let (mistakes, config) = match loaded {
        Ok(config) => (Vec::new(), Some(config)),
        Err(mistakes) => (mistakes, None),
    };
    if out.json {
        let notes = config.as_ref().map_or(&[][..], |config| &config.notes);
        let found: Vec<Value> = mistakes.iter().map(mistake).collect();
        out.json(
            &json!({ "object": "config.check", "ok": found.is_empty(), "mistakes": found, "notes": notes }),
        )?;
    } else if let Some(config) = &config {
        for note in &config.notes {
            out.note(&format!("note: {note}"));
        }
        let file =
            config.file.as_ref().map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
        out.line(&format!("ok ({file}; {} providers on)", config.on.len()))?;
    } else {
        for mistake in &mistakes {
            out.line(&mistake.to_string())?;
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Failure::new(CONFIGURATION, "")) }
}

fn mistake(mistake: &Mistake) -> Value {
    let (file, line, column) = match &mistake.place {
        Place::File { file, line, column } => (Some(&**file), Some(*line), Some(*column)),
        _ => (None, None, None),
    };
    json!({
        "place": mistake.place.to_string(), "file": file, "line": line, "column": column,
        "path": mistake.path, "problem": mistake.problem, "fix": mistake.fix,
    })
}
