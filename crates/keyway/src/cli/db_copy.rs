//! `keyway db copy`: from SQLite to PostgreSQL.

use super::failure::{CONFIGURATION, FAILED, Failure, NOT_FOUND, UNREACHABLE};
use super::output::Out;
use crate::app::open::{self, Place};
use crate::app::serve::{lock_data_dir, place};
use crate::base::Fault;
use crate::config::Config;
use crate::store::Db;
use crate::store::copy::{self, Copied};
use crate::store::db::SetupLock;
use serde_json::json;

/// Copies what the data folder holds to the PostgreSQL database that the configuration names.
///
/// # Errors
/// Exit 78 without `database`, 3 without a SQLite installation, 5 when the database cannot be reached, 1 when a
/// server uses the data folder or something differs: then nothing is there.
pub async fn run(config: &Config, out: &Out) -> Result<(), Failure> {
    let target = place(&config.settings);
    if target.database.is_none() {
        let text =
            "`database` names no PostgreSQL database: set KEYWAY_DATABASE, or `database` in keyway.toml";
        return Err(Failure::new(CONFIGURATION, text));
    }
    let source = Place { database: None, ..place(&config.settings) };
    if !source.data_dir.join("keyway.db").exists() {
        let folder = source.data_dir.display();
        return Err(Failure::new(NOT_FOUND, format!("there is no SQLite installation in {folder}")));
    }
    let lock = lock_data_dir(&source.data_dir).map_err(|fault| failed(&fault))?;
    let from = opened(&source).await?;
    let to = match opened(&target).await {
        Ok(to) => to,
        Err(failure) => {
            from.close().await;
            return Err(failure);
        }
    };
    let copied = both(&from, &to, &target).await;
    from.close().await;
    to.close().await;
    drop(lock);
    tell(&copied.map_err(|fault| failed(&fault))?, out)
}

async fn both(from: &Db, to: &Db, target: &Place) -> Result<Vec<Copied>, Fault> {
    from.migrate().await?;
    let lock = SetupLock::take(to, &target.data_dir).await?;
    to.migrate().await?;
    let copied = copy::copy(from, to).await;
    lock.release().await?;
    copied
}

async fn opened(place: &Place) -> Result<Db, Failure> {
    let opened = Db::open(&open::location(place)).await;
    opened.map_err(|fault| Failure::new(UNREACHABLE, fault.to_string()))
}

fn failed(fault: &Fault) -> Failure {
    Failure::new(FAILED, fault.to_string())
}

fn tell(copied: &[Copied], out: &Out) -> Result<(), Failure> {
    let rows: u64 = copied.iter().map(|table| table.rows).sum();
    if out.json {
        return out.json(&json!({ "object": "database.copy", "rows": rows, "tables": copied }));
    }
    let cells: Vec<Vec<String>> = copied
        .iter()
        .filter(|table| table.rows > 0)
        .map(|table| vec![table.table.clone(), table.rows.to_string()])
        .collect();
    out.table(&["table", "rows"], &cells)?;
    out.note("every node needs the master key of this data folder; the SQLite file is as it was");
    Ok(())
}
