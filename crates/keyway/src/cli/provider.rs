//! `keyway provider list|show|add|set|test|disable|enable|remove|credential`

use super::args::Global;
use super::failure::{FAILED, Failure, USAGE};
use super::key::confirmed;
use super::org::asks;
use super::output::Out;
use super::provider_credential::{self as credential, Credential, Given};
use super::session::{self, Missing, Session};
use crate::accounts::check::not_there;
use crate::admin::json::{Deleted, List};
use crate::admin::provider_object::{PROVIDER_DELETED, ProbeObject, ProviderObject};
use crate::app::{serve, start};
use crate::catalog::{Catalog, Stored};
use crate::config::Config;
use crate::pricing;
use crate::pricing::load::provider_row;
use crate::providers::account;
use crate::providers::edit::{self as service, All};
use crate::providers::known::known;
use crate::providers::load::load;
use crate::providers::probe::{Probed, probe};
use crate::providers::standing::Standing;
use crate::providers::{FromConfig, Upstreams};
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Names;
use crate::upstream::{Lanes, Tls};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::sync::Arc;

/// Hosts that serve models, and credentials at them
#[derive(Debug, Subcommand)]
pub enum Provider {
    /// List the providers there are
    List,
    /// Show one provider
    Show {
        /// Its name
        id: String,
    },
    /// Add a credential; it is read from stdin unless said otherwise, and never shown again
    Add {
        /// The provider's name
        id: String,
        /// Where the credential comes from, and what it is called
        #[command(flatten)]
        given: Given,
    },
    /// Set a provider's row, or a host of one's own
    Set(Box<Row>),
    /// Ask a provider for its models with a credential, which costs nothing
    Test {
        /// Its name; without it every provider that is on
        id: Option<String>,
        /// Only this credential (cred_..., config)
        #[arg(long, value_name = "ID", requires = "id")]
        credential: Option<String>,
    },
    /// Turn a provider off, whatever would turn it on
    Disable {
        /// Its name
        id: String,
    },
    /// Let a provider be on again
    Enable {
        /// Its name
        id: String,
    },
    /// Take a provider's stored row away, and the credentials of a host of one's own
    Remove {
        /// Its name
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Stored credentials
    #[command(subcommand)]
    Credential(Credential),
}

/// What is different of a provider
#[derive(Debug, Args)]
pub struct Row {
    /// Its name
    id: String,
    /// Where it is, with its version segment, as in https://host/v1
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// What people call it
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// How requests are authenticated, as in bearer, x-api-key, none
    #[arg(long, value_name = "STYLE")]
    auth: Option<String>,
    /// A dialect it speaks, as in openai-chat; the preferred first
    #[arg(long, value_name = "DIALECT", num_args = 1..)]
    speaks: Option<Vec<String>>,
    /// A deviation from the dialect
    #[arg(long = "quirk", value_name = "QUIRK", num_args = 1..)]
    quirks: Option<Vec<String>>,
    /// Lower is asked first where several serve one name
    #[arg(long, value_name = "N")]
    priority: Option<u64>,
    /// Pass on models that are not listed, unpriced
    #[arg(long, value_name = "BOOL")]
    models_any: Option<bool>,
    /// It works without a credential too
    #[arg(long, value_name = "BOOL")]
    credential_optional: Option<bool>,
    /// Requests at a time the account takes
    #[arg(long, value_name = "N")]
    concurrency_max: Option<u64>,
    /// It keeps nothing of requests, by contract
    #[arg(long, value_name = "BOOL")]
    zero_retention: Option<bool>,
    /// AWS region that requests are signed for
    #[arg(long)]
    region: Option<String>,
    /// Where access tokens are asked for, with --auth google-oauth
    #[arg(long, value_name = "URL")]
    token_url: Option<String>,
    /// The version of Azure's API that requests name
    #[arg(long, value_name = "VERSION")]
    api_version: Option<String>,
}

/// Runs it.
///
/// # Errors
/// What the command ends with; a test that failed is a failure.
pub fn run(global: &Global, command: &Provider, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Provider::List => list(session, &config, out).await,
        Provider::Show { id } => show(session, &config, id, out).await,
        Provider::Add { id, given } => credential::add(session, &config, id, given, out).await,
        Provider::Set(row) => set(session, &config, row, out).await,
        Provider::Test { id, credential } => {
            test(session, &config, (id.as_deref(), credential.as_deref()), out).await
        }
        Provider::Disable { id } => switch(session, &config, (id, false), out).await,
        Provider::Enable { id } => switch(session, &config, (id, true), out).await,
        Provider::Remove { id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Take `{id}` away?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let (all, _) = every(session, &config).await?;
            let mut acting = session.act().await?;
            service::remove(&mut acting, &all, id).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(id, PROVIDER_DELETED), id, "removed")
        }
        Provider::Credential(command) => credential::run(session, (global, &config), command, out).await,
    })
}

/// Providers as they are known now, and what the database says of them.
pub(super) async fn every(session: &Session, config: &Config) -> Result<(All, Stored), Failure> {
    let stored = pricing::stored(&mut *session.at.db.connection().await?).await?;
    Ok((known(&config.rows, &stored), stored))
}

/// What a server with this configuration reaches providers with. A credential of the configuration's that
/// is not there fails where it is needed.
async fn reached(
    session: &Session,
    config: &Config,
    strict: bool,
) -> Result<(Arc<Catalog>, Upstreams), Failure> {
    let catalog = session.catalog(config).await?;
    let mut given = Vec::new();
    for on in &config.on {
        let secret = match start::credential(on) {
            Err(fault) if strict => return Err(fault.into()),
            found => found.unwrap_or_default(),
        };
        given.push(FromConfig { provider: on.provider.clone(), secret });
    }
    let metrics = Metrics::new(&Names { routes: &[], outcomes: &[] }, 0, session.at.clock.clone());
    let upstreams = load(&session.at, &catalog, &given, &metrics, &Upstreams::default()).await?;
    Ok((catalog, upstreams))
}

