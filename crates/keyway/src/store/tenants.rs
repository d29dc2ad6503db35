//! Installation, organisations and projects.

use super::many::parameters;
use super::{Conn, Db, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AssertSqlSafe, Row};

/// A project.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// `proj_...`
    pub id: String,
    /// Organisation it belongs to.
    pub org_id: String,
    /// Its name.
    pub name: String,
    /// `development`, `staging` or `production`.
    pub environment: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; absent while it is in use.
    pub archived_ms: Option<i64>,
    /// JSON list of networks its keys work from; absent: any.
    pub ip_allowlist: Option<String>,
    /// `allow_list` or `deny_list`; absent: every model.
    pub model_mode: Option<String>,
    /// JSON list of the models that `model_mode` is about.
    pub model_ids: Option<String>,
}

macro_rules! project_columns {
    () => {
        "SELECT id, org_id, name, environment, created_ms, archived_ms, ip_allowlist, model_mode, model_ids \
         FROM projects "
    };
}

/// The check value of the master key this installation was made with, if it was made.
///
/// # Errors
/// When the database cannot be used.
pub async fn master_check(db: &Db) -> Result<Option<String>, Fault> {
    let row = sqlx::query("SELECT master_check FROM installation WHERE id = 1")
        .fetch_optional(db.pool())
        .await
        .doing("reading the installation's check value")?;
    Ok(row.map(|row| row.get(0)))
}

/// What the installation's digests are derived from, sealed, and the check value of the master key it is
/// sealed under; nothing where it is the master key itself.
///
/// # Errors
/// When the database cannot be used.
pub async fn root(db: &Db) -> Result<Option<(String, String)>, Fault> {
    let row = sqlx::query("SELECT master_check, root FROM installation WHERE id = 1 AND root IS NOT NULL")
        .fetch_optional(db.pool())
        .await
        .doing("reading the installation's root")?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// Whether a master key is the one in use.
///
/// # Errors
/// When the database cannot be used.
pub async fn is_master(conn: &mut Conn, check: &str) -> Result<bool, Fault> {
    let row = sqlx::query("SELECT master_check FROM installation WHERE id = 1").fetch_one(conn).await;
    Ok(row.doing("reading the installation's check value")?.get::<String, _>(0) == check)
}

/// Puts another master key in the place of one; says whether that one was in use.
///
/// # Errors
/// When the database cannot be used.
pub async fn exchange_master(tx: &mut Tx, old: &str, new: &str, root: &str) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE installation SET master_check = $1, root = $2 WHERE id = 1 AND master_check = $3",
    )
    .bind(new)
    .bind(root)
    .bind(old)
    .execute(&mut **tx)
    .await
    .doing("exchanging the master key")?;
    Ok(done.rows_affected() == 1)
}

/// Writes the installation row.
///
/// # Errors
/// When it exists, or the database cannot be used.
pub async fn insert_installation(tx: &mut Tx, check: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query("INSERT INTO installation (id, master_check, created_ms) VALUES (1, $1, $2)")
        .bind(check)
        .bind(now_ms)
        .execute(&mut **tx)
        .await
        .doing("writing the installation")?;
    Ok(())
}

/// Makes an organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert_org(tx: &mut Tx, id: &str, name: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query("INSERT INTO organizations (id, name, created_ms) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(name)
        .bind(now_ms)
        .execute(&mut **tx)
        .await
        .doing("making the organisation")?;
    Ok(())
}

/// Makes a project.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert_project(tx: &mut Tx, project: &Project) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO projects (id, org_id, name, environment, created_ms, ip_allowlist) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&project.id)
    .bind(&project.org_id)
    .bind(&project.name)
    .bind(&project.environment)
    .bind(project.created_ms)
    .bind(project.ip_allowlist.as_deref())
    .execute(&mut **tx)
    .await
    .doing("making the project")?;
    Ok(())
}

