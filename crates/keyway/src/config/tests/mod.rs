//! Tests of the configuration.

mod documents;
mod mistakes;
mod providers;
mod sources;

use super::{Config, Sources, load};
use tempfile::TempDir;

/// A folder with a `keyway.toml` of this text, and sources that read it.
fn folder(text: &str) -> (TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("keyway.toml"), text).unwrap();
    let sources = Sources { cwd: folder.path().to_owned(), ..Sources::default() };
    (folder, sources)
}

/// Sources of a file, variables and flags.
fn sources(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> (TempDir, Sources) {
    let (folder, mut sources) = folder(text);
    sources.env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    sources.flags = flags.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    (folder, sources)
}

/// The configuration, or its mistakes as they are shown.
fn loaded(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let (_folder, sources) = sources(text, env, flags);
    load(&sources).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

/// The mistakes of a configuration that must not load.
fn mistakes(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Vec<String> {
    match loaded(text, env, flags) {
        Ok(_) => panic!("this must not load: {text} {env:?} {flags:?}"),
        Err(mistakes) => mistakes,
    }
}
