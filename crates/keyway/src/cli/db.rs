//! `keyway db status|migrate|backup|restore|copy|verify-ledger|lease`

use super::args::Global;
use super::db_lease::{self, Lease};
use super::db_restore::{self, Restore};
use super::failure::{FAILED, Failure, NOT_FOUND, UNREACHABLE, USAGE};
use super::output::Out;
use super::session::{self, Missing, Session, block_on};
use crate::app::open;
use crate::app::serve::place;
use crate::config::Config;
use crate::metering::verify::{self, Finding};
use crate::store::db::{Db as Database, Engine};
use clap::Subcommand;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The database
#[derive(Debug, Subcommand)]
pub enum Db {
    /// Say which engine it is and how old its schema
    Status,
    /// Bring the schema up to date, as every start does
    Migrate,
    /// Write a copy of it to a new file, while servers go on (SQLite)
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Copy the SQLite database of the data folder to the PostgreSQL database that `database` names
    Copy,
    /// Put a backup in the database's place, while no server runs (SQLite)
    Restore(Restore),
    /// Verify that lines, sums, charges and balances add up
    VerifyLedger,
    /// What starts of servers hold of budgets and balances
    #[command(subcommand)]
    Lease(Lease),
}

/// Runs it.
///
/// # Errors
/// When there is no installation, the database cannot be used, or its books do not add up.
pub fn run(global: &Global, command: &Db, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    match command {
        Db::Status => block_on(status(&config, out)),
        Db::Migrate => {
            let before = block_on(version(&config))?;
            let after = Session::with(global, &config, Missing::NotFound, async |session| {
                Ok(session.at.db.schema_version().await?)
            })?;
            if out.json {
                let object = json!({ "object": "database.migration", "before": before, "after": after });
                return out.json(&object);
            }
            out.fields(&[("before", before.to_string()), ("after", after.to_string())])
        }
        Db::Backup { file } => Session::with(global, &config, Missing::NotFound, async |session| {
            backup(session, file, out).await
        }),
        Db::Copy => block_on(super::db_copy::run(&config, out)),
        Db::Restore(command) => db_restore::run(global, command, out),
        Db::Lease(command) => db_lease::run(global, command, out),
        Db::VerifyLedger => Session::with(global, &config, Missing::NotFound, async |session| {
            let kept_days = i64::try_from(config.settings.requests_retention_days).unwrap_or(i64::MAX);
            let kept_ms = kept_days.saturating_mul(86_400_000);
            tell(&verify::verify(&session.at.db, &session.at.clock, kept_ms).await?, out)
        }),
    }
}

/// Opens the database as it is: nothing is made, nothing is brought up to date.
async fn opened(config: &Config) -> Result<Database, Failure> {
    let place = place(&config.settings);
    if place.database.is_none() && !place.data_dir.join("keyway.db").exists() {
        let folder = place.data_dir.display();
        return Err(Failure::new(NOT_FOUND, format!("there is no installation in {folder}")));
    }
    let opened = Database::open(&open::location(&place)).await;
    opened.map_err(|fault| Failure::new(UNREACHABLE, fault.to_string()))
}

async fn version(config: &Config) -> Result<i64, Failure> {
    let db = opened(config).await?;
    let version = db.schema_version().await;
    db.close().await;
    Ok(version?)
}

async fn status(config: &Config, out: &Out) -> Result<(), Failure> {
    let db = opened(config).await?;
    let version = db.schema_version().await?;
    let lives = db.lives_with_schema(version).await;
    db.close().await;
    let (lives, known) = (lives?, Database::schema_known());
    let engine = match db.engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    };
    let state = match version {
        version if version < known => "to be migrated",
        version if version > known && lives => "newer than this program, which can work with it",
        version if version > known => "newer than this program",
        _ => "up to date",
    };
    if out.json {
        let object = json!({ "object": "database", "engine": engine, "schema_version": version,
            "schema_version_known": known, "status": state });
        return out.json(&object);
    }
    out.fields(&[
        ("engine", engine.to_owned()),
        ("schema", version.to_string()),
        ("schema of this program", known.to_string()),
        ("status", state.to_owned()),
    ])
}

async fn backup(session: &Session, file: &Path, out: &Out) -> Result<(), Failure> {
    let name = file.display().to_string();
    if session.at.db.engine == Engine::Postgres {
        return Err(Failure::new(USAGE, "back a PostgreSQL database up with `pg_dump`"));
    }
    if file.exists() {
        return Err(Failure::new(USAGE, format!("{name} is there already; name a new file")));
    }
    session.at.db.copy_to(file).await?;
    if out.json {
        return out.json(&json!({ "object": "database.backup", "file": name }));
    }
    out.note("the master key is not in it: keep a copy of that elsewhere");
    out.line(&name)
}

fn tell(finding: &Finding, out: &Out) -> Result<(), Failure> {
    if out.json {
        out.json(finding)?;
    } else if finding.valid {
        out.fields(&[
            ("lines", finding.lines.to_string()),
            ("sums", finding.sums.to_string()),
            ("windows", finding.windows.to_string()),
            ("balances", finding.balances.to_string()),
        ])?;
    } else {
        let cells: Vec<Vec<String>> = finding
            .breaks
            .iter()
            .map(|it| vec![it.what.to_owned(), it.place.clone(), it.detail.clone()])
            .collect();
        out.table(&["what", "of", "differs"], &cells)?;
    }
    if finding.valid {
        return Ok(());
    }
    let count = finding.breaks_count;
    Err(Failure::new(FAILED, format!("the books do not add up in {count} places")))
}
