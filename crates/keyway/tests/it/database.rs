//! The database behind a server, read and written past it.

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions, Connection, Row};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{SystemTime, UNIX_EPOCH};
use testkit::Keyway;

/// Rows of a query whose columns are all text: `CAST(x AS TEXT)` where they are not. Null is `None`.
pub fn rows(keyway: &Keyway, query: &str) -> Rows {
    rows_at(&url(keyway), query)
}

/// The same of the database at `url`.
pub fn rows_at(url: &str, query: &str) -> Rows {
    with(url, query.to_owned(), true).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// The same, unless it cannot be asked.
pub fn try_rows_at(url: &str, query: &str) -> Option<Rows> {
    with(url, query.to_owned(), true).ok()
}

/// The first column of the first row.
pub fn one(keyway: &Keyway, query: &str) -> String {
    let rows = rows(keyway, query);
    let value = rows.into_iter().next().and_then(|row| row.into_iter().next());
    value.flatten().unwrap_or_else(|| panic!("nothing: {query}"))
}

/// Every row of every table that an administrative call could change.
pub fn everything(keyway: &Keyway) -> BTreeMap<String, Rows> {
    /// Kept by the running server for itself.
    const ITS_OWN: [&str; 17] = [
        "alert_events",
        "key_networks",
        "key_hours",
        "provider_minutes",
        "watch_state",
        "limit_",
        "nodes",
        "journal_",
        "usage_",
        "request_",
        "budget_windows",
        "budget_events",
        "leases",
        "crash_holds",
        "absorbed_charges",
        "_sqlx",
        "sqlite_",
    ];
    const OF_USE: [&str; 10] = [
        "last_used_ms",
        "last_used_ip",
        "use_count",
        "attempts",
        "next_ms",
        "sent_ms",
        "failed_ms",
        "claimed_by",
        "claimed_until_ms",
        "last_error",
    ];
    let postgres = keyway.postgres_url().is_some();
    let read = |queries: Vec<String>| read_all(&url(keyway), queries).expect("what the tables hold");
    let firsts = |rows: Rows| -> Vec<String> {
        rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
    };
    let of_tables = if postgres {
        "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    };
    let mut tables = firsts(rows(keyway, of_tables));
    tables.retain(|table| !ITS_OWN.iter().any(|own| table.starts_with(own)));
    let of_columns = |table: &String| match postgres {
        true => format!(
            "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_name = '{table}'"
        ),
        false => format!("SELECT name FROM pragma_table_info('{table}')"),
    };
    let columns = read(tables.iter().map(of_columns).collect());
    let dump = |(table, columns): (&String, Rows)| {
        let columns = firsts(columns).into_iter().filter(|column| !OF_USE.contains(&column.as_str()));
        let columns: Vec<String> = columns.map(|column| format!("CAST({column} AS TEXT)")).collect();
        format!("SELECT {} FROM {table}", columns.join(", "))
    };
    let mut all = read(tables.iter().zip(columns).map(dump).collect());
    all.iter_mut().for_each(|rows| rows.sort());
    tables.into_iter().zip(all).collect()
}

/// Runs statements.
pub fn execute(keyway: &Keyway, statements: &str) {
    execute_at(&url(keyway), statements);
}

/// Writes an event of an alert that has stopped a key until somebody confirms its use.
pub fn stopped(keyway: &Keyway, org: &str, key: &str, event: &str) {
    // What is long ago is forgotten.
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    execute(
        keyway,
        &format!(
            "INSERT INTO alert_events (id, org_id, alert_id, kind, subject, occurrence, project_id, key_id, at_ms, \
             last_ms, ended_ms, detail, asks) SELECT '{event}', '{org}', 'alert_x', 'usage', id, '{event}', \
             project_id, id, {now_ms}, {now_ms}, {now_ms}, '{{}}', 1 FROM keys WHERE id = '{key}'"
        ),
    );
}

/// Runs statements in the database at `url`.
pub fn execute_at(url: &str, statements: &str) {
    with(url, statements.to_owned(), false).unwrap_or_else(|error| panic!("{statements}: {error}"));
}

/// Tries statements in the database at `url`; whether it took them.
pub fn try_execute_at(url: &str, statements: &str) -> bool {
    with(url, statements.to_owned(), false).is_ok()
}

/// Keeps every other writer of a SQLite database waiting, from the moment it says so until it is told to end.
pub fn hold_write_lock(url: &str, locked: &Sender<()>, unlock: &Receiver<()>) {
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = AnyConnectOptions::from_str(url).expect("a URL").disable_statement_logging();
        let mut connection = options.connect().await.expect("a connection");
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.expect("the lock");
        locked.send(()).expect("somebody who waits");
        let _ = unlock.recv();
        sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.expect("its end");
    });
}

