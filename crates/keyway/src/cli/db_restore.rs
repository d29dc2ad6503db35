//! `keyway db restore`: a backup takes the database's place. What it would bring back that has ended since
//! stays ended: credentials, as far as the database that it replaces knows; what was spent, as far as the
//! journal does.

use super::args::Global;
use super::failure::{CONFIGURATION, FAILED, Failure, USAGE};
use super::output::Out;
use super::session::{self, author, block_on};
use crate::accounts::acting::Deed;
use crate::accounts::{Acting, Installation};
use crate::app::open::{self, Place};
use crate::app::serve::{lock_data_dir, place};
use crate::base::Clock;
use crate::base::fault::Doing;
use crate::store::changes::ORGANIZATION_CHANGED;
use crate::store::db::{Db, Location, commit};
use crate::store::{journal, leases, restore, tenants};
use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What every SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// What to put back
#[derive(Debug, Args)]
pub struct Restore {
    /// A file that `keyway db backup` wrote
    file: PathBuf,
    /// Put it in the place of the database that is there, which is kept beside it
    #[arg(long)]
    replace: bool,
    /// Disable every key: where nobody can say which were revoked since the backup
    #[arg(long)]
    disable_keys: bool,
}

/// What was done.
#[derive(Default)]
struct Done {
    /// Where the database is that was there.
    kept: Option<PathBuf>,
    stopped: u64,
    disabled: u64,
    /// Starts that hold money and whose journal is not here.
    lost: BTreeSet<String>,
}

/// Runs it.
///
/// # Errors
/// While a server runs here, over a database unless told to, with another master key, and for a file that is
/// no backup: then nothing has changed.
pub fn run(global: &Global, command: &Restore, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let place = place(&config.settings);
    if place.database.is_some() {
        return Err(Failure::new(USAGE, "restore a PostgreSQL database with `pg_restore`"));
    }
    open::make_data_dir(&place.data_dir)?;
    let _lock = lock_data_dir(&place.data_dir)?;
    let database = place.data_dir.join("keyway.db");
    if database.exists() && !command.replace {
        let text = format!("{} is there; --replace puts the backup in its place", database.display());
        return Err(Failure::new(USAGE, text));
    }
    let new = place.data_dir.join("keyway.db.restored");
    let done = block_on(async {
        let made = put_back(&place, command, (&database, &new)).await;
        if made.is_err() {
            remove(&new);
        }
        made
    })?;
    tell(command, &done, out)
}

async fn put_back(
    place: &Place,
    command: &Restore,
    (database, new): (&Path, &Path),
) -> Result<Done, Failure> {
    copy(&command.file, new)?;
    let mut head = [0; MAGIC.len()];
    if File::open(new).and_then(|mut file| file.read_exact(&mut head)).is_err() || head != *MAGIC {
        return Err(no_backup(command));
    }
    let db = Db::open(&Location::File(new.to_owned())).await?;
    let made = prepare(place, command, (db.clone(), database)).await;
    let durable = journal::make_durable(&db).await;
    db.close().await;
    let mut done = made?;
    if !durable? {
        return Err(Failure::new(FAILED, "the restored database could not be written out"));
    }
    sync(new).doing("writing the restored database out")?;
    if database.exists() {
        done.kept = Some(set_aside(database).await?);
    }
    fs::rename(new, database).doing("putting the restored database in its place")?;
    sync(&place.data_dir).doing("putting the restored database in its place")?;
    Ok(done)
}

