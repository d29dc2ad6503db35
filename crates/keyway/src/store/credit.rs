//! Balances: what was put into them. What was charged to them is the ledger's.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::NanoUsd;
use sqlx::Row;
use sqlx::any::AnyRow;

/// Where money in a balance is from. What was granted is used first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Given.
    Granted,
    /// Paid.
    ToppedUp,
}

impl Source {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Granted, Self::ToppedUp];

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::ToppedUp => "topped_up",
        }
    }
}

/// Something put into a balance, or (below zero) taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `credit_...`
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Where it is from.
    pub source: Source,
    /// How much; not zero.
    pub amount: NanoUsd,
    /// What had been charged to the balance by then.
    pub charged_before: NanoUsd,
    /// What for.
    pub note: String,
    /// What comes once.
    pub reference: Option<String>,
    /// Unix milliseconds.
    pub created_ms: i64,
}

fn read(row: &AnyRow) -> Result<Entry, Fault> {
    let kind: String = row.get(2);
    let source = Source::ALL.iter().copied().find(|source| source.name() == kind);
    Ok(Entry {
        id: row.get(0),
        org: row.get(1),
        source: source.ok_or_else(|| Fault::plain("a credit entry has an unknown kind"))?,
        amount: NanoUsd(row.get(3)),
        charged_before: NanoUsd(row.get(4)),
        note: row.get(5),
        reference: row.get(6),
        created_ms: row.get(7),
    })
}

macro_rules! columns {
    () => {
        "id, org_id, kind, amount_nanousd, charged_before_nanousd, note, reference, created_ms"
    };
}

/// Writes an entry.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, entry: &Entry) -> Result<(), Fault> {
    sqlx::query(concat!(
        "INSERT INTO credit_entries (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    ))
    .bind(&entry.id)
    .bind(&entry.org)
    .bind(entry.source.name())
    .bind(entry.amount.0)
    .bind(entry.charged_before.0)
    .bind(&entry.note)
    .bind(entry.reference.as_deref())
    .bind(entry.created_ms)
    .execute(&mut **tx)
    .await
    .doing("writing the credit entry")?;
    Ok(())
}

/// Every entry of an organisation in the order in which they were made. Their number is bounded where
/// they are made.
///
/// # Errors
/// When the database cannot be used.
pub async fn entries(conn: &mut Conn, org: &str) -> Result<Vec<Entry>, Fault> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM credit_entries WHERE org_id = $1 ORDER BY created_ms, id"
    ))
    .bind(org)
    .fetch_all(conn)
    .await
    .doing("reading the credit entries")?;
    rows.iter().map(read).collect()
}

/// Entries in order of their ids, at most `limit` after `after` (empty: from the start).
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut Conn,
    org: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Entry>, Fault> {
    const OLDEST: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM credit_entries WHERE org_id = $1 AND ($2 = '' OR id > $2) ORDER BY id LIMIT $3"
    );
    const NEWEST: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM credit_entries WHERE org_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"
    );
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(org)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing credit entries")?;
    rows.iter().map(read).collect()
}

/// What an organisation may spend in all: everything that was put into its balance. `None`: it is not
/// prepaid.
///
/// # Errors
/// When the database cannot be used.
pub async fn limit(conn: &mut Conn, org: &str) -> Result<Option<NanoUsd>, Fault> {
    let row = sqlx::query(
        "SELECT o.prepaid, CAST(COALESCE((SELECT SUM(e.amount_nanousd) FROM credit_entries e \
         WHERE e.org_id = o.id), 0) AS BIGINT) FROM organizations o WHERE o.id = $1",
    )
    .bind(org)
    .fetch_optional(conn)
    .await
    .doing("reading what the organisation may spend")?;
    Ok(row.filter(|row| row.get::<i64, _>(0) != 0).map(|row| NanoUsd(row.get(1))))
}

/// Whether an organisation spends no more than its balance.
///
/// # Errors
/// When the database cannot be used.
pub async fn is_prepaid(conn: &mut Conn, org: &str) -> Result<bool, Fault> {
    let row = sqlx::query("SELECT prepaid FROM organizations WHERE id = $1")
        .bind(org)
        .fetch_optional(conn)
        .await
        .doing("reading whether the organisation is prepaid")?;
    Ok(row.is_some_and(|row| row.get::<i64, _>(0) != 0))
}

/// Says whether an organisation spends no more than its balance.
///
/// # Errors
/// When the database cannot be used.
pub async fn set_prepaid(tx: &mut Tx, org: &str, prepaid: bool) -> Result<(), Fault> {
    sqlx::query("UPDATE organizations SET prepaid = $1 WHERE id = $2")
        .bind(i64::from(prepaid))
        .bind(org)
        .execute(&mut **tx)
        .await
        .doing("saying whether the organisation is prepaid")?;
    Ok(())
}
