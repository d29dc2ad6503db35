//! The connection to the database. The only file that knows which engine runs.

use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, AssertSqlSafe, ConnectOptions, Connection, Executor, Transaction};
use std::error::Error;
use std::fs::File;
use std::future::Future;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Connections a process keeps at most. Each of SQLite's is a thread with a page cache.
const SQLITE_CONNECTIONS_MAX: u32 = 4;
const POSTGRES_CONNECTIONS_MAX: u32 = 12;
/// How long a statement waits for a free connection before it is a fault.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection of PostgreSQL's may take to show that it is alive before it counts as lost.
const ALIVE_WAIT: Duration = Duration::from_secs(3);
/// How long what runs all the time waits for PostgreSQL before the database counts as away, see [`Db::within`].
pub const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// How long a migration waits for a table that others use, milliseconds: they wait behind it meanwhile.
const MIGRATION_LOCK_MS: u64 = 300;
/// Pause between two tries of a migration that did not get its table, and how many there are.
const MIGRATION_PAUSE: Duration = Duration::from_secs(1);
const MIGRATION_TRIES_MAX: usize = 120;
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
        let pool = AnyPoolOptions::new().max_connections(connections_max).acquire_timeout(ACQUIRE_TIMEOUT);
        let read_only = Arc::new(AtomicBool::new(false));
        let pool = match engine {
            Engine::Sqlite => sqlite_pool(pool),
            Engine::Postgres => postgres_pool(pool, &read_only),
        };
        let pool = match pool.connect_with(options).await {
            Err(_) if read_only.load(Ordering::SeqCst) => return Err(Fault::plain(READ_ONLY)),
            pool => pool.doing("opening the database")?,
        };
        Ok(Self { pool, engine, unsynced: Arc::default() })
    }

    /// Waits for what is asked of the database, but on PostgreSQL not longer than `wait`: a server whose machine
    /// or network is gone says nothing, and TCP tells of it after a quarter of an hour or never. What was begun
    /// may have happened all the same, as after any lost answer. SQLite is no network, and comes to its end.
    ///
    /// # Errors
    /// What was asked failed, or there was no answer in time.
    pub async fn within<T>(
        &self,
        wait: Duration,
        asking: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        if self.engine == Engine::Sqlite {
            return asking.await;
        }
        let answered = tokio::time::timeout(wait, asking).await;
        answered.unwrap_or_else(|_| Err(Fault::plain("the database does not answer")))
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
        self.unsynced.load(Ordering::SeqCst)
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
        const DOING: &str = "bringing the database schema up to date";
        let version = self.schema_version().await?;
        if version > Self::schema_known() && self.lives_with_schema(version).await? {
            tracing::info!(version, known = Self::schema_known(), "the schema is of a newer program");
            return Ok(());
        }
        if self.engine == Engine::Sqlite {
            return MIGRATOR.run(&self.pool).await.doing(DOING);
        }
        // A connection of its own, which is closed: what is set here, and a lock of sqlx's after a failure, would
        // stay with it.
        let mut connection = self.connection().await?;
        connection.close_on_drop();
        let setting = format!("SET lock_timeout = {MIGRATION_LOCK_MS}");
        connection.execute(AssertSqlSafe(setting)).await.doing(DOING)?;
        for _ in 1..MIGRATION_TRIES_MAX {
            // Nodes that serve must not wait long for a table that this waits for: they are let through.
            match MIGRATOR.run(&mut *connection).await.doing(DOING) {
                Err(fault) if gives_way(&fault) => tokio::time::sleep(MIGRATION_PAUSE).await,
                done => return done,
            }
        }
        MIGRATOR.run(&mut *connection).await.doing(DOING)
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

/// Lets a transaction on PostgreSQL do nothing for longer than others may.
///
/// # Errors
/// When the database cannot be used.
pub async fn may_rest(tx: &mut Tx) -> Result<(), Fault> {
    let setting = "SET LOCAL idle_in_transaction_session_timeout = 0";
    tx.execute(setting).await.map(|_| ()).doing("beginning a long transaction")
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

/// A node that is cut off in the middle of a transaction keeps its locks no longer than this: all others wait for
/// them.
const POSTGRES_SETTINGS: &str = "SET idle_in_transaction_session_timeout = 15000";

/// What is said of a server that cannot be worked with.
const READ_ONLY: &str = "the database takes no writes: the server at its address is a standby, or is set to \
     read only; give the address of the primary";

fn sqlite_pool(pool: AnyPoolOptions) -> AnyPoolOptions {
    pool.after_connect(|connection, _| {
        Box::pin(async move { connection.execute(SQLITE_SETTINGS).await.map(|_| ()) })
    })
    .after_release(|connection, _| {
        Box::pin(async move {
            // After some errors SQLite has ended a transaction itself, and sqlx waits for its end for ever: such
            // a connection begins no other one.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}

/// No connection is used that leads to a server which takes no writes: what a standby, or a primary of before,
/// says of keys and money may be old. One that says nothing is dropped, before it is used and after.
fn postgres_pool(pool: AnyPoolOptions, read_only: &Arc<AtomicBool>) -> AnyPoolOptions {
    let (at_first, later) = (Arc::clone(read_only), Arc::clone(read_only));
    // Asking whether it takes writes shows as well that it is there.
    pool.test_before_acquire(false)
        .after_connect(move |connection, _| {
            let read_only = Arc::clone(&at_first);
            Box::pin(async move {
                connection.execute(POSTGRES_SETTINGS).await?;
                match takes_writes(connection, &read_only).await? {
                    true => Ok(()),
                    false => Err(sqlx::Error::Configuration(READ_ONLY.into())),
                }
            })
        })
        .before_acquire(move |connection, _| {
            let read_only = Arc::clone(&later);
            Box::pin(async move { alive(takes_writes(connection, &read_only)).await })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                alive(connection.ping()).await?;
                Ok(true)
            })
        })
}

async fn takes_writes(connection: &mut Conn, read_only: &AtomicBool) -> Result<bool, sqlx::Error> {
    let said: String =
        sqlx::query_scalar("SELECT current_setting('transaction_read_only')").fetch_one(connection).await?;
    let is_read_only = said != "off";
    if is_read_only != read_only.swap(is_read_only, Ordering::SeqCst) {
        match is_read_only {
            true => tracing::error!("{READ_ONLY}"),
            false => tracing::info!("the database takes writes"),
        }
    }
    Ok(!is_read_only)
}

/// An answer of a connection, unless it takes too long.
async fn alive<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let answered = tokio::time::timeout(ALIVE_WAIT, answer).await;
    answered.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
}

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
                // It does nothing else for as long as the set-up takes.
                may_rest(&mut tx).await?;
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

/// Whether the database ended a transaction for the sake of others: a deadlock, a lock that was not to be had. It
/// has not happened, and may succeed at once.
#[must_use]
pub fn gives_way(fault: &Fault) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = fault.source();
    while let Some(error) = cause {
        if let Some(sqlx::Error::Database(error)) = error.downcast_ref() {
            let code = DatabaseError::code(error.as_ref());
            return code.is_some_and(|code| ["40001", "40P01", "55P03"].contains(&code.as_ref()));
        }
        cause = error.source();
    }
    false
}
