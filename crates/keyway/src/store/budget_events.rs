//! Thresholds of budgets that were reached: each once in a window.

use super::windows::Name;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AnyConnection, Row};

/// Records the thresholds of a budget that what was posted in a window has reached, and that were not
/// recorded before. A balance has none.
///
/// # Errors
/// When the database cannot be used.
pub async fn record(connection: &mut AnyConnection, name: &Name, now_ms: i64) -> Result<(), Fault> {
    const DOING: &str = "recording a threshold";
    if !name.account.starts_with("bud_") {
        return Ok(());
    }
    let row = sqlx::query(
        "SELECT w.posted_nanousd, b.limit_nanousd, b.thresholds, \
         (SELECT CAST(COALESCE(MAX(e.percent), 0) AS BIGINT) FROM budget_events e \
          WHERE e.account_id = w.account_id AND e.window_start_ms = w.window_start_ms) \
         FROM budget_windows w JOIN budgets b ON b.id = w.account_id \
         WHERE w.account_id = $1 AND w.window_start_ms = $2",
    )
    .bind(&name.account)
    .bind(name.window_start_ms)
    .fetch_optional(&mut *connection)
    .await
    .doing(DOING)?;
    let Some(row) = row else { return Ok(()) };
    let (posted, limit, recorded): (i64, i64, i64) = (row.get(0), row.get(1), row.get(3));
    let thresholds: Vec<u16> = serde_json::from_str(row.get(2)).doing(DOING)?;
    for percent in thresholds.into_iter().map(i64::from).filter(|percent| *percent > recorded) {
        if i128::from(posted) * 100 < i128::from(limit) * i128::from(percent) {
            continue;
        }
        sqlx::query(
            "INSERT INTO budget_events (account_id, window_start_ms, percent, at_ms, posted_nanousd, \
             limit_nanousd) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (account_id, window_start_ms, percent) DO NOTHING",
        )
        .bind(&name.account)
        .bind(name.window_start_ms)
        .bind(percent)
        .bind(now_ms)
        .bind(posted)
        .bind(limit)
        .execute(&mut *connection)
        .await
        .doing(DOING)?;
    }
    Ok(())
}
