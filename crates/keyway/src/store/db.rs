//! The connection to the database. The only file that knows which engine runs.

use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, ConnectOptions, Connection, Executor, Transaction};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Connections a process keeps at most. Each of SQLite's is a thread with a page cache.
const SQLITE_CONNECTIONS_MAX: u32 = 4;
const POSTGRES_CONNECTIONS_MAX: u32 = 8;
/// How long a statement waits for a free connection before it is a fault.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Number of the advisory lock under which PostgreSQL installations are set up.
const SETUP_LOCK: i64 = 0x6b65_7977_6179;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// A transaction on either engine.
pub type Tx = Transaction<'static, Any>;
/// What a reading statement runs on: a connection of the pool, or a transaction's.
pub type Conn = sqlx::AnyConnection;

/// Which database runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, one file, one node.
    Sqlite,
    /// A server, any number of nodes.
    Postgres,
}

impl Engine {
    /// Whether several processes may serve on it.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self == Self::Postgres
    }
}

/// Where the database is.
#[derive(Clone)]
pub enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL URL. May hold a password: never printed.
    Url(String),
}

/// The database: a pool of connections of the runtime that opened it.
#[derive(Clone)]
pub struct Db {
    pool: AnyPool,
    /// Which database runs.
    pub engine: Engine,
    /// A sync has failed: what is on the disk is not known any more, and the next one would succeed.
    pub(super) unsynced: Arc<AtomicBool>,
}

