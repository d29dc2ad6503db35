//! Providers that were set at run time, and credentials, sealed.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// The credential may be used.
pub const ENABLED: &str = "enabled";
/// It was turned off: as if it were not there.
pub const DISABLED: &str = "disabled";
/// It does not open any more: nothing is sent with it, nor in its place.
pub const BROKEN: &str = "broken";

/// A provider as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRow {
    /// Its name.
    pub id: String,
    /// Fields as in the configuration file; absent: the row is the program's or the file's.
    pub fields: Option<String>,
    /// It was turned off.
    pub disabled: bool,
}

/// A credential. Without `Debug`: what is sealed is nobody's to print either.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialRow {
    /// `cred_...`
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// Whose account it is; empty: the installation's.
    pub org_id: String,
    /// What people call it.
    pub name: String,
    /// Its last characters.
    pub hint: String,
    /// Itself, sealed.
    pub sealed: String,
    /// `seal_...`: which seal stands there.
    pub seal: String,
    /// [`ENABLED`], [`DISABLED`] or [`BROKEN`].
    pub state: String,
    /// What the provider last said against it.
    pub last_error: Option<String>,
    /// When, unix milliseconds.
    pub last_error_ms: Option<i64>,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Requests at a time that its account takes; absent: the provider's cap, with all of its owner.
    pub concurrency_max: Option<i64>,
}

const COLUMNS: &str = "c.id, c.provider, c.org_id, c.name, c.hint, c.sealed, c.seal, c.state, c.last_error, \
     c.last_error_ms, c.created_ms, c.concurrency_max";

fn credential(row: &AnyRow) -> CredentialRow {
    CredentialRow {
        id: row.get(0),
        provider: row.get(1),
        org_id: row.get(2),
        name: row.get(3),
        hint: row.get(4),
        sealed: row.get(5),
        seal: row.get(6),
        state: row.get(7),
        last_error: row.get(8),
        last_error_ms: row.get(9),
        created_ms: row.get(10),
        concurrency_max: row.get(11),
    }
}

/// Every stored provider, by name.
///
/// # Errors
/// When the database cannot be used.
pub async fn all(conn: &mut Conn) -> Result<Vec<ProviderRow>, Fault> {
    let rows = sqlx::query("SELECT id, fields, disabled FROM providers ORDER BY id").fetch_all(conn).await;
    let read = |row: &AnyRow| ProviderRow {
        id: row.get(0),
        fields: row.get(1),
        disabled: row.get::<i64, _>(2) != 0,
    };
    Ok(rows.doing("reading providers")?.iter().map(read).collect())
}

/// Writes what is different of a provider; whether it is off stays.
///
/// # Errors
/// When the database cannot be used.
pub async fn put(tx: &mut Tx, id: &str, fields: Option<&str>, now_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO providers (id, fields, disabled, changed_ms) VALUES ($1, $2, 0, $3) \
         ON CONFLICT (id) DO UPDATE SET fields = excluded.fields, changed_ms = excluded.changed_ms",
    )
    .bind(id)
    .bind(fields)
    .bind(now_ms)
    .execute(&mut **tx)
    .await
    .doing("writing a provider")?;
    Ok(())
}

/// Turns a provider off or on.
///
/// # Errors
/// When the database cannot be used.
pub async fn switch(tx: &mut Tx, id: &str, disabled: bool, now_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO providers (id, fields, disabled, changed_ms) VALUES ($1, NULL, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET disabled = excluded.disabled, changed_ms = excluded.changed_ms",
    )
    .bind(id)
    .bind(i64::from(disabled))
    .bind(now_ms)
    .execute(&mut **tx)
    .await
    .doing("turning a provider on or off")?;
    Ok(())
}

/// Takes a stored provider away; says whether there was one with fields.
///
/// # Errors
/// When the database cannot be used.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool, Fault> {
    let done = sqlx::query("DELETE FROM providers WHERE id = $1 AND fields IS NOT NULL")
        .bind(id)
        .execute(&mut **tx)
        .await;
    Ok(done.doing("deleting a provider")?.rows_affected() > 0)
}

