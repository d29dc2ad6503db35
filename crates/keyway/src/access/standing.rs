//! How budgets stand: what of their windows is spent and held.

use crate::base::Fault;
use crate::store::Conn;
use crate::store::budgets::Budget;
use crate::store::spent::{self, Spent};
use jiff::tz::TimeZone;
use ledger::NanoUsd;
use ledger::window::Window;

/// How a budget stands in the window of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Charged to it.
    pub spent: NanoUsd,
    /// Held by requests that run, and by crashes whose cost is not known.
    pub held: NanoUsd,
    /// Beginning of the window, unix milliseconds.
    pub from_ms: i64,
    /// Its end, unix milliseconds; absent for a window without end.
    pub until_ms: Option<i64>,
}

impl Standing {
    fn new(budget: &Budget, window: Window, spent: Spent) -> Self {
        Self {
            spent: spent.charged,
            held: spent.held,
            from_ms: if window == Window::TOTAL { budget.created_ms } else { window.start_ms },
            until_ms: (window != Window::TOTAL).then_some(window.end_ms),
        }
    }

    /// What of a limit is left.
    #[must_use]
    pub fn remaining(&self, limit: NanoUsd) -> NanoUsd {
        limit.saturating_sub(self.spent).saturating_sub(self.held)
    }
}

/// The window of a budget at an instant.
///
/// # Errors
/// When its time zone is not known any more.
pub fn window(budget: &Budget, now_ms: i64) -> Result<Window, Fault> {
    let zone = TimeZone::get(&budget.time_zone)
        .map_err(|error| Fault::new(format!("finding the time zone of budget {}", budget.id), error))?;
    Ok(budget.window.window(&zone, now_ms))
}

/// How a budget stands.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(conn: &mut Conn, budget: &Budget, now_ms: i64) -> Result<Standing, Fault> {
    let window = window(budget, now_ms)?;
    let spent = spent::of(conn, &budget.id, window.start_ms).await?;
    Ok(Standing::new(budget, window, spent))
}

/// How each of some budgets stands, by one statement.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_all(conn: &mut Conn, budgets: &[Budget], now_ms: i64) -> Result<Vec<Standing>, Fault> {
    let windows: Vec<Window> =
        budgets.iter().map(|budget| window(budget, now_ms)).collect::<Result<_, _>>()?;
    let names: Vec<(&str, i64)> =
        budgets.iter().zip(&windows).map(|(budget, window)| (budget.id.as_str(), window.start_ms)).collect();
    let spent = spent::of_each(conn, &names).await?;
    let each = budgets.iter().zip(&windows).zip(spent);
    Ok(each.map(|((budget, window), spent)| Standing::new(budget, *window, spent)).collect())
}
