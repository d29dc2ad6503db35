//! Budgets: what may be spent. What was spent is the ledger's.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::NanoUsd;
use ledger::window::Rule;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

/// Budgets of an organisation that are not a key's, at most: all that may match come with each grant.
pub const WIDE_MAX: usize = 200;
/// Budgets of one key at most.
pub const OF_KEY_MAX: usize = 8;
/// Budgets that come with one grant at most: the wide ones, the key's, the token's.
pub const OF_GRANT_MAX: usize = WIDE_MAX + OF_KEY_MAX + 1;

macro_rules! words {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$about:meta])* $word:ident = $text:literal, )* } )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $( $(#[$about])* $word, )* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$( Self::$word, )*];

            /// Its word.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $( Self::$word => $text, )* }
            }

            /// The one of a word.
            #[must_use]
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == word)
            }
        }
    )* };
}

words! {
    /// What happens when a budget is spent.
    Enforcement {
        /// Requests are refused: it is never passed.
        Hard = "hard",
        /// Events are recorded.
        Soft = "soft",
    }
    /// How much a request holds while it runs.
    Reserve {
        /// What is ahead of its stream.
        Sliding = "sliding",
        /// The worst it can cost.
        Full = "full",
    }
}

/// Whose spending on what a budget counts: everything that is named must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Project; of a key's budget, the key's.
    pub project: Option<String>,
    /// Key.
    pub key: Option<String>,
    /// A token made from the key.
    pub token: Option<String>,
    /// Owner of keys.
    pub user: Option<String>,
    /// Model, by name or pattern.
    pub model: Option<String>,
    /// Label, `name=value`.
    pub label: Option<String>,
    /// Whom requests name as their end user.
    pub end_user: Option<String>,
}

/// A budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// `bud_...`
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Its name.
    pub name: String,
    /// What may be spent in a window, above zero.
    pub limit: NanoUsd,
    /// How long a window is.
    pub window: Rule,
    /// IANA name of the zone in which windows begin.
    pub time_zone: String,
    /// Whether it refuses.
    pub enforcement: Enforcement,
    /// How much requests hold.
    pub reserve: Reserve,
    /// Percents of the limit at which events are recorded, ascending.
    pub thresholds: Vec<u16>,
    /// What it counts.
    pub selector: Selector,
    /// `api`, `key` (made with the key) or `token`.
    pub source: String,
    /// Rises with each edit.
    pub epoch: i64,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; absent while it holds.
    pub archived_ms: Option<i64>,
}

macro_rules! columns {
    () => {
        "id, org_id, name, limit_nanousd, window_kind, time_zone, enforcement, reserve, thresholds, project_id, \
         key_id, token_id, user_id, model, label, end_user, source, epoch, created_ms, archived_ms"
    };
}

fn read(row: &AnyRow) -> Result<Budget, Fault> {
    let id: String = row.get(0);
    let unknown = |what: &str| Fault::plain(format!("budget {id} has an unknown {what}"));
    Ok(Budget {
        org: row.get(1),
        name: row.get(2),
        limit: NanoUsd(row.get(3)),
        window: Rule::named(row.get(4)).ok_or_else(|| unknown("window"))?,
        time_zone: row.get(5),
        enforcement: Enforcement::named(row.get(6)).ok_or_else(|| unknown("enforcement"))?,
        reserve: Reserve::named(row.get(7)).ok_or_else(|| unknown("reserve"))?,
        thresholds: serde_json::from_str(row.get(8)).map_err(|_| unknown("threshold"))?,
        selector: Selector {
            project: row.get(9),
            key: row.get(10),
            token: row.get(11),
            user: row.get(12),
            model: row.get(13),
            label: row.get(14),
            end_user: row.get(15),
        },
        source: row.get(16),
        epoch: row.get(17),
        created_ms: row.get(18),
        archived_ms: row.get(19),
        id,
    })
}

/// Whose grant is filled.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// Organisation.
    pub org: &'a str,
    /// Project.
    pub project: &'a str,
    /// Key.
    pub key: &'a str,
    /// Owner of the key; empty: none.
    pub user: &'a str,
    /// Token of the key; empty: none.
    pub token: &'a str,
}

/// The budgets that may count what a key spends, by id: at most [`OF_GRANT_MAX`]. Which of them count a
/// request, its model, labels and end user say.
///
/// # Errors
/// When the database cannot be used, or has more.
pub async fn of_grant(conn: &mut Conn, who: &Who<'_>) -> Result<Vec<Budget>, Fault> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM budgets WHERE org_id = $1 AND archived_ms IS NULL AND (project_id IS NULL OR project_id = $2) \
         AND (key_id IS NULL OR key_id = $3) AND (user_id IS NULL OR user_id = $4) \
         AND (token_id IS NULL OR token_id = $5) ORDER BY id LIMIT $6"
    ))
    .bind(who.org)
    .bind(who.project)
    .bind(who.key)
    .bind(who.user)
    .bind(who.token)
    .bind(OF_GRANT_MAX as i64 + 1)
    .fetch_all(conn)
    .await
    .doing("reading budgets")?;
    if rows.len() > OF_GRANT_MAX {
        return Err(Fault::plain("more budgets hold for a key than can"));
    }
    rows.iter().map(read).collect()
}

