//! A fresh PostgreSQL database per test, on the server that `KEYWAY_TEST_POSTGRES` names.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The variable that holds the URL of a server on which databases may be made and dropped.
pub const SERVER_VARIABLE: &str = "KEYWAY_TEST_POSTGRES";

/// The variable that names a database of that server with the schema in it, which tests' databases are
/// copies of (PostgreSQL 15 or newer). Without it every test brings its own up to date.
pub const TEMPLATE_VARIABLE: &str = "KEYWAY_TEST_POSTGRES_TEMPLATE";

/// A database that is dropped with this value.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

/// The server to test on, if the tests are to run on PostgreSQL.
#[must_use]
pub fn server() -> Option<String> {
    std::env::var(SERVER_VARIABLE).ok().filter(|url| !url.is_empty())
}

impl Database {
    /// Makes a database on `server`.
    ///
    /// # Panics
    /// When the server cannot be reached or refuses.
    #[must_use]
    pub fn create(server: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("kw_{}_{number}_{nanos:x}", std::process::id());
        // Small as it is, its files are copied sooner than written page by page.
        let template = std::env::var(TEMPLATE_VARIABLE).ok();
        let like = template
            .filter(|_| self::server().as_deref() == Some(server))
            .map_or_else(String::new, |template| format!(" TEMPLATE {template} STRATEGY FILE_COPY"));
        execute(server, format!("CREATE DATABASE {name}{like}"))
            .unwrap_or_else(|error| panic!("{server}: {error}"));
        Self { server: server.to_owned(), name }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = execute(&self.server, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// `url` with its database replaced.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{}/{name}{query}", &address[..end])
}

/// One statement on a connection and a thread of its own: the caller may be inside a runtime.
fn execute(server: &str, statement: String) -> Result<(), String> {
    let server = server.to_owned();
    let work = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(async {
            let mut connection = PgConnection::connect(&server).await.map_err(|error| error.to_string())?;
            // The statement holds a name made here and nothing from outside.
            connection.execute(AssertSqlSafe(statement)).await.map_err(|error| error.to_string())?;
            connection.close().await.map_err(|error| error.to_string())
        })
    });
    work.join().unwrap_or_else(|_| Err("the statement's thread panicked".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn replaces_the_database_of_a_url() {
        for (url, expected) in [
            ("postgres://u:p@h:1/postgres", "postgres://u:p@h:1/new"),
            ("postgres://u@h", "postgres://u@h/new"),
            ("postgres:///postgres?host=/run/x&port=5", "postgres:///new?host=/run/x&port=5"),
        ] {
            assert_eq!(with_database(url, "new"), expected);
        }
    }
}
