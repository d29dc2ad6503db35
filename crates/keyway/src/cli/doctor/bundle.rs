//! What somebody who helps wants to know of an installation, in one file: nothing that opens anything, and
//! nothing that was said to a model.

use super::{Check, Report, State};
use crate::admin::nodes::list_object;
use crate::app::open;
use crate::app::serve::place;
use crate::app::start;
use crate::base::{Clock, Fault};
use crate::cli::failure::{FAILED, Failure, USAGE};
use crate::config::{Config, show};
use crate::store::db::{Db, Engine};
use crate::store::provider_minutes::provider_hours;
use crate::store::providers::{CredentialRow, every};
use crate::store::{nodes, tenants};
use crate::telemetry::scrub;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How far back it says how providers answered, milliseconds: a day.
const PROVIDERS_MS: i64 = 86_400_000;

/// A shorter secret is none, and is looked for nowhere: it would be found in words.
const KNOWN_BYTES_MIN: usize = 6;

/// Makes the file, which nobody else may read. It must not be there yet.
pub(super) fn create(file: &Path) -> Result<File, Failure> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    opened.map_err(|error| Failure::new(USAGE, format!("{}: {error}", file.display())))
}

/// Writes what there is to know.
pub(super) fn write(mut file: File, checks: &[Check], gathered: &Value) -> Result<(), Failure> {
    let ok = checks.iter().all(|check| check.state != State::Fail);
    let checks: Vec<Check> = checks.iter().map(told).collect();
    let report = serde_json::to_value(Report { object: "doctor", ok, checks: &checks });
    let mut bundle = json!({
        "object": "doctor.bundle",
        "version": env!("CARGO_PKG_VERSION"),
        "created_at": Clock::system().now_ms().div_euclid(1000),
        "system": { "os": std::env::consts::OS, "arch": std::env::consts::ARCH,
            "cores": std::thread::available_parallelism().map_or(0, usize::from) },
        "report": report.unwrap_or_default(),
        "installation": gathered,
    });
    masked(&mut bundle, &[]);
    let text = serde_json::to_string_pretty(&bundle).unwrap_or_default();
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| Failure::new(FAILED, format!("writing the bundle: {error}")))
}

/// A look as it may be passed on: what is wrong in the settings may be a secret in the wrong place, so that
/// of it only the place is told.
fn told(check: &Check) -> Check {
    let Check { name, state, detail, fix } = check;
    let is_mistake = *name == "config" && *state == State::Fail;
    let (detail, fix) = match detail.split_once(": ").filter(|_| is_mistake) {
        Some((place, _)) => (place.to_owned(), Some("`keyway config check` says what it is".to_owned())),
        None => (detail.clone(), fix.clone()),
    };
    Check { name, state: *state, detail, fix }
}

/// Settings, and what the database says of itself; without what this process knows to be secret, wherever
/// it stands.
pub(super) async fn gather(config: &Config) -> Value {
    let database = match in_database(config).await {
        Ok(found) => found,
        Err(fault) => json!({ "error": fault.to_string() }),
    };
    let mut all = json!({ "config": show::show_json(config), "database": database });
    let given = config.on.iter().filter_map(|on| start::credential(on).ok()?);
    let settings = [&config.settings.database, &config.settings.master_key, &config.settings.mail_smtp];
    let known = given.chain(settings.into_iter().flatten().cloned());
    let known: Vec<String> = known.map(|secret| secret.reveal().to_owned()).collect();
    masked(&mut all, &known);
    all
}

async fn in_database(config: &Config) -> Result<Value, Fault> {
    let place = place(&config.settings);
    if place.database.is_none() && !place.data_dir.join("keyway.db").exists() {
        return Ok(Value::Null);
    }
    let db = Db::open(&open::location(&place)).await?;
    let found = look(&db).await;
    db.close().await;
    found
}

async fn look(db: &Db) -> Result<Value, Fault> {
    let engine = if db.engine == Engine::Sqlite { "sqlite" } else { "postgres" };
    let schema = db.schema_version().await?;
    if tenants::master_check(db).await?.is_none() {
        return Ok(json!({ "engine": engine, "schema": schema }));
    }
    let now_ms = db.now_ms(&Clock::system()).await?;
    let known = nodes::live(db, now_ms - nodes::KNOWN_MS).await?;
    let mut conn = db.connection().await?;
    let credentials: Vec<Value> = every(&mut conn).await?.iter().map(credential).collect();
    let hours = provider_hours(&mut conn, now_ms - PROVIDERS_MS).await?;
    let hours = hours.iter().map(|it| {
        json!({ "provider": it.provider, "hour": it.hour_ms / 1000, "attempts": it.attempts, "failed": it.failed })
    });
    Ok(json!({
        "engine": engine,
        "schema": schema,
        "nodes": serde_json::to_value(list_object(&known, now_ms)).unwrap_or_default(),
        "credentials": credentials,
        "providers": hours.collect::<Vec<_>>(),
    }))
}

/// Of a stored credential: where and how it is, not what. Not its last characters either, nor its name,
/// which is somebody's.
fn credential(row: &CredentialRow) -> Value {
    let owner = if row.org_id.is_empty() { "installation" } else { "organization" };
    json!({ "id": row.id, "provider": row.provider, "owner": owner, "state": row.state,
        "last_error": row.last_error })
}

/// Takes out of every text what looks like a credential, and what is known to be one.
fn masked(value: &mut Value, known: &[String]) {
    match value {
        Value::String(text) => {
            for secret in known.iter().filter(|secret| secret.len() >= KNOWN_BYTES_MIN) {
                *text = text.replace(secret.as_str(), "***");
            }
            *text = scrub(text).into_owned();
        }
        Value::Array(values) => values.iter_mut().for_each(|value| masked(value, known)),
        Value::Object(object) => object.values_mut().for_each(|value| masked(value, known)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_to_be_secret_is_nowhere() {
        let mut value = json!({ "a": ["it is hunter2!", { "b": "sk-0123456789abcdef" }], "c": 7 });
        masked(&mut value, &["hunter2".to_owned(), String::new(), "is".to_owned()]);
        assert_eq!(value, json!({ "a": ["it is ***!", { "b": "sk-***" }], "c": 7 }));
    }
}