/// Provider and owner of every credential that is not turned off.
///
/// # Errors
/// When the database cannot be used.
pub async fn owners(conn: &mut Conn) -> Result<Vec<(String, String)>, Fault> {
    let rows = sqlx::query(
        "SELECT DISTINCT provider, org_id FROM provider_credentials WHERE state <> $1 \
         ORDER BY provider, org_id",
    )
    .bind(DISABLED)
    .fetch_all(conn)
    .await;
    Ok(rows.doing("reading the owners of credentials")?.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Every credential that is not turned off, oldest first, each with the detail of the newest audit record
/// of its making: what that says of the seal holds, whatever stands in the row.
///
/// # Errors
/// When the database cannot be used.
pub async fn usable(conn: &mut Conn) -> Result<Vec<(CredentialRow, Option<String>)>, Fault> {
    let text = format!(
        "SELECT {COLUMNS}, (SELECT a.detail FROM audit_log a WHERE a.object_id = c.id AND a.event IN \
         ('provider_credential.created', 'provider_credential.rotated') ORDER BY a.seq DESC LIMIT 1) \
         FROM provider_credentials c WHERE c.state <> $1 ORDER BY c.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).bind(DISABLED).fetch_all(conn).await;
    Ok(rows.doing("reading credentials")?.iter().map(|row| (credential(row), row.get(12))).collect())
}

/// Whose credentials are read.
#[derive(Debug, Clone, Copy)]
pub struct Owners<'a> {
    /// This organisation's.
    pub org: &'a str,
    /// The installation's as well.
    pub installation: bool,
}

/// Credentials of some owners, of one provider or of all (empty), oldest first.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(conn: &mut Conn, whose: Owners<'_>, provider: &str) -> Result<Vec<CredentialRow>, Fault> {
    let text = format!(
        "SELECT {COLUMNS} FROM provider_credentials c WHERE (c.org_id = $1 OR c.org_id = $2) \
         AND ($3 = '' OR c.provider = $3) ORDER BY c.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(whose.org)
        .bind(if whose.installation { "" } else { whose.org })
        .bind(provider)
        .fetch_all(conn)
        .await;
    Ok(rows.doing("listing credentials")?.iter().map(credential).collect())
}

/// A credential of some owners.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(
    conn: &mut Conn,
    whose: Owners<'_>,
    provider: &str,
    id: &str,
) -> Result<Option<CredentialRow>, Fault> {
    Ok(list(conn, whose, provider).await?.into_iter().find(|row| row.id == id))
}

/// Writes a new credential.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, row: &CredentialRow) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO provider_credentials (id, provider, org_id, name, hint, sealed, seal, state, \
         created_ms, changed_ms, concurrency_max) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
    )
    .bind(&row.id)
    .bind(&row.provider)
    .bind(&row.org_id)
    .bind(&row.name)
    .bind(&row.hint)
    .bind(&row.sealed)
    .bind(&row.seal)
    .bind(&row.state)
    .bind(row.created_ms)
    .bind(row.concurrency_max)
    .execute(&mut **tx)
    .await
    .doing("writing a credential")?;
    Ok(())
}

/// Writes a changed credential; what a provider last said against it goes.
///
/// # Errors
/// When the database cannot be used.
pub async fn update(tx: &mut Tx, row: &CredentialRow, now_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE provider_credentials SET name = $1, hint = $2, sealed = $3, seal = $4, state = $5, \
         last_error = NULL, last_error_ms = NULL, changed_ms = $6, concurrency_max = $7 WHERE id = $8",
    )
    .bind(&row.name)
    .bind(&row.hint)
    .bind(&row.sealed)
    .bind(&row.seal)
    .bind(&row.state)
    .bind(now_ms)
    .bind(row.concurrency_max)
    .bind(&row.id)
    .execute(&mut **tx)
    .await
    .doing("changing a credential")?;
    Ok(())
}

/// Takes a credential away.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM provider_credentials WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("deleting a credential")?;
    Ok(())
}

/// Takes every credential of a provider away.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove_of(tx: &mut Tx, provider: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM provider_credentials WHERE provider = $1")
        .bind(provider)
        .execute(&mut **tx)
        .await
        .doing("deleting a provider's credentials")?;
    Ok(())
}

/// Notes that a credential does not open; says whether nobody had noted it before.
///
/// # Errors
/// When the database cannot be used.
pub async fn mark_broken(tx: &mut Tx, id: &str, why: &str, now_ms: i64) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE provider_credentials SET state = $1, last_error = $2, last_error_ms = $3 \
         WHERE id = $4 AND state = $5",
    )
    .bind(BROKEN)
    .bind(why)
    .bind(now_ms)
    .bind(id)
    .bind(ENABLED)
    .execute(&mut **tx)
    .await
    .doing("noting a broken credential")?;
    Ok(done.rows_affected() > 0)
}

/// Every credential, whatever its state, for another master key to take over.
///
/// # Errors
/// When the database cannot be used.
pub async fn every(conn: &mut Conn) -> Result<Vec<CredentialRow>, Fault> {
    let text = format!("SELECT {COLUMNS} FROM provider_credentials c ORDER BY c.id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(conn).await;
    Ok(rows.doing("reading every credential")?.iter().map(credential).collect())
}

/// Writes the text of a credential that was sealed anew under another master key.
///
/// # Errors
/// When the database cannot be used.
pub async fn reseal(tx: &mut Tx, id: &str, sealed: &str) -> Result<(), Fault> {
    sqlx::query("UPDATE provider_credentials SET sealed = $1 WHERE id = $2")
        .bind(sealed)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("sealing a credential anew")?;
    Ok(())
}

/// Notes what a provider said against a credential.
///
/// # Errors
/// When the database cannot be used.
pub async fn note_error(tx: &mut Tx, id: &str, error: &str, at_ms: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE provider_credentials SET last_error = $1, last_error_ms = $2 WHERE id = $3")
        .bind(error)
        .bind(at_ms)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("noting a credential's error")?;
    Ok(())
}