/// Rows of text columns.
pub type Rows = Vec<Vec<Option<String>>>;

/// The URL of its database.
pub fn url(keyway: &Keyway) -> String {
    keyway.postgres_url().unwrap_or_else(|| {
        let file = keyway.data_dir().join("keyway.db");
        format!("sqlite://{}", file.display())
    })
}

/// Statements, or one query.
fn with(url: &str, sql: String, reads: bool) -> Result<Rows, sqlx::Error> {
    if reads {
        return Ok(read_all(url, vec![sql])?.pop().unwrap_or_default());
    }
    on_connection(url, async move |connection| {
        // The statement is the test's own.
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
        Ok(Vec::new())
    })
}

/// The rows of each query, over one connection.
fn read_all(url: &str, queries: Vec<String>) -> Result<Vec<Rows>, sqlx::Error> {
    on_connection(url, async move |connection| {
        let mut all = Vec::new();
        for query in queries {
            let found = sqlx::query(AssertSqlSafe(query)).fetch_all(&mut *connection).await?;
            let rows = found.iter().map(|row| {
                let columns = 0..row.len();
                columns.map(|column| row.try_get::<Option<String>, _>(column)).collect()
            });
            all.push(rows.collect::<Result<_, _>>()?);
        }
        Ok(all)
    })
}

/// On a thread and a connection of its own.
fn on_connection<T: Send + 'static>(
    url: &str,
    work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, sqlx::Error> + Send + 'static,
) -> Result<T, sqlx::Error> {
    let url = url.to_owned();
    let work = std::thread::spawn(move || {
        sqlx::any::install_default_drivers();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut connection =
                AnyConnectOptions::from_str(&url)?.disable_statement_logging().connect().await?;
            let done = work(&mut connection).await?;
            connection.close().await?;
            Ok(done)
        })
    });
    work.join().expect("the statement's thread")
}

/// Another organisation with a project, a live key and an admin key: their ids. Its key's secret is
/// nobody's, for nothing here can make one.
pub fn other_organization(keyway: &Keyway) -> [&'static str; 3] {
    let ids = [
        "proj_01m7y89m9jv9jh5vdsqadjxb6k",
        "key_01m7y89m9mrnywa9k9r8sf0r2f",
        "key_01m7y89ma9e712939nh4x3t7ex",
    ];
    let [project, key, admin] = ids;
    execute(
        keyway,
        &format!(
            "INSERT INTO organizations (id, name, created_ms) VALUES ('org_other', 'Other', 1);\
             INSERT INTO projects (id, org_id, name, environment, created_ms) \
               VALUES ('{project}', 'org_other', 'Theirs', 'production', 1);\
             INSERT INTO keys (id, kind, mode, org_id, project_id, name, description, owner_id, status, created_ms) \
               VALUES ('{key}', 'project', 'live', 'org_other', '{project}', 'theirs', '', '', 'active', 1), \
                      ('{admin}', 'admin', 'live', 'org_other', NULL, 'theirs', '', '', 'active', 1);\
             INSERT INTO key_secrets (kid, key_id, digest, created_ms) \
               VALUES ('000000000001', '{key}', '00', 1), ('000000000002', '{admin}', '00', 1);"
        ),
    );
    ids
}
