//! The database: whether it answers, its schema, its master key, its nodes and its keys.

use super::{Check, few};
use crate::app::open::{self, MASTER_KEY_FILE, MasterSource, Place};
use crate::app::serve::place;
use crate::base::{Clock, Fault};
use crate::config::Config;
use crate::providers::source::open as open_credential;
use crate::sealing::MasterKey;
use crate::store::db::{Db, Engine};
use crate::store::keys::{self, Filter, KeyRow};
use crate::store::nodes::{self, KNOWN_MS, Node};
use crate::store::providers::{self, BROKEN, CredentialRow};
use crate::store::tenants;

/// A clock that differs so much from the database's is wrong, milliseconds.
const CLOCK_SKEW_MS_MAX: i64 = 2_000;
/// A key that nobody has used for this long after it was made, milliseconds: 30 days.
const UNUSED_MS: i64 = 30 * 86_400_000;
/// Keys looked at.
const KEYS_MAX: i64 = 1_000;
const NAME: &str = "database";

pub(super) async fn look(config: &Config) -> Vec<Check> {
    let place = place(&config.settings);
    if place.database.is_none() && !place.data_dir.join("keyway.db").exists() {
        return vec![Check::warn(NAME, "there is no installation yet", "`keyway serve` makes one")];
    }
    let db = match Db::open(&open::location(&place)).await {
        Ok(db) => db,
        Err(fault) => {
            return vec![Check::fail(NAME, fault.to_string(), "start it, or correct `database`")];
        }
    };
    let checks = look_into(&db, &place, config).await.unwrap_or_else(|fault| {
        vec![Check::fail(NAME, fault.to_string(), "see whether it is Keyway's database, and whole")]
    });
    db.close().await;
    checks
}

async fn look_into(db: &Db, place: &Place, config: &Config) -> Result<Vec<Check>, Fault> {
    let engine = match db.engine {
        Engine::Sqlite => "SQLite answers",
        Engine::Postgres => "PostgreSQL answers",
    };
    let version = db.schema_version().await?;
    let lives = db.lives_with_schema(version).await?;
    let mut checks = vec![Check::ok(NAME, engine), schema(version, Db::schema_known(), lives)];
    let Some(known) = tenants::master_check(db).await? else {
        checks.push(Check::warn(NAME, "it is empty", "`keyway serve` sets it up"));
        return Ok(checks);
    };
    let key = read_master_key(place);
    let stored = providers::usable(&mut *db.connection().await?).await?;
    checks.extend(credentials(&stored, key.as_ref().ok().filter(|key| key.check() == known)));
    checks.push(master_key(key, &known));
    let now_ms = Clock::system().now_ms();
    let database_ms = db.now_ms(&Clock::system()).await?;
    checks.extend(skew("this machine", now_ms - database_ms));
    checks.extend(serving(&nodes::live(db, database_ms - KNOWN_MS).await?, database_ms));
    let org = tenants::default_org(db).await?;
    checks.push(listening(config, keys::any_active(db, "admin").await?));
    let mut found = Vec::new();
    for kind in ["project", "admin"] {
        let filter = Filter { org: &org, kind, project: "", operators: true };
        found.extend(keys::list_newest(db, &filter, "", KEYS_MAX).await?);
    }
    checks.extend(hygiene(&found, now_ms));
    Ok(checks)
}

fn schema(version: i64, known: i64, lives: bool) -> Check {
    const NAME: &str = "schema";
    let detail = format!("version {version}, this program's is {known}");
    match version.cmp(&known) {
        std::cmp::Ordering::Equal => Check::ok(NAME, format!("version {version}")),
        std::cmp::Ordering::Less => Check::warn(NAME, detail, "the next command brings it up to date"),
        std::cmp::Ordering::Greater if lives => {
            Check::warn(NAME, detail, "this program can work with it until it is upgraded as well")
        }
        std::cmp::Ordering::Greater => Check::fail(NAME, detail, "use the newer program that wrote it"),
    }
}

fn read_master_key(place: &Place) -> Result<MasterKey, Fault> {
    match &place.master_key {
        MasterSource::Text(text) => MasterKey::from_text(text),
        MasterSource::File(path) => MasterKey::from_file(path, false),
        MasterSource::DataDir => MasterKey::from_file(&place.data_dir.join(MASTER_KEY_FILE), false),
    }
}

/// Whether stored credentials open.
fn credentials(stored: &[(CredentialRow, Option<String>)], key: Option<&MasterKey>) -> Option<Check> {
    const NAME: &str = "credentials";
    if stored.is_empty() {
        return None;
    }
    let shut = |(row, made): &&(CredentialRow, Option<String>)| {
        row.state == BROKEN || key.is_some_and(|key| open_credential(row, made.as_deref(), key).is_err())
    };
    let shut: Vec<&str> = stored.iter().filter(shut).map(|(row, _)| row.id.as_str()).collect();
    Some(if shut.is_empty() {
        Check::ok(NAME, format!("all {} that are stored open", stored.len()))
    } else {
        let fix = "exchange each: `keyway provider credential edit PROVIDER ID --rotate`";
        Check::fail(NAME, format!("{} of {} do not open: {}", shut.len(), stored.len(), few(&shut)), fix)
    })
}

