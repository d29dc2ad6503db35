//! Floor 2: written settings turned into checked settings.
//!
//! A setting comes from a flag, else from the environment, else from `keyway.toml`, else from the
//! one table in [`settings`]. Every mistake is collected, with its place and its remedy; nothing
//! that is written is ever ignored.

pub mod document;
pub mod gather;
pub mod kind;
pub mod on;
pub mod reload;
pub mod settings;
pub mod show;
pub mod sign_in;

#[cfg(test)]
mod tests;

pub use crate::catalog::{CredentialRef, Mistake, Place};
pub use document::{init_text, schema, settings_markdown};
pub use on::On;
pub use settings::{Setting, Settings, TABLE};
pub use show::{show, show_json};
pub use sign_in::{SignInKind, SignInRow};

use crate::catalog::{Catalog, Rows};
use crate::telemetry::scrub;
use kind::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything a configuration is made from. Tests need no process environment.
#[derive(Clone, Default)]
pub struct Sources {
    /// `--config FILE`; without it `KEYWAY_CONFIG`, else `keyway.toml` in `cwd` when there is one.
    pub config_file: Option<PathBuf>,
    /// Settings given as flags: path and value. The last of a path wins.
    pub flags: Vec<(String, String)>,
    /// The process environment.
    pub env: BTreeMap<String, String>,
    /// Where relative paths start.
    pub cwd: PathBuf,
}

/// A checked configuration.
#[derive(Clone)]
pub struct Config {
    /// The settings.
    pub settings: Settings,
    /// The operator's rows; with [`Config::on`] what further snapshots are built from.
    pub rows: Rows,
    /// The providers that are on, by name; without the sandbox, which always is.
    pub on: Vec<On>,
    /// Who else vouches for people.
    pub sign_in: Vec<SignInRow>,
    /// The first snapshot.
    pub catalog: Arc<Catalog>,
    /// What is worth a warning at start.
    pub notes: Vec<String>,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// Value and place of each setting, in the order of [`TABLE`]; `Nowhere` is the default.
    values: Vec<(Value, Place)>,
}

impl Config {
    /// Where the value of a setting comes from; [`Place::Nowhere`] is the default.
    #[must_use]
    pub fn origin(&self, path: &str) -> Option<&Place> {
        let at = TABLE.iter().position(|setting| setting.path == path)?;
        self.values.get(at).map(|(_, place)| place)
    }
}

/// Reads and checks a configuration.
///
/// # Errors
/// Every mistake in it, in the order file, environment, flags, what shows when put together.
pub fn load(sources: &Sources) -> Result<Config, Vec<Mistake>> {
    read(sources).map_err(|mistakes| mistakes.into_iter().map(without_secrets).collect())
}

/// What stands in the wrong place may be a secret, and mistakes quote it.
fn without_secrets(mistake: Mistake) -> Mistake {
    let clean = |text: String| scrub(&text).into_owned();
    Mistake {
        place: mistake.place,
        path: clean(mistake.path),
        problem: clean(mistake.problem),
        fix: clean(mistake.fix),
    }
}

fn read(sources: &Sources) -> Result<Config, Vec<Mistake>> {
    let mut gathered = gather::gather(sources);
    gather::check_together(&mut gathered);
    if !gathered.mistakes.is_empty() {
        return Err(gathered.mistakes);
    }
    let (on, notes) = on::decide(&mut gathered.rows, &sources.env)?;
    let names: Vec<&str> = on.iter().map(|on| on.provider.as_str()).collect();
    let catalog = Catalog::build(&gathered.rows, &names)?;
    let settings = settings::settle(gathered.values.iter().map(|(value, _)| value));
    let (rows, sign_in) = (gathered.rows, gathered.sign_in);
    let (file, values) = (gathered.file, gathered.values);
    Ok(Config { settings, rows, on, sign_in, catalog: Arc::new(catalog), notes, file, values })
}
