//! Tiers: levels of organisations.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::NanoUsd;
use ledger::limit::{Kind, Limits};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::HashMap;

/// A tier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tier {
    /// `tier_...`; of a predefined one `tier_` and its name.
    pub id: String,
    /// Its name, once per installation.
    pub name: String,
    /// What a key is held to where it says nothing itself.
    pub limits: Limits,
    /// Credit that an organisation gets once.
    pub starting_credit: NanoUsd,
    /// What is added to the cost, in millionths of it.
    pub markup_ppm: u32,
    /// JSON list of models and patterns; absent: every model.
    pub models: Option<String>,
    /// JSON list of capabilities; absent: every one.
    pub capabilities: Option<String>,
    /// Unix milliseconds; 0 of a predefined one.
    pub created_ms: i64,
}

macro_rules! columns {
    () => {
        "t.id, t.name, t.requests_per_minute, t.tokens_per_minute, t.requests_per_day, t.tokens_per_day, \
         t.concurrency, t.starting_credit_nanousd, t.markup_ppm, t.models, t.capabilities, t.created_ms"
    };
}

fn read(row: &AnyRow) -> Result<Tier, Fault> {
    let mut limits = Limits::default();
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        let stored: Option<i64> = row.get(2 + place);
        limits.set(kind, stored.map(|limit| u32::try_from(limit).unwrap_or(1)));
    }
    let after = 2 + Kind::ALL.len();
    let markup: i64 = row.get(after + 1);
    Ok(Tier {
        id: row.get(0),
        name: row.get(1),
        limits,
        starting_credit: NanoUsd(row.get(after)),
        markup_ppm: u32::try_from(markup).doing("reading a tier's markup")?,
        models: row.get(after + 2),
        capabilities: row.get(after + 3),
        created_ms: row.get(after + 4),
    })
}

/// The tier of an organisation, if it has one.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_organization(conn: &mut Conn, org: &str) -> Result<Option<Tier>, Fault> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM organizations o JOIN tiers t ON t.id = o.tier_id WHERE o.id = $1"
    ))
    .bind(org)
    .fetch_optional(conn)
    .await
    .doing("reading the organisation's tier")?;
    row.as_ref().map(read).transpose()
}

/// A tier by id.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(conn: &mut Conn, id: &str) -> Result<Option<Tier>, Fault> {
    let row = sqlx::query(concat!("SELECT ", columns!(), " FROM tiers t WHERE t.id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading the tier")?;
    row.as_ref().map(read).transpose()
}

/// Every tier, by id. Their number is bounded where they are made.
///
/// # Errors
/// When the database cannot be used.
pub async fn all(conn: &mut Conn) -> Result<Vec<Tier>, Fault> {
    let rows = sqlx::query(concat!("SELECT ", columns!(), " FROM tiers t ORDER BY t.id"))
        .fetch_all(conn)
        .await
        .doing("reading the tiers")?;
    rows.iter().map(read).collect()
}

/// How many organisations in use have each tier, by its id.
///
/// # Errors
/// When the database cannot be used.
pub async fn organizations(conn: &mut Conn) -> Result<HashMap<String, i64>, Fault> {
    let rows = sqlx::query(
        "SELECT tier_id, COUNT(*) FROM organizations WHERE tier_id IS NOT NULL AND archived_ms IS NULL \
         GROUP BY tier_id",
    )
    .fetch_all(conn)
    .await
    .doing("counting the organisations of each tier")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Writes a tier, new or changed.
///
/// # Errors
/// When the name is taken, or the database cannot be used.
pub async fn put(tx: &mut Tx, tier: &Tier) -> Result<(), Fault> {
    let mut query = sqlx::query(
        "INSERT INTO tiers (id, name, requests_per_minute, tokens_per_minute, requests_per_day, tokens_per_day, \
         concurrency, starting_credit_nanousd, markup_ppm, models, capabilities, created_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO UPDATE SET \
         name = excluded.name, requests_per_minute = excluded.requests_per_minute, \
         tokens_per_minute = excluded.tokens_per_minute, requests_per_day = excluded.requests_per_day, \
         tokens_per_day = excluded.tokens_per_day, concurrency = excluded.concurrency, \
         starting_credit_nanousd = excluded.starting_credit_nanousd, markup_ppm = excluded.markup_ppm, \
         models = excluded.models, capabilities = excluded.capabilities",
    )
    .bind(&tier.id)
    .bind(&tier.name);
    for kind in Kind::ALL {
        query = query.bind(tier.limits.get(kind).map(i64::from));
    }
    query
        .bind(tier.starting_credit.0)
        .bind(i64::from(tier.markup_ppm))
        .bind(tier.models.as_deref())
        .bind(tier.capabilities.as_deref())
        .bind(tier.created_ms)
        .execute(&mut **tx)
        .await
        .doing("writing the tier")?;
    Ok(())
}

/// Gives an organisation a tier, or (absent) takes it away.
///
/// # Errors
/// When the database cannot be used.
pub async fn assign(tx: &mut Tx, org: &str, tier: Option<&str>) -> Result<(), Fault> {
    sqlx::query("UPDATE organizations SET tier_id = $1 WHERE id = $2")
        .bind(tier)
        .bind(org)
        .execute(&mut **tx)
        .await
        .doing("giving the organisation its tier")?;
    Ok(())
}