fn master_key(key: Result<MasterKey, Fault>, known: &str) -> Check {
    const NAME: &str = "master key";
    match key {
        Ok(key) if key.check() == known => Check::ok(NAME, "it is this database's"),
        Ok(_) => Check::fail(
            NAME,
            "this database was made with another one",
            "copy master.key from the first data folder, or set KEYWAY_MASTER_KEY_FILE",
        ),
        Err(fault) => Check::fail(NAME, fault.to_string(), "put it back from a copy"),
    }
}

fn skew(whose: &str, ahead_ms: i64) -> Option<Check> {
    let word = if ahead_ms < 0 { "behind" } else { "ahead of" };
    let detail = format!("{whose} is {} ms {word} the database", ahead_ms.abs());
    (ahead_ms.abs() > CLOCK_SKEW_MS_MAX).then(|| Check::fail("clock", detail, "set the clocks, best by NTP"))
}

/// How the nodes of this database are.
fn serving(known: &[Node], now_ms: i64) -> Vec<Check> {
    #[derive(serde::Deserialize, Default)]
    struct Health {
        #[serde(default)]
        clock_skew_ms: i64,
    }
    let mut checks = Vec::new();
    for node in known {
        let health: Health = serde_json::from_str(&node.health).unwrap_or_default();
        checks.extend(skew(&node.id, health.clock_skew_ms));
        let fix = "see its log; what it leased of budgets stays charged until it is back";
        match node.standing(now_ms).word() {
            "live" => {}
            state => {
                let detail = format!("{} at {} is {}", node.id, node.listen, state.replace('_', " "));
                checks.push(Check::warn("node", detail, fix));
            }
        }
    }
    let live = known.iter().filter(|node| node.standing(now_ms).word() == "live").count();
    if live > 0 {
        checks.push(Check::ok("node", format!("{live} serving")));
    }
    checks
}

fn listening(config: &Config, has_admin_key: bool) -> Check {
    const NAME: &str = "listen";
    let address = config.settings.listen;
    if address.ip().to_canonical().is_loopback() || has_admin_key {
        return Check::ok(NAME, address.to_string());
    }
    Check::fail(
        NAME,
        format!("{address} is beyond this machine, and nobody owns the installation"),
        "`keyway admin-key create --name first`",
    )
}

fn hygiene(keys: &[KeyRow], now_ms: i64) -> Vec<Check> {
    const NAME: &str = "keys";
    let active = |key: &&KeyRow| key.status == "active" && key.mode == "live";
    let endless: Vec<&str> = keys
        .iter()
        .filter(active)
        .filter(|key| key.expires_ms.is_none())
        .map(|key| key.id.as_str())
        .collect();
    let unused: Vec<&str> = keys
        .iter()
        .filter(active)
        .filter(|key| key.last_used_ms.is_none() && now_ms - key.created_ms > UNUSED_MS)
        .map(|key| key.id.as_str())
        .collect();
    let mut checks = Vec::new();
    if !endless.is_empty() {
        let fix = "make new ones with `--expires 90d`";
        checks.push(Check::warn(NAME, format!("never expire: {}", few(&endless)), fix));
    }
    if !unused.is_empty() {
        let fix = "revoke what nobody needs";
        checks.push(Check::warn(NAME, format!("never used in 30 days: {}", few(&unused)), fix));
    }
    if checks.is_empty() {
        checks.push(Check::ok(NAME, format!("{} in order", keys.iter().filter(active).count())));
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::admin::key_object::tests::row;

    #[test]
    fn schemas_are_compared() {
        assert_eq!(schema(2, 2, true).state, State::Ok);
        assert_eq!(schema(1, 2, true).state, State::Warn);
        assert_eq!(schema(3, 2, true).state, State::Warn);
        assert_eq!(schema(3, 2, false).state, State::Fail);
    }

    #[test]
    fn keys_that_want_attention() {
        let now_ms = row().created_ms + UNUSED_MS;
        assert_eq!(hygiene(&[row()], now_ms)[0].state, State::Ok);
        assert_eq!(hygiene(&[row()], now_ms + 1)[0].detail, format!("never used in 30 days: {}", row().id));
        let used = KeyRow { last_used_ms: Some(1), ..row() };
        assert_eq!(hygiene(&[used], now_ms + 1)[0].state, State::Ok);
        let endless = KeyRow { expires_ms: None, ..row() };
        assert_eq!(hygiene(std::slice::from_ref(&endless), now_ms)[0].state, State::Warn);
        for harmless in [
            KeyRow { status: "revoked".to_owned(), ..endless.clone() },
            KeyRow { mode: "test".to_owned(), ..endless },
        ] {
            assert_eq!(hygiene(&[harmless], now_ms)[0].state, State::Ok);
        }
    }
}