/// Writes what can change of a project.
///
/// # Errors
/// When the database cannot be used.
pub async fn update_project(tx: &mut Tx, project: &Project) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE projects SET name = $1, environment = $2, archived_ms = $3, ip_allowlist = $4, \
         model_mode = $5, model_ids = $6 WHERE id = $7",
    )
    .bind(&project.name)
    .bind(&project.environment)
    .bind(project.archived_ms)
    .bind(project.ip_allowlist.as_deref())
    .bind(project.model_mode.as_deref())
    .bind(project.model_ids.as_deref())
    .bind(&project.id)
    .execute(&mut **tx)
    .await
    .doing("changing the project")?;
    Ok(())
}

/// The first organisation: the one that came with the database.
///
/// # Errors
/// When there is none, or the database cannot be used.
pub async fn default_org(db: &Db) -> Result<String, Fault> {
    let row = sqlx::query("SELECT id FROM organizations ORDER BY id LIMIT 1")
        .fetch_one(db.pool())
        .await
        .doing("reading the default organisation")?;
    Ok(row.get(0))
}

/// A project of an organisation by id.
///
/// # Errors
/// When the database cannot be used.
pub async fn project(conn: &mut Conn, org: &str, id: &str) -> Result<Option<Project>, Fault> {
    let row = sqlx::query(concat!(project_columns!(), "WHERE org_id = $1 AND id = $2"))
        .bind(org)
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading the project")?;
    Ok(row.as_ref().map(read_project))
}

fn read_project(row: &sqlx::any::AnyRow) -> Project {
    Project {
        id: row.get(0),
        org_id: row.get(1),
        name: row.get(2),
        environment: row.get(3),
        created_ms: row.get(4),
        archived_ms: row.get(5),
        ip_allowlist: row.get(6),
        model_mode: row.get(7),
        model_ids: row.get(8),
    }
}

/// Which projects a list shows.
pub struct ProjectFilter<'a> {
    /// Organisation.
    pub org: &'a str,
    /// Archived ones too.
    pub archived: bool,
    /// Newest first, else oldest first.
    pub newest_first: bool,
    /// Only these; absent: all.
    pub among: Option<&'a [String]>,
}

/// Projects in the filter's order, at most `limit` after the id `after` (empty: from the start).
///
/// # Errors
/// When the database cannot be used.
pub async fn projects(
    db: &Db,
    filter: &ProjectFilter<'_>,
    after: &str,
    limit: i64,
) -> Result<Vec<Project>, Fault> {
    let among = filter.among.unwrap_or_default();
    if filter.among.is_some() && among.is_empty() {
        return Ok(Vec::new());
    }
    let mut text =
        String::from(concat!(project_columns!(), "WHERE org_id = $1 AND ($2 = 1 OR archived_ms IS NULL)"));
    if !among.is_empty() {
        text.push_str(&format!(" AND id IN ({})", parameters(5, among.len())));
    }
    text.push_str(if filter.newest_first {
        " AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4"
    } else {
        " AND ($3 = '' OR id > $3) ORDER BY id LIMIT $4"
    });
    // Made of the texts above and of parameters' numbers.
    let mut statement = sqlx::query(AssertSqlSafe(text))
        .bind(filter.org)
        .bind(i64::from(filter.archived))
        .bind(after)
        .bind(limit);
    for id in among {
        statement = statement.bind(id.as_str());
    }
    let rows = statement.fetch_all(db.pool()).await.doing("listing projects")?;
    Ok(rows.iter().map(read_project).collect())
}

/// Projects in use that have a name, two at most: a second one makes the name ambiguous.
///
/// # Errors
/// When the database cannot be used.
pub async fn projects_named(db: &Db, org: &str, name: &str) -> Result<Vec<Project>, Fault> {
    let rows = sqlx::query(concat!(
        project_columns!(),
        "WHERE org_id = $1 AND name = $2 AND archived_ms IS NULL ORDER BY id LIMIT 2"
    ))
    .bind(org)
    .bind(name)
    .fetch_all(db.pool())
    .await
    .doing("looking the project up")?;
    Ok(rows.iter().map(read_project).collect())
}

/// Ids of every organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn org_ids(db: &Db) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query("SELECT id FROM organizations ORDER BY id")
        .fetch_all(db.pool())
        .await
        .doing("listing organisations")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
