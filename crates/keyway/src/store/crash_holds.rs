//! What is held for requests that nobody settled.

use super::windows::Name;
use super::{Db, windows};
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::NanoUsd;
use sqlx::{AnyConnection, Row};

/// Holds that one look takes in at most.
const HOLDS_MAX: i64 = 1_000;

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// `req_...`
    pub request: String,
    /// Of what.
    pub name: Name,
    /// How much, above zero.
    pub amount: NanoUsd,
}

/// Keeps a hold. It is part of what its window has leased.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(connection: &mut AnyConnection, hold: &Hold, now_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO crash_holds (request, account_id, window_start_ms, amount_nanousd, at_ms) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&hold.request)
    .bind(&hold.name.account)
    .bind(hold.name.window_start_ms)
    .bind(hold.amount.0)
    .bind(now_ms)
    .execute(connection)
    .await
    .doing("holding money of a request that was not settled")?;
    Ok(())
}

/// Posts what was held since before `before_ms` in windows that never end: nobody has claimed it for so
/// long, and it would be held for ever. Answers how many there were.
///
/// # Errors
/// When the database cannot be used.
pub async fn post_old(db: &Db, before_ms: i64) -> Result<usize, Fault> {
    const DOING: &str = "posting what was held";
    let rows = sqlx::query(
        "SELECT request, account_id, amount_nanousd FROM crash_holds \
         WHERE window_start_ms = 0 AND at_ms < $1 ORDER BY account_id, request LIMIT $2",
    )
    .bind(before_ms)
    .bind(HOLDS_MAX)
    .fetch_all(db.pool())
    .await
    .doing(DOING)?;
    for row in &rows {
        let name = Name { account: row.get(1), window_start_ms: 0 };
        let (request, amount): (String, i64) = (row.get(0), row.get(2));
        let mut tx = db.begin_write().await?;
        windows::lock(&mut tx, &name).await?;
        let gone = sqlx::query(
            "DELETE FROM crash_holds WHERE request = $1 AND account_id = $2 AND window_start_ms = 0",
        )
        .bind(&request)
        .bind(&name.account)
        .execute(&mut *tx)
        .await
        .doing(DOING)?;
        if gone.rows_affected() == 1 {
            windows::post_hold(&mut tx, &name, NanoUsd(amount)).await?;
            sqlx::query(
                "INSERT INTO posted_holds (request, account_id, window_start_ms, amount_nanousd, at_ms) \
                 VALUES ($1, $2, 0, $3, $4)",
            )
            .bind(&request)
            .bind(&name.account)
            .bind(amount)
            .bind(before_ms)
            .execute(&mut *tx)
            .await
            .doing(DOING)?;
        }
        tx.commit().await.doing(DOING)?;
    }
    Ok(rows.len())
}