impl Db {
    /// Opens the database without changing it.
    ///
    /// # Errors
    /// When it cannot be reached or is not a database.
    pub async fn open(location: &Location) -> Result<Self, Fault> {
        sqlx::any::install_default_drivers();
        let (engine, url, connections_max) = match location {
            Location::File(path) => (Engine::Sqlite, sqlite_url(path), SQLITE_CONNECTIONS_MAX),
            Location::Url(url) => (Engine::Postgres, url.clone(), POSTGRES_CONNECTIONS_MAX),
        };
        let options = AnyConnectOptions::from_str(&url).doing("reading the database URL")?;
        // Statements are written down for who asks for them with the filter `sqlx::query=debug`.
        let told = tracing::enabled!(target: "sqlx::query", tracing::Level::DEBUG);
        let options = if told { options } else { options.disable_statement_logging() };
        let pool = AnyPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if engine == Engine::Sqlite {
                        connection.execute(SQLITE_SETTINGS).await?;
                    }
                    Ok(())
                })
            })
            .after_release(move |connection, _| {
                Box::pin(async move {
                    if engine == Engine::Postgres {
                        return Ok(true);
                    }
                    // After some errors SQLite has ended a transaction itself, and sqlx waits for its end for
                    // ever: such a connection begins no other one.
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options)
            .await
            .doing("opening the database")?;
        Ok(Self { pool, engine, unsynced: Arc::default() })
    }

    /// The one clock of every process on this database, unix milliseconds: PostgreSQL's, else `clock`.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn now_ms(&self, clock: &crate::base::Clock) -> Result<i64, Fault> {
        match self.engine {
            Engine::Sqlite => Ok(clock.now_ms()),
            Engine::Postgres => server_now_ms(&mut *self.connection().await?).await,
        }
    }

    /// Whether a sync has failed since the database was opened: nothing of it is tried again.
    #[must_use]
    pub fn is_unsynced(&self) -> bool {
        self.unsynced.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// The pool, for statements outside a transaction.
    #[must_use]
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// A connection for several reads. Give it back soon.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn connection(&self) -> Result<PoolConnection<Any>, Fault> {
        self.pool.acquire().await.doing("waiting for a connection to the database")
    }

    /// A transaction that will write. On SQLite it takes the write lock at once, so that two
    /// writers wait for each other instead of failing half-way.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin_write(&self) -> Result<Tx, Fault> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        self.pool.begin_with(begin).await.doing("beginning a transaction")
    }

    /// A transaction that reads one state of everything, whatever others write meanwhile.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin_snapshot(&self) -> Result<Tx, Fault> {
        let begin = match self.engine {
            // The first statement takes the snapshot.
            Engine::Sqlite => "BEGIN",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.pool.begin_with(begin).await.doing("beginning to read")
    }

    /// Writes a copy of a SQLite database to a new file that nobody else may read, while others go on.
    ///
    /// # Errors
    /// When the file is there, or the database cannot be used.
    pub async fn copy_to(&self, file: &Path) -> Result<(), Fault> {
        const DOING: &str = "writing the copy";
        let text = file.to_str().ok_or_else(|| Fault::plain("the file's name is no text"))?;
        // An empty file is taken: made first, so that it is never readable for others.
        File::options().write(true).create_new(true).mode(0o600).open(file).doing(DOING)?;
        sqlx::query("VACUUM INTO $1").bind(text).execute(&self.pool).await.doing(DOING)?;
        Ok(())
    }

    /// Brings the schema up to date. Call under [`SetupLock`]. One that a newer program has brought further
    /// stays as it is, if this program can live with it.
    ///
    /// # Errors
    /// When a migration fails, or the database was written by a version that this one cannot live with.
    pub async fn migrate(&self) -> Result<(), Fault> {
        let version = self.schema_version().await?;
        if version > Self::schema_known() && self.lives_with_schema(version).await? {
            tracing::info!(version, known = Self::schema_known(), "the schema is of a newer program");
            return Ok(());
        }
        MIGRATOR.run(&self.pool).await.doing("bringing the database schema up to date")
    }

    /// The schema's version: the newest migration that was applied, 0 for an empty database.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn schema_version(&self) -> Result<i64, Fault> {
        let there = match self.engine {
            Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'",
            Engine::Postgres => "SELECT COUNT(*) FROM pg_tables WHERE tablename = '_sqlx_migrations'",
        };
        let there: i64 =
            sqlx::query_scalar(there).fetch_one(&self.pool).await.doing("looking for the schema")?;
        if there == 0 {
            return Ok(0);
        }
        sqlx::query_scalar("SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM _sqlx_migrations")
            .fetch_one(&self.pool)
            .await
            .doing("reading the schema's version")
    }

    /// Whether this program can work with a schema of a version: it knows all of it, or what it does not know
    /// says that it can live with it (`schema_compat`).
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn lives_with_schema(&self, version: i64) -> Result<bool, Fault> {
        if version <= Self::schema_known() {
            return Ok(true);
        }
        let unknown: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM _sqlx_migrations m WHERE m.version > $1 AND NOT EXISTS \
             (SELECT 1 FROM schema_compat c WHERE c.version = m.version AND c.oldest <= $1)",
        )
        .bind(Self::schema_known())
        .fetch_one(&self.pool)
        .await
        .doing("looking whether the schema suits this program")?;
        Ok(unknown == 0)
    }

    /// The newest migration that this program knows.
    #[must_use]
    pub fn schema_known() -> i64 {
        MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes a transaction so, for those who have no other use for a database.
///
/// # Errors
/// When the database cannot be used: then nothing has happened.
pub async fn commit(tx: Tx) -> Result<(), Fault> {
    tx.commit().await.doing("committing")
}

/// WAL with `NORMAL`: commits survive a killed process; the journal covers what a power cut may take.
/// No checkpoint but ours (`store/journal.rs`), for one whose sync fails unseen would be believed later.
const SQLITE_SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
     PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
     PRAGMA wal_autocheckpoint = 0; \
     PRAGMA journal_size_limit = 67108864";

/// Held while the schema, the master key and the default rows are made, so that several first
/// starts at once do not trip over each other (sqlx's own lock does nothing on SQLite).
pub enum SetupLock {
    /// Released when dropped.
    File(File),
    /// Released with its transaction.
    Session(Box<Tx>),
}

impl SetupLock {
    /// Waits for the lock.
    ///
    /// # Errors
    /// When the folder or the database cannot be used.
    pub async fn take(db: &Db, data_dir: &Path) -> Result<Self, Fault> {
        match db.engine {
            Engine::Sqlite => Ok(Self::File(lock_file(&data_dir.join("setup.lock")).await?)),
            Engine::Postgres => {
                let mut tx = db.begin_write().await?;
                sqlx::query("SELECT pg_advisory_xact_lock($1)")
                    .bind(SETUP_LOCK)
                    .execute(&mut *tx)
                    .await
                    .doing("waiting for other nodes to finish their set-up")?;
                Ok(Self::Session(Box::new(tx)))
            }
        }
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn release(self) -> Result<(), Fault> {
        match self {
            Self::File(file) => file.unlock().doing("releasing the set-up lock"),
            Self::Session(tx) => tx.rollback().await.doing("releasing the set-up lock"),
        }
    }
}

async fn lock_file(path: &Path) -> Result<File, Fault> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    })
    .await
    .doing("waiting for the set-up lock")?
    .doing("taking the set-up lock in the data folder")
}

/// A SQLite URL of a path; what a URL would read as its own is escaped.
fn sqlite_url(path: &Path) -> String {
    let mut url = String::from("sqlite://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                url.push(char::from(*byte));
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url.push_str("?mode=rwc");
    url
}

/// What PostgreSQL says the time is, unix milliseconds.
///
/// # Errors
/// The database refused.
pub async fn server_now_ms(conn: &mut Conn) -> Result<i64, Fault> {
    sqlx::query_scalar("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
        .fetch_one(conn)
        .await
        .doing("asking the database for the time")
}

/// Whether an error is a violated unique constraint.
#[must_use]
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