/// Makes a budget.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, budget: &Budget) -> Result<(), Fault> {
    let selector = &budget.selector;
    sqlx::query(concat!(
        "INSERT INTO budgets (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
    ))
    .bind(&budget.id)
    .bind(&budget.org)
    .bind(&budget.name)
    .bind(budget.limit.0)
    .bind(budget.window.name())
    .bind(&budget.time_zone)
    .bind(budget.enforcement.name())
    .bind(budget.reserve.name())
    .bind(written(&budget.thresholds))
    .bind(selector.project.as_deref())
    .bind(selector.key.as_deref())
    .bind(selector.token.as_deref())
    .bind(selector.user.as_deref())
    .bind(selector.model.as_deref())
    .bind(selector.label.as_deref())
    .bind(selector.end_user.as_deref())
    .bind(&budget.source)
    .bind(budget.epoch)
    .bind(budget.created_ms)
    .bind(budget.archived_ms)
    .execute(&mut **tx)
    .await
    .doing("writing the budget")?;
    Ok(())
}

fn written(thresholds: &[u16]) -> String {
    serde_json::json!(thresholds).to_string()
}

/// Writes what can change of a budget; its epoch rises.
///
/// # Errors
/// When the database cannot be used.
pub async fn update(tx: &mut Tx, budget: &mut Budget) -> Result<(), Fault> {
    budget.epoch += 1;
    sqlx::query(
        "UPDATE budgets SET name = $1, limit_nanousd = $2, enforcement = $3, reserve = $4, thresholds = $5, \
         archived_ms = $6, epoch = $7 WHERE id = $8",
    )
    .bind(&budget.name)
    .bind(budget.limit.0)
    .bind(budget.enforcement.name())
    .bind(budget.reserve.name())
    .bind(written(&budget.thresholds))
    .bind(budget.archived_ms)
    .bind(budget.epoch)
    .bind(&budget.id)
    .execute(&mut **tx)
    .await
    .doing("changing the budget")?;
    Ok(())
}

/// Lets the budgets of a key be another's, with what was spent of them: for one that takes its place.
///
/// # Errors
/// When the database cannot be used.
pub async fn hand_over(tx: &mut Tx, from: &str, to: &str) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE budgets SET key_id = $1, epoch = epoch + 1 WHERE key_id = $2 AND token_id IS NULL AND archived_ms IS NULL",
    )
    .bind(to)
    .bind(from)
    .execute(&mut **tx)
    .await
    .doing("handing the key's budgets over")?;
    Ok(())
}

/// A budget that holds.
///
/// # Errors
/// When the database cannot be used.
pub async fn live(conn: &mut Conn, org: &str, id: &str) -> Result<Option<Budget>, Fault> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM budgets WHERE org_id = $1 AND id = $2 AND archived_ms IS NULL"
    ))
    .bind(org)
    .bind(id)
    .fetch_optional(conn)
    .await
    .doing("reading the budget")?;
    row.as_ref().map(read).transpose()
}

/// A budget, whether it holds or not.
///
/// # Errors
/// When the database cannot be used.
pub async fn any(conn: &mut Conn, id: &str) -> Result<Option<Budget>, Fault> {
    let row = sqlx::query(concat!("SELECT ", columns!(), " FROM budgets WHERE id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading the budget")?;
    row.as_ref().map(read).transpose()
}

/// Which budgets a list shows.
#[derive(Debug, Default)]
pub struct Filter<'a> {
    /// Organisation.
    pub org: &'a str,
    /// Only those of these projects; absent: all. A few at a time.
    pub projects: Option<&'a [String]>,
    /// Only those of this key, unless empty.
    pub key: &'a str,
}

/// Budgets that hold, in order of their ids, at most `limit` after `after` (empty: from the start). Those
/// of tokens are not among them: they end with their token.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut Conn,
    filter: &Filter<'_>,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Budget>, Fault> {
    let (side, order) = if newest_first { ("<", " DESC") } else { (">", "") };
    let among = match filter.projects {
        None => String::new(),
        Some([]) => return Ok(Vec::new()),
        Some(projects) => format!(" AND project_id IN ({})", super::many::parameters(5, projects.len())),
    };
    let text = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM budgets WHERE org_id = $1 AND archived_ms IS NULL AND token_id IS NULL \
             AND ($2 = '' OR id {} $2) AND ($3 = '' OR key_id = $3){} ORDER BY id{} LIMIT $4"
        ),
        side, among, order
    );
    let mut query =
        sqlx::query(AssertSqlSafe(text)).bind(filter.org).bind(after).bind(filter.key).bind(limit);
    for project in filter.projects.unwrap_or_default() {
        query = query.bind(project.as_str());
    }
    let rows = query.fetch_all(conn).await.doing("listing budgets")?;
    rows.iter().map(read).collect()
}

/// Budgets that hold of a key, or (empty) those of an organisation that are no key's; counted as far as
/// `most`.
///
/// # Errors
/// When the database cannot be used.
pub async fn count(conn: &mut Conn, org: &str, key: &str, most: usize) -> Result<usize, Fault> {
    let rows = sqlx::query(
        "SELECT id FROM budgets WHERE org_id = $1 AND archived_ms IS NULL AND token_id IS NULL \
         AND COALESCE(key_id, '') = $2 LIMIT $3",
    )
    .bind(org)
    .bind(key)
    .bind(most as i64)
    .fetch_all(conn)
    .await
    .doing("counting budgets")?;
    Ok(rows.len())
}

/// Archives budgets of tokens made before `before_ms`: their tokens have ended.
///
/// # Errors
/// When the database cannot be used.
pub async fn end_of_tokens(db: &super::Db, before_ms: i64, now_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE budgets SET archived_ms = $1 WHERE token_id IS NOT NULL AND archived_ms IS NULL AND created_ms < $2",
    )
    .bind(now_ms)
    .bind(before_ms)
    .execute(db.pool())
    .await
    .doing("ending the budgets of tokens that have ended")?;
    Ok(())
}
