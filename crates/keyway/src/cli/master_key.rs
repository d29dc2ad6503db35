//! `keyway master-key rotate`

use super::args::Global;
use super::failure::{FAILED, Failure, USAGE};
use super::key::confirmed;
use super::org::asks;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::app::open::{MASTER_KEY_FILE, MASTER_KEY_NEXT, MasterSource};
use crate::app::serve::place;
use crate::providers::exchange::exchange;
use crate::sealing::MasterKey;
use clap::Subcommand;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// The key that stored credentials are sealed under
#[derive(Debug, Subcommand)]
pub enum MasterKeyCommand {
    /// Exchange it while servers run: nothing is interrupted, and no key of anybody's ends
    Rotate {
        /// The file with the new key, made if it is not there; without it `master.key` in the data folder
        /// is replaced
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Where the new key is, and what becomes of it afterwards.
struct New {
    key: MasterKey,
    file: PathBuf,
    /// The file that it then takes the place of.
    over: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// When there is no installation, the new key cannot be made, or the database cannot be used.
pub fn run(global: &Global, command: &MasterKeyCommand, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let MasterKeyCommand::Rotate { to, yes } = command;
    if asks(*yes, global) && !confirmed("Exchange the master key?", out)? {
        out.note("nothing was changed");
        return Ok(());
    }
    let place = place(&config.settings);
    Session::with(global, &config, Missing::NotFound, async |session| {
        let new = new(&place.master_key, &place.data_dir, to.as_deref())?;
        let mut acting = session.act().await?;
        let sealed = exchange(&mut acting, &new.key).await?;
        session::done(acting).await?;
        let file = settle(&new)?;
        if out.json {
            let file = file.display().to_string();
            return out
                .json(&json!({ "object": "master_key.rotation", "credentials": sealed, "file": file }));
        }
        out.note("backups made before open with the old key alone: keep it with them, or delete both");
        if new.over.is_none() {
            out.note("every node and command needs the new one now: set KEYWAY_MASTER_KEY_FILE to it");
        }
        out.fields(&[("file", file.display().to_string()), ("credentials", sealed.to_string())])
    })
}

fn new(source: &MasterSource, data_dir: &Path, to: Option<&Path>) -> Result<New, Failure> {
    let (file, over) = match (to, source) {
        (Some(file), _) => (file.to_owned(), None),
        (None, MasterSource::DataDir) => {
            (data_dir.join(MASTER_KEY_NEXT), Some(data_dir.join(MASTER_KEY_FILE)))
        }
        (None, _) => {
            let text = "the master key does not come from the data folder: name the new one's file with --to";
            return Err(Failure::new(USAGE, text));
        }
    };
    let key = MasterKey::from_file(&file, true)?;
    Ok(New { key, file, over })
}

/// Puts the new key where it is looked for, beside the old one.
fn settle(new: &New) -> Result<PathBuf, Failure> {
    let Some(over) = &new.over else { return Ok(new.file.clone()) };
    let failed = |error: std::io::Error| {
        let text = format!("the key in {} is in use now, but was not moved: {error}", new.file.display());
        Failure::new(FAILED, text)
    };
    fs::rename(over, over.with_extension("key.old")).map_err(failed)?;
    fs::rename(&new.file, over).map_err(failed)?;
    Ok(over.clone())
}
