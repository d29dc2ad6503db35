//! `keyway init`

use super::args::Global;
use super::failure::{FAILED, Failure};
use super::output::Out;
use crate::config;
use clap::Args;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Write a commented keyway.toml
#[derive(Debug, Args)]
pub struct Init {
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

/// Writes it to `--config`, else to keyway.toml in this folder.
///
/// # Errors
/// When it is there already, or cannot be written.
pub fn run(global: &Global, init: &Init, out: &Out) -> Result<(), Failure> {
    let path = global.config.clone().unwrap_or_else(|| PathBuf::from("keyway.toml"));
    write(&path, init.force)?;
    if out.json {
        return out.json(&json!({ "object": "config.file", "path": path.display().to_string() }));
    }
    out.line(&path.display().to_string())
}

fn write(path: &Path, force: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let written =
        options.write(true).open(path).and_then(|mut file| file.write_all(config::init_text().as_bytes()));
    written.map_err(|error| {
        let path = path.display();
        match error.kind() {
            ErrorKind::AlreadyExists => {
                Failure::new(FAILED, format!("{path} is there already; --force writes over it"))
            }
            _ => Failure::new(FAILED, format!("writing {path}: {error}")),
        }
    })
}
