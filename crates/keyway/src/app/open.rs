//! Opening an installation: data folder, database, schema, master key. Every command begins here.

use crate::accounts::Installation;
use crate::accounts::setup::{self, Setup};
use crate::base::fault::Doing;
use crate::base::{Clock, Fault, Secret};
use crate::sealing::MasterKey;
use crate::store::Db;
use crate::store::db::{Location, SetupLock};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The master key's file in the data folder.
pub const MASTER_KEY_FILE: &str = "master.key";
/// A new one there, before the database knows it.
pub const MASTER_KEY_NEXT: &str = "master.key.new";

/// Where an installation lives.
pub struct Place {
    /// Journal, lock files and, unless set otherwise, database and master key.
    pub data_dir: PathBuf,
    /// PostgreSQL URL; absent: SQLite in the data folder.
    pub database: Option<Secret>,
    /// Where the master key is.
    pub master_key: MasterSource,
}

/// Where the master key is.
pub enum MasterSource {
    /// `master.key` in the data folder, made when the installation is made.
    DataDir,
    /// This file, which must exist.
    File(PathBuf),
    /// This text.
    Text(Secret),
}

/// Why an installation does not open.
pub enum NotOpened {
    /// The configuration is at fault: exit 78.
    Configuration(Fault),
    /// The database cannot be reached: exit 5.
    Unreachable(Fault),
    /// Anything else: exit 1.
    Failed(Fault),
}

/// An installation, and whether this call has made it.
pub struct Opened {
    /// The installation.
    pub at: Installation,
    /// It did not exist before.
    pub new: bool,
}

/// Opens an installation, making it where there is none.
///
/// # Errors
/// See [`NotOpened`].
pub async fn open(place: &Place, clock: Clock) -> Result<Opened, NotOpened> {
    make_data_dir(&place.data_dir).map_err(NotOpened::Configuration)?;
    let location = location(place);
    let db = Db::open(&location).await.map_err(NotOpened::Unreachable)?;
    let lock = SetupLock::take(&db, &place.data_dir).await.map_err(NotOpened::Unreachable)?;
    db.migrate().await.map_err(NotOpened::Failed)?;
    let master = master_key(place, &db).await?;
    let setup = setup::install(&db, &master, &clock).await.map_err(NotOpened::Failed)?;
    lock.release().await.map_err(NotOpened::Unreachable)?;
    let new = match setup {
        Setup::New => true,
        Setup::Known => false,
        Setup::OtherMasterKey => {
            return Err(NotOpened::Configuration(Fault::plain(
                "this database was made with another master key. Every node and command on one \
                 database needs the same one: copy `master.key` from the first data folder, or set \
                 KEYWAY_MASTER_KEY_FILE",
            )));
        }
    };
    Ok(Opened { at: Installation { db, master, clock }, new })
}

/// Where the database of a place is.
#[must_use]
pub fn location(place: &Place) -> Location {
    match &place.database {
        Some(url) => Location::Url(url.reveal().to_owned()),
        None => Location::File(absolute(&place.data_dir).join("keyway.db")),
    }
}

/// The master key that a place names.
///
/// # Errors
/// See [`NotOpened`].
pub async fn master_key(place: &Place, db: &Db) -> Result<MasterKey, NotOpened> {
    let key = match &place.master_key {
        MasterSource::Text(text) => MasterKey::from_text(text),
        MasterSource::File(path) => MasterKey::from_file(path, false),
        MasterSource::DataDir if takes_over(place, db).await? => {
            MasterKey::from_file(&place.data_dir.join(MASTER_KEY_FILE), false)
        }
        MasterSource::DataDir => {
            // A database that is already set up has its key elsewhere: a new one would open nothing.
            let known = crate::store::tenants::master_check(db).await.map_err(NotOpened::Unreachable)?;
            MasterKey::from_file(&place.data_dir.join(MASTER_KEY_FILE), known.is_none())
        }
    };
    let key = key.map_err(NotOpened::Configuration)?;
    match crate::store::tenants::root(db).await.map_err(NotOpened::Unreachable)? {
        // Of another master key the caller speaks.
        Some((check, root)) if check == key.check() => key.with_root(&root).map_err(NotOpened::Configuration),
        _ => Ok(key),
    }
}

/// Whether an exchange of the master key was cut off between the database and the file. Then the file is put
/// in its place now.
async fn takes_over(place: &Place, db: &Db) -> Result<bool, NotOpened> {
    let (file, next) = (place.data_dir.join(MASTER_KEY_FILE), place.data_dir.join(MASTER_KEY_NEXT));
    if !next.exists() {
        return Ok(false);
    }
    let known = crate::store::tenants::master_check(db).await.map_err(NotOpened::Unreachable)?;
    let new = MasterKey::from_file(&next, false).map_err(NotOpened::Configuration)?;
    if known != Some(new.check()) {
        return Ok(false);
    }
    let failed = |fault| NotOpened::Failed(fault);
    if file.exists() {
        fs::rename(&file, file.with_extension("key.old"))
            .doing("putting the old master key aside")
            .map_err(failed)?;
    }
    fs::rename(&next, &file).doing("putting the new master key in its place").map_err(failed)?;
    Ok(true)
}

/// Makes the data folder, if it is not there, readable by its owner alone.
///
/// # Errors
/// The file system refused.
pub fn make_data_dir(path: &Path) -> Result<(), Fault> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .doing(&format!("making the data folder {}", path.display()))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