async fn list(session: &Session, config: &Config, out: &Out) -> Result<(), Failure> {
    let (all, stored) = every(session, config).await?;
    let (catalog, upstreams) = reached(session, config, false).await?;
    let standing = |id: &str| Standing::of((&catalog, &upstreams, &stored), &session.org, true, id);
    let objects: Vec<_> =
        all.iter().map(|(id, known)| ProviderObject::new(id, known, &standing(id))).collect();
    if out.json {
        return out.json(&List::new(objects, false, |object: &ProviderObject<'_>| object.id));
    }
    out.table(&HEAD, &objects.iter().map(ProviderObject::cells).collect::<Vec<_>>())
}

async fn show(session: &Session, config: &Config, id: &str, out: &Out) -> Result<(), Failure> {
    let (all, stored) = every(session, config).await?;
    let (catalog, upstreams) = reached(session, config, false).await?;
    let standing = Standing::of((&catalog, &upstreams, &stored), &session.org, true, id);
    let object = ProviderObject::new(id, all.get(id).ok_or_else(|| not_there("provider"))?, &standing);
    if out.json { out.json(&object) } else { out.table(&HEAD, &[object.cells()]) }
}

const HEAD: [&str; 6] = ["id", "name", "state", "credential", "models", "source"];

async fn switch(
    session: &Session,
    config: &Config,
    (id, enabled): (&str, bool),
    out: &Out,
) -> Result<(), Failure> {
    let (all, _) = every(session, config).await?;
    let mut acting = session.act().await?;
    service::switch(&mut acting, &all, id, enabled).await?;
    session::done(acting).await?;
    show(session, config, id, out).await
}

async fn set(session: &Session, config: &Config, row: &Row, out: &Out) -> Result<(), Failure> {
    let (all, _) = every(session, config).await?;
    let mut acting = session.act().await?;
    service::put(&mut acting, &all, &row.id, &row.fields(), provider_row).await?;
    session::done(acting).await?;
    show(session, config, &row.id, out).await
}

impl Row {
    /// The fields of a row, as the configuration file has them.
    fn fields(&self) -> String {
        let text = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()));
        let list = |list: &Option<Vec<String>>| list.as_ref().map(|list| Value::from(list.as_slice()));
        let fields = [
            ("display_name", text(&self.display_name)),
            ("base_url", text(&self.base_url)),
            ("auth", text(&self.auth)),
            ("speaks", list(&self.speaks)),
            ("quirks", list(&self.quirks)),
            ("priority", self.priority.map(Value::from)),
            ("models_any", self.models_any.map(Value::from)),
            ("credential_optional", self.credential_optional.map(Value::from)),
            ("concurrency_max", self.concurrency_max.map(Value::from)),
            ("zero_retention", self.zero_retention.map(Value::from)),
            ("region", text(&self.region)),
            ("token_url", text(&self.token_url)),
            ("api_version", text(&self.api_version)),
        ];
        // What JSON and TOML write alike.
        let told = fields.into_iter().filter_map(|(name, value)| Some(format!("{name} = {}", value?)));
        told.collect::<Vec<_>>().join(", ")
    }
}

async fn test(
    session: &Session,
    config: &Config,
    (id, credential): (Option<&str>, Option<&str>),
    out: &Out,
) -> Result<(), Failure> {
    let (_, upstreams) = reached(session, config, true).await?;
    let lanes =
        Lanes::new(serve::limits(&config.settings), session.at.clock.clone(), Arc::new(Tls::new(None)));
    let mut tried: Vec<_> = upstreams
        .all()
        .filter(|upstream| !upstream.places.is_empty() && id.is_none_or(|id| *upstream.provider == *id))
        .filter(|upstream| credential.is_none_or(|wanted| *upstream.credential == *wanted))
        .collect();
    tried.sort_by_key(|upstream| (Arc::clone(&upstream.provider), Arc::clone(&upstream.credential)));
    if let (Some(_), None) = (id, credential) {
        tried.truncate(1);
    }
    let mut probed: Vec<(&str, &str, Probed)> = Vec::new();
    for upstream in tried {
        let found = probe(upstream, &lanes, &session.at.clock).await;
        if let Some(account) = &found.account {
            account::keep(&session.at, upstream, account).await?;
        }
        probed.push((&*upstream.provider, &*upstream.credential, found));
    }
    let objects: Vec<_> = probed.iter().map(|(id, named, it)| ProbeObject::new(id, named, it)).collect();
    let (count, failed) = (objects.len(), objects.iter().filter(|object| !object.ok).count());
    match objects.as_slice() {
        [] => {
            let text = "there is no credential that could be tried: `keyway provider add NAME`";
            return Err(Failure::new(USAGE, text));
        }
        [one] if out.json && id.is_some() => out.json(one)?,
        _ if out.json => out.json(&List::new(objects, false, |object: &ProbeObject<'_>| object.provider))?,
        _ => {
            let head = ["provider", "credential", "result", "ms", "models", "left", "what is wrong"];
            out.table(&head, &objects.iter().map(ProbeObject::cells).collect::<Vec<_>>())?;
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(Failure::new(FAILED, format!("{failed} of {count} failed"))),
    }
}