/// Checks the copy and ends in it what must not come back.
async fn prepare(place: &Place, command: &Restore, (db, database): (Db, &Path)) -> Result<Done, Failure> {
    let sound = restore::is_sound(&mut *db.connection().await?).await;
    let version = db.schema_version().await;
    if !sound.is_ok_and(|sound| sound) || !version.is_ok_and(|version| version > 0) {
        return Err(no_backup(command));
    }
    db.migrate().await?;
    let check = tenants::master_check(&db).await?.ok_or_else(|| no_backup(command))?;
    let master = open::master_key(place, &db).await?;
    if check != master.check() {
        return Err(Failure::new(CONFIGURATION, "the backup was made under another master key"));
    }
    let at = Installation { db, master, clock: Clock::system() };
    let mut done = Done::default();
    let org = tenants::default_org(&at.db).await?;
    let mut tx = at.db.begin_write().await?;
    restore::end_passing(&mut tx).await?;
    commit(tx).await?;
    if database.exists() {
        done.stopped = take_over(&at.db, database).await?;
    }
    let mut acting = Acting::of_operator(&at, author(), &org).await?;
    if command.disable_keys {
        done.disabled = restore::disable_keys(&mut acting.tx).await?;
    }
    for lease in leases::list(&mut acting.tx, "").await? {
        if !place.data_dir.join("journal").join(&lease.boot).exists() {
            done.lost.insert(lease.boot);
        }
    }
    let file = command.file.file_name().map(|name| name.to_string_lossy().into_owned());
    let deed = Deed {
        name: "database.restored",
        kind: ORGANIZATION_CHANGED,
        project: None,
        object: &org,
        detail: json!({ "file": file, "replaced": database.exists(), "keys_stopped": done.stopped,
            "keys_disabled": done.disabled }),
    };
    acting.record(deed).await?;
    acting.commit().await?;
    Ok(done)
}

/// Takes over from the database that is replaced what has ended since the backup.
async fn take_over(db: &Db, database: &Path) -> Result<u64, Failure> {
    let was = Db::open(&Location::File(database.to_owned())).await?;
    let version = was.schema_version().await;
    was.close().await;
    let known = Db::schema_known();
    if !version.is_ok_and(|version| version == known) {
        let text = "the database that is there cannot be read, or is of another version: `keyway db migrate` \
                    first, or move it away and give --disable-keys";
        return Err(Failure::new(FAILED, text));
    }
    let mut conn = db.connection().await?;
    restore::attach(&mut conn, database).await?;
    let stopped = restore::take_over_ends(&mut conn).await?;
    // The pool is not to have a connection that sees two databases.
    conn.close().await.doing("closing the database that is replaced")?;
    Ok(stopped)
}

fn no_backup(command: &Restore) -> Failure {
    Failure::new(USAGE, format!("{} is no backup of an installation", command.file.display()))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    remove(to);
    let read = File::open(from)
        .map_err(|error| Failure::new(USAGE, format!("{} cannot be read: {error}", from.display())));
    let mut write =
        File::options().write(true).create_new(true).mode(0o600).open(to).doing("copying the backup")?;
    std::io::copy(&mut read?, &mut write).doing("copying the backup")?;
    Ok(())
}

/// Takes everything into the database's file and gives that another name.
async fn set_aside(database: &Path) -> Result<PathBuf, Failure> {
    let db = Db::open(&Location::File(database.to_owned())).await?;
    let durable = journal::make_durable(&db).await;
    db.close().await;
    if !durable? {
        return Err(Failure::new(FAILED, "somebody uses the database that is there"));
    }
    let mut kept = database.to_owned();
    let mut number = 1;
    while kept.exists() {
        kept = database.with_file_name(format!("keyway.db.before-restore-{number}"));
        number += 1;
    }
    fs::rename(database, &kept).doing("setting the database aside")?;
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(database, ending));
    }
    Ok(kept)
}

fn sync(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn remove(path: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(path, ending));
    }
}

fn tell(command: &Restore, done: &Done, out: &Out) -> Result<(), Failure> {
    let kept = done.kept.as_ref().map(|path| path.display().to_string());
    for boot in &done.lost {
        out.note(&format!(
            "{boot} holds money and its journal is not here: `keyway db lease write-off {boot}`"
        ));
    }
    if kept.is_none() && !command.disable_keys {
        out.note(
            "what was revoked after the backup is valid again: --disable-keys, or look through the keys",
        );
    }
    if out.json {
        return out.json(&json!({ "object": "database.restore", "file": command.file.display().to_string(),
            "kept": kept, "keys_stopped": done.stopped, "keys_disabled": done.disabled,
            "leases_without_journal": done.lost }));
    }
    out.fields(&[
        ("restored", command.file.display().to_string()),
        ("the database before", kept.unwrap_or_else(|| "none".to_owned())),
        ("keys stopped since", done.stopped.to_string()),
        ("keys disabled", done.disabled.to_string()),
    ])
}
