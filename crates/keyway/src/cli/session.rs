//! What commands begin with: the configuration, the installation, who is acting.

use super::args::Global;
use super::failure::{CONFIGURATION, FAILED, Failure, NOT_FOUND, USAGE};
use crate::accounts::check::not_there;
use crate::accounts::{Acting, Installation};
use crate::app::open;
use crate::app::serve::place;
use crate::audit::Author;
use crate::base::{Clock, Fault, id};
use crate::catalog::Catalog;
use crate::config::{self, Config, Sources};
use crate::pricing::{self, Source};
use crate::store::{organizations, tenants};
use std::future::Future;
use std::sync::Arc;

/// Reads the configuration; `flags` are those of the command itself.
///
/// # Errors
/// Every mistake, one per line: exit code 78.
pub fn configuration(global: &Global, flags: &[(&str, Option<String>)]) -> Result<Config, Failure> {
    config::load(&sources(global, flags)?).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        Failure::new(CONFIGURATION, format!("the configuration has mistakes\n{}", lines.join("\n")))
    })
}

/// What the configuration of a command is made from.
///
/// # Errors
/// When the current folder cannot be told.
pub fn sources(global: &Global, flags: &[(&str, Option<String>)]) -> Result<Sources, Failure> {
    let cwd = std::env::current_dir()
        .map_err(|error| Failure::new(FAILED, format!("finding the current folder: {error}")))?;
    let data_dir = global.data_dir.as_ref().map(|path| path.display().to_string());
    let own = [("data_dir", data_dir), ("database", global.database.clone())];
    let own = own.iter().chain(flags).filter_map(|(path, value)| Some(((*path).to_owned(), value.clone()?)));
    // A variable that is not text can be no setting of ours.
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Sources {
        config_file: global.config.clone(),
        flags: global.settings.iter().cloned().chain(own).collect(),
        env: env.collect(),
        cwd,
    })
}

/// Runs a command that uses the database, on this thread.
///
/// # Errors
/// What the command ends with.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(FAILED, format!("starting the runtime: {error}")))?;
    runtime.block_on(work)
}

/// An open installation and its first organisation.
pub struct Session {
    /// The installation.
    pub at: Installation,
    /// The organisation that commands act in.
    pub org: String,
}

/// Whether a command may make an installation where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It makes one.
    Make,
    /// There is nothing to read then.
    NotFound,
}

impl Session {
    /// Opens the installation that the configuration names.
    ///
    /// # Errors
    /// As `app::open`, and "not found" for an installation that is not there.
    pub async fn open(global: &Global, config: &Config, missing: Missing) -> Result<Self, Failure> {
        let place = place(&config.settings);
        let database = place.data_dir.join("keyway.db");
        if missing == Missing::NotFound && place.database.is_none() && !database.exists() {
            let folder = place.data_dir.display();
            let text = format!(
                "there is no installation in {folder}; `keyway serve` makes one, --data-dir names another folder"
            );
            return Err(Failure::new(NOT_FOUND, text));
        }
        let at = open::open(&place, Clock::system()).await?.at;
        match organization(&at, global.org.as_deref()).await {
            Ok(org) => Ok(Self { at, org }),
            Err(failure) => {
                at.db.close().await;
                Err(failure)
            }
        }
    }

    /// Models and prices of configuration and database together.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn catalog(&self, config: &Config) -> Result<Arc<Catalog>, Failure> {
        let on = config.on.iter().map(|on| on.provider.clone()).collect();
        let stored = pricing::stored(&mut *self.at.db.connection().await?).await?;
        Ok(Arc::new(pricing::snapshot(&Source { own: config.rows.clone(), on }, &stored)?))
    }

    /// Begins an act of whoever is at the keyboard: the operator's.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn act(&self) -> Result<Acting<'_>, Failure> {
        Ok(Acting::of_operator(&self.at, author(), &self.org).await?)
    }

    /// Opens it, does the work, and closes the database whatever came of it.
    ///
    /// # Errors
    /// As [`Session::open`], and what the work ends with.
    pub fn with<T>(
        global: &Global,
        config: &Config,
        missing: Missing,
        work: impl AsyncFnOnce(&Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        block_on(async {
            let session = Self::open(global, config, missing).await?;
            let done = work(&session).await;
            session.at.db.close().await;
            done
        })
    }
}

/// The organisation that `--org` names, by id or by name; without it the first one.
async fn organization(at: &Installation, named: Option<&str>) -> Result<String, Failure> {
    let Some(named) = named else {
        return Ok(tenants::default_org(&at.db).await?);
    };
    let mut conn = at.db.connection().await?;
    if id::parse("org", named).is_some() {
        let found = organizations::organization(&mut conn, named).await?;
        return Ok(found.ok_or_else(|| not_there("organization"))?.id);
    }
    match organizations::named(&mut conn, named).await?.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(not_there("organization").into()),
        _ => {
            let text = format!("several organisations are called `{named}`; name one by its id");
            Err(Failure::new(USAGE, text))
        }
    }
}

/// Reads every row of a list, `page` by page of `limit` rows: each after the id of the last.
///
/// # Errors
/// When the database cannot be used.
pub async fn every<T>(
    limit: i64,
    id: impl Fn(&T) -> String,
    mut page: impl AsyncFnMut(String) -> Result<Vec<T>, Fault>,
) -> Result<Vec<T>, Failure> {
    let mut found: Vec<T> = Vec::new();
    loop {
        let mut more = page(found.last().map(&id).unwrap_or_default()).await?;
        let last = i64::try_from(more.len()).is_ok_and(|count| count < limit);
        found.append(&mut more);
        if last {
            return Ok(found);
        }
    }
}

/// Makes it so and says it is done.
///
/// # Errors
/// When the database cannot be used.
pub async fn done(acting: Acting<'_>) -> Result<(), Failure> {
    acting.commit().await?;
    Ok(())
}

/// The person at the keyboard, for the audit log.
#[must_use]
pub fn author() -> Author {
    let uid = rustix::process::getuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    Author { kind: "cli", id: name_of(uid, &users).unwrap_or_else(|| format!("uid {uid}")), ip: None }
}

/// The name of a user id in the form of `/etc/passwd`. The environment's word is not taken for it.
fn name_of(uid: u32, users: &str) -> Option<String> {
    let uid = uid.to_string();
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1) == Some(&uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_named_by_their_id() {
        let users = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:100::/:/bin/sh\n:x:7:7\nshort\n";
        assert_eq!(name_of(0, users).as_deref(), Some("root"));
        assert_eq!(name_of(1000, users).as_deref(), Some("ada"));
        assert_eq!(name_of(100, users), None);
        assert_eq!(name_of(7, users), None);
    }
}
