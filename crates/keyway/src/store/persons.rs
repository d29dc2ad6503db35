//! A person by themselves, whatever organisations they are in: address, profile, password.

use super::many::parameters;
use super::{Conn, Db, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashMap;

/// A person.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// `user_...`
    pub id: String,
    /// Lower case.
    pub email: String,
    /// What they call themselves.
    pub name: String,
    /// The installation's operator.
    pub operator: bool,
    /// When their address was shown to be read by them, unix milliseconds.
    pub verified_ms: Option<i64>,
    /// A language tag.
    pub language: String,
    /// IANA name of a time zone; empty: UTC.
    pub time_zone: String,
    /// The version of the terms they accepted; empty: none.
    pub terms_version: String,
    /// When, unix milliseconds.
    pub terms_ms: Option<i64>,
    /// Unix milliseconds.
    pub created_ms: i64,
}

/// An organisation somebody is in.
#[derive(Debug, Clone)]
pub struct Place {
    /// `org_...`
    pub org: String,
    /// The organisation's name.
    pub name: String,
    /// Their role there.
    pub role: String,
}

macro_rules! columns {
    () => {
        "SELECT id, email, name, operator, verified_ms, language, time_zone, terms_version, terms_ms, \
         created_ms FROM users "
    };
}

fn read(row: &AnyRow) -> Person {
    Person {
        id: row.get(0),
        email: row.get(1),
        name: row.get(2),
        operator: row.get::<i64, _>(3) != 0,
        verified_ms: row.get(4),
        language: row.get(5),
        time_zone: row.get(6),
        terms_version: row.get(7),
        terms_ms: row.get(8),
        created_ms: row.get(9),
    }
}

/// A person by id.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<Person>, Fault> {
    let row = sqlx::query(concat!(columns!(), "WHERE id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading the person")?;
    Ok(row.as_ref().map(read))
}

/// A person by address (lower case).
///
/// # Errors
/// When the database cannot be used.
pub async fn by_email(conn: &mut Conn, email: &str) -> Result<Option<Person>, Fault> {
    let row = sqlx::query(concat!(columns!(), "WHERE email = $1"))
        .bind(email)
        .fetch_optional(conn)
        .await
        .doing("looking the person up")?;
    Ok(row.as_ref().map(read))
}

/// Writes what can change of a person.
///
/// # Errors
/// When the address is taken, or the database cannot be used.
pub async fn update(tx: &mut Tx, person: &Person) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE users SET email = $1, name = $2, operator = $3, verified_ms = $4, language = $5, \
         time_zone = $6, terms_version = $7, terms_ms = $8 WHERE id = $9",
    )
    .bind(&person.email)
    .bind(&person.name)
    .bind(i64::from(person.operator))
    .bind(person.verified_ms)
    .bind(&person.language)
    .bind(&person.time_zone)
    .bind(&person.terms_version)
    .bind(person.terms_ms)
    .bind(&person.id)
    .execute(&mut **tx)
    .await
    .doing("changing the person")?;
    Ok(())
}

/// Whether somebody is the installation's operator.
///
/// # Errors
/// When the database cannot be used.
pub async fn is_operator(conn: &mut Conn, id: &str) -> Result<bool, Fault> {
    let row = sqlx::query("SELECT 1 FROM users WHERE id = $1 AND operator = 1")
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading whether somebody is the operator")?;
    Ok(row.is_some())
}

/// Whether any person is the installation's operator.
///
/// # Errors
/// When the database cannot be used.
pub async fn any_operator(db: &Db) -> Result<bool, Fault> {
    any_operator_in(&mut *db.connection().await?).await
}

/// The same, within a transaction.
///
/// # Errors
/// When the database cannot be used.
pub async fn any_operator_in(conn: &mut Conn) -> Result<bool, Fault> {
    let row = sqlx::query("SELECT 1 FROM users WHERE operator = 1 LIMIT 1")
        .fetch_optional(conn)
        .await
        .doing("looking for an operator")?;
    Ok(row.is_some())
}

/// Organisations in use that somebody is in, oldest membership first, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn places(conn: &mut Conn, user: &str, limit: i64) -> Result<Vec<Place>, Fault> {
    let rows = sqlx::query(
        "SELECT o.id, o.name, m.role FROM memberships m JOIN organizations o ON o.id = m.org_id \
         WHERE m.user_id = $1 AND o.archived_ms IS NULL ORDER BY m.added_ms, o.id LIMIT $2",
    )
    .bind(user)
    .bind(limit)
    .fetch_all(conn)
    .await
    .doing("listing where somebody is a member")?;
    Ok(rows.iter().map(|row| Place { org: row.get(0), name: row.get(1), role: row.get(2) }).collect())
}

/// What people of an organisation are called there, of those asked for.
///
/// # Errors
/// When the database cannot be used.
pub async fn names(conn: &mut Conn, org: &str, users: &[&str]) -> Result<HashMap<String, String>, Fault> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let list = parameters(2, users.len());
    let text = format!("SELECT user_id, name FROM memberships WHERE org_id = $1 AND user_id IN ({list})");
    // Made of parameters' numbers.
    let mut statement = sqlx::query(AssertSqlSafe(text)).bind(org);
    for user in users {
        statement = statement.bind(*user);
    }
    let rows = statement.fetch_all(conn).await.doing("reading what people are called")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The hash of a person's password, if they have one.
///
/// # Errors
/// When the database cannot be used.
pub async fn password(conn: &mut Conn, user: &str) -> Result<Option<String>, Fault> {
    let row = sqlx::query("SELECT hash FROM passwords WHERE user_id = $1")
        .bind(user)
        .fetch_optional(conn)
        .await
        .doing("reading the password's hash")?;
    Ok(row.map(|row| row.get(0)))
}

/// Sets a person's password.
///
/// # Errors
/// When the database cannot be used.
pub async fn set_password(tx: &mut Tx, user: &str, hash: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO passwords (user_id, hash, changed_ms) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_ms = excluded.changed_ms",
    )
    .bind(user)
    .bind(hash)
    .bind(now_ms)
    .execute(&mut **tx)
    .await
    .doing("setting the password")?;
    Ok(())
}
