//! Which processes serve on this database.

use super::Db;
use crate::base::Fault;
use crate::base::fault::Doing;
use serde::Deserialize;
use sqlx::Row;

/// A serving process, as it last said of itself.
#[derive(Debug, Clone)]
pub struct Node {
    /// `node_...`: stays with the data folder.
    pub id: String,
    /// Changes with each start.
    pub boot: String,
    /// Program version.
    pub version: String,
    /// Address it listens on.
    pub listen: String,
    /// Unix milliseconds.
    pub started_ms: i64,
    /// Unix milliseconds of the last sign of life, by the database's clock.
    pub seen_ms: i64,
    /// The last change it has applied.
    pub seen_seq: i64,
    /// JSON: what it says of its health.
    pub health: String,
}

/// A node that has not been seen for this long does not count, milliseconds.
pub const LIVE_WITHIN_MS: i64 = 5_000;
/// A node that has not been seen for this long is not listed, milliseconds: one that ends says so itself.
pub const KNOWN_MS: i64 = 3_600_000;
/// A node that has not heard of changes for this long is behind, milliseconds.
const BEHIND_MS: i64 = 2_000;

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It serves, and hears of changes.
    Live,
    /// It does not hear of changes, and stops serving soon.
    Behind,
    /// It was not heard of for some seconds, and did not say that it ends.
    CutOff,
}

impl Standing {
    /// Its word outside.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Behind => "behind",
            Self::CutOff => "cut_off",
        }
    }
}

/// What a node says of its health; zeros where it says nothing.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Health {
    /// How long ago it last heard of changes, milliseconds.
    pub sync_age_ms: i64,
    /// How far its clock is before the database's, milliseconds.
    pub clock_skew_ms: i64,
    /// It ends, and takes no new connections.
    pub draining: bool,
}

impl Node {
    /// What it says of its health.
    #[must_use]
    pub fn health(&self) -> Option<Health> {
        serde_json::from_str(&self.health).ok()
    }

    /// How it is, at an instant of the database's clock.
    #[must_use]
    pub fn standing(&self, now_ms: i64) -> Standing {
        match now_ms - self.seen_ms {
            silent_ms if silent_ms > LIVE_WITHIN_MS => Standing::CutOff,
            _ if self.health().is_some_and(|health| health.sync_age_ms > BEHIND_MS) => Standing::Behind,
            _ => Standing::Live,
        }
    }
}

/// Writes the node's row, new or again.
///
/// # Errors
/// When the database cannot be used.
pub async fn beat(db: &Db, node: &Node) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO nodes (id, boot, version, listen, started_ms, seen_ms, seen_seq, health) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET \
         boot = excluded.boot, version = excluded.version, listen = excluded.listen, \
         started_ms = excluded.started_ms, seen_ms = excluded.seen_ms, \
         seen_seq = excluded.seen_seq, health = excluded.health",
    )
    .bind(&node.id)
    .bind(&node.boot)
    .bind(&node.version)
    .bind(&node.listen)
    .bind(node.started_ms)
    .bind(node.seen_ms)
    .bind(node.seen_seq)
    .bind(&node.health)
    .execute(db.pool())
    .await
    .doing("writing the node's sign of life")?;
    Ok(())
}

/// A start of a node has ended, and said so.
///
/// # Errors
/// When the database cannot be used.
pub async fn leave(db: &Db, id: &str, boot: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM nodes WHERE id = $1 AND boot = $2")
        .bind(id)
        .bind(boot)
        .execute(db.pool())
        .await
        .doing("removing the node's row")?;
    Ok(())
}

/// Nodes seen since `since_ms`.
///
/// # Errors
/// When the database cannot be used.
pub async fn live(db: &Db, since_ms: i64) -> Result<Vec<Node>, Fault> {
    let rows = sqlx::query(
        "SELECT id, boot, version, listen, started_ms, seen_ms, seen_seq, health FROM nodes \
         WHERE seen_ms >= $1 ORDER BY id",
    )
    .bind(since_ms)
    .fetch_all(db.pool())
    .await
    .doing("listing nodes")?;
    Ok(rows
        .iter()
        .map(|row| Node {
            id: row.get(0),
            boot: row.get(1),
            version: row.get(2),
            listen: row.get(3),
            started_ms: row.get(4),
            seen_ms: row.get(5),
            seen_seq: row.get(6),
            health: row.get(7),
        })
        .collect())
}
