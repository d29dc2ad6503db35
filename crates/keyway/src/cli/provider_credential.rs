//! `keyway provider add` and `keyway provider credential list|show|edit|remove`

use super::args::Global;
use super::failure::{FAILED, Failure, USAGE};
use super::key::confirmed;
use super::org::asks;
use super::output::Out;
use super::provider::every;
use super::session::{self, Session};
use crate::accounts::check::not_there;
use crate::admin::json::{Deleted, List};
use crate::admin::provider_object::{CREDENTIAL_DELETED, CredentialObject};
use crate::app::start;
use crate::base::Secret;
use crate::config::Config;
use crate::providers::credentials::{self as service, Edit, New, SECRET_BYTES_MAX};
use crate::providers::load::seen;
use crate::store::provider_accounts::{self, AccountRow};
use crate::store::providers::CredentialRow;
use clap::{Args, Subcommand};
use std::io::{IsTerminal, Read};
use std::path::PathBuf;

/// Stored credentials
#[derive(Debug, Subcommand)]
pub enum Credential {
    /// List the credentials at a provider, but not themselves
    List {
        /// The provider's name
        provider: String,
    },
    /// Show one credential, but not itself
    Show {
        /// The provider's name
        provider: String,
        /// cred_...
        id: String,
    },
    /// Rename, exchange, disable or enable a credential
    Edit {
        /// The provider's name
        provider: String,
        /// cred_...
        id: String,
        /// What it is called from now on
        #[arg(long)]
        name: Option<String>,
        /// Whether it may be used
        #[arg(long, value_name = "BOOL")]
        enabled: Option<bool>,
        /// Requests at a time that its account takes; 0: as the provider's row says
        #[arg(long, value_name = "N")]
        concurrency_max: Option<u64>,
        /// Exchange it: the new one is read from stdin, and the old one ends at once
        #[arg(long)]
        rotate: bool,
    },
    /// Take a credential away
    Remove {
        /// The provider's name
        provider: String,
        /// cred_...
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// A credential, which never stands on the command line
#[derive(Debug, Args)]
pub struct Given {
    /// What it is called
    #[arg(long, default_value = "")]
    name: String,
    /// Read it from this file
    #[arg(long, value_name = "FILE", conflicts_with = "from_env")]
    from_file: Option<PathBuf>,
    /// Read it from this environment variable
    #[arg(long, value_name = "NAME")]
    from_env: Option<String>,
    /// Requests at a time that its account takes; without it as the provider's row says
    #[arg(long, value_name = "N")]
    concurrency_max: Option<u64>,
    /// It is the organisation's own (--org names which), for its traffic alone; else the installation's
    #[arg(long)]
    own: bool,
}

impl Given {
    fn secret(&self) -> Result<Secret, Failure> {
        let text = match (&self.from_file, &self.from_env) {
            (Some(file), _) => std::fs::read_to_string(file)
                .map_err(|error| Failure::new(USAGE, format!("reading {}: {error}", file.display())))?,
            (None, Some(name)) => std::env::var(name)
                .map_err(|_| Failure::new(USAGE, format!("{name} is not set, or is no text")))?,
            (None, None) => return from_stdin(),
        };
        Ok(trimmed(text))
    }
}

/// Reads a credential from stdin, which is not a terminal: there it would be seen.
fn from_stdin() -> Result<Secret, Failure> {
    if std::io::stdin().is_terminal() {
        let text = "give the credential on stdin (`keyway provider add NAME < file`), or by --from-file or --from-env";
        return Err(Failure::new(USAGE, text));
    }
    let mut text = String::new();
    let most = u64::try_from(SECRET_BYTES_MAX).unwrap_or(u64::MAX) + 2;
    std::io::stdin()
        .take(most)
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(FAILED, format!("reading the credential: {error}")))?;
    Ok(trimmed(text))
}

fn trimmed(text: String) -> Secret {
    let whole = Secret::new(text);
    Secret::new(whole.reveal().trim_end_matches(['\r', '\n']).to_owned())
}

/// Adds a credential.
///
/// # Errors
/// What the command ends with.
pub async fn add(
    session: &Session,
    config: &Config,
    provider: &str,
    given: &Given,
    out: &Out,
) -> Result<(), Failure> {
    let (provider, name) = (provider.to_owned(), given.name.clone());
    let concurrency_max = given.concurrency_max;
    let new = New { provider, name, secret: given.secret()?, installation: !given.own, concurrency_max };
    let (all, _) = every(session, config).await?;
    let mut acting = session.act().await?;
    let row = service::add(&mut acting, &all, new).await?;
    session::done(acting).await?;
    shown(&row, &[], out)
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub async fn run(
    session: &Session,
    (global, config): (&Global, &Config),
    command: &Credential,
    out: &Out,
) -> Result<(), Failure> {
    match command {
        Credential::List { provider } => list(session, config, provider, out).await,
        Credential::Show { provider, id } => {
            let mut conn = session.at.db.connection().await?;
            let found = seen(&mut conn, &session.org, true, provider).await?;
            let row = found.iter().find(|row| row.id == *id).ok_or_else(|| not_there("credential"))?;
            shown(row, &provider_accounts::all(&mut conn, provider).await?, out)
        }
        Credential::Edit { provider, id, name, enabled, concurrency_max, rotate } => {
            if name.is_none() && enabled.is_none() && concurrency_max.is_none() && !rotate {
                let text = "name what to change: --name, --enabled, --concurrency-max or --rotate";
                return Err(Failure::new(USAGE, text));
            }
            let secret = rotate.then(from_stdin).transpose()?;
            let mut acting = session.act().await?;
            let concurrency_max = concurrency_max.map(|max| Some(max).filter(|max| *max > 0));
            let edit = Edit { name: name.clone(), secret, enabled: *enabled, concurrency_max };
            let row = service::edit(&mut acting, (provider, id), edit).await?;
            let accounts = provider_accounts::all(&mut acting.tx, provider).await?;
            session::done(acting).await?;
            shown(&row, &accounts, out)
        }
        Credential::Remove { provider, id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Take `{id}` away?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            service::remove(&mut acting, provider, id).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(id, CREDENTIAL_DELETED), id, "removed")
        }
    }
}

async fn list(session: &Session, config: &Config, provider: &str, out: &Out) -> Result<(), Failure> {
    let mut conn = session.at.db.connection().await?;
    let found = seen(&mut conn, &session.org, true, provider).await?;
    let accounts = provider_accounts::all(&mut conn, provider).await?;
    let on = config.on.iter().find(|on| on.provider == provider);
    let config = on.filter(|on| matches!(start::credential(on), Ok(Some(_))));
    let config = config.map(|_| CredentialObject::of_config(provider, &accounts));
    let stored = found.iter().map(|row| CredentialObject::new(row, &accounts));
    let objects: Vec<_> = config.into_iter().chain(stored).collect();
    if out.json {
        return out.json(&List::new(objects, false, |object: &CredentialObject<'_>| object.id));
    }
    out.table(&HEAD, &objects.iter().map(CredentialObject::cells).collect::<Vec<_>>())
}

const HEAD: [&str; 8] = ["id", "provider", "name", "owner", "ends in", "state", "left", "last error"];

fn shown(row: &CredentialRow, accounts: &[AccountRow], out: &Out) -> Result<(), Failure> {
    let object = CredentialObject::new(row, accounts);
    if out.json { out.json(&object) } else { out.table(&HEAD, &[object.cells()]) }
}
