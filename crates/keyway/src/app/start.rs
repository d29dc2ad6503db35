//! Building the process's shared state from configuration and installation.

use super::aws_keys;
use super::open::{MASTER_KEY_FILE, MasterSource, NotOpened};
use super::routes::ROUTES;
use super::serve;
use crate::access::session::Lasting;
use crate::access::{KeyCache, lookup};
use crate::accounts::Installation;
use crate::accounts::attempts::Attempts;
use crate::accounts::password::Passwords;
use crate::base::fault::Doing;
use crate::base::tasks::Tasks;
use crate::base::{Clock, Fault, Secret, id};
use crate::catalog::Catalog;
use crate::config::{Config, CredentialRef, On, Settings, SignInRow, show};
use crate::egress::Egress;
use crate::mail::Sender;
use crate::metering::keeper::{Holder, Keeper, Keeping};
use crate::metering::shares::Sharing;
use crate::metering::{self, Journal, Plan, Spares};
use crate::oidc;
use crate::pricing::{self, Source};
use crate::providers::capacity::Gates;
use crate::providers::{self, FromConfig, Health, Upstreams};
use crate::relay::context::Node;
use crate::relay::desk::{Desk, Registration};
use crate::relay::exposed::Exposed;
use crate::relay::load::Load;
use crate::relay::replies::{Replies, Terms};
use crate::relay::running::{Orders, Stops};
use crate::relay::spent::Board;
use crate::relay::table::Table;
use crate::relay::tries::AttemptLimits;
use crate::relay::{Shared, tried};
use crate::routing::Sessions;
use crate::store::changes;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Names;
use crate::upstream::{Lanes, Tls};
use crate::vault::Vault;
use arc_swap::ArcSwap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the workers are made of, beside the shared state.
pub struct Parts {
    /// The shared state.
    pub shared: Arc<Shared>,
    /// A journal for each worker.
    pub journals: Vec<Journal>,
    /// A line of orders for each worker.
    pub orders: Vec<Orders>,
    /// Makes journal segments ahead; ends with the process.
    pub spares: Spares,
}

/// Builds the shared state for `workers` workers, and what leases money and limits, not begun.
///
/// # Errors
/// A credential that cannot be read, a base URL that is none, a journal that cannot be made.
pub async fn build(
    config: &Config,
    at: Installation,
    listen: SocketAddr,
    workers: usize,
    tasks: Tasks,
) -> Result<(Parts, (Keeping, Sharing)), NotOpened> {
    let settings = &config.settings;
    let (control, clock) = (tokio::runtime::Handle::current(), at.clock.clone());
    let node = this_node(settings, listen, &clock).map_err(NotOpened::Failed)?;
    let metrics = Arc::new(Metrics::new(&names(), workers, clock.clone()));
    let from_config = from_config(config).map_err(NotOpened::Configuration)?;
    let seen_seq = seen(&at).await.map_err(NotOpened::Unreachable)?;
    let (source, catalog) = catalogue(config, &at).await.map_err(NotOpened::Unreachable)?;
    let upstreams =
        providers::load::load(&at, &catalog.load(), &from_config, &metrics, &Upstreams::default())
            .await
            .map_err(NotOpened::Configuration)?;
    let age_ms_max = i64::try_from(settings.sync_age_seconds_max).unwrap_or(30) * 1000;
    let cache = Arc::new(KeyCache::new(clock.clone(), age_ms_max, at.db.engine.is_shared()));
    let lookup = lookup::start(&tasks, &control, at.db.clone(), Arc::clone(&cache));
    let vault =
        Vault::start(&tasks, &control, (&at.db, &at.master), clock.clone(), settings.reasoning_kept_minutes);
    let (stops, orders) = Stops::new(workers);
    let ((keeper, keeping), (sharer, sharing)) = lenders(&at, &node, settings, age_ms_max);
    let spares = Spares::start().map_err(NotOpened::Failed)?;
    let journals = journals(&plan(settings, &node), workers, &spares, &clock).map_err(NotOpened::Failed)?;
    let desk = desk(config, &at, listen, &tasks)?;
    let (egress, lanes) = outward(settings, listen, &clock);
    let shared = Arc::new(Shared {
        at,
        node,
        table: table()?,
        catalog,
        catalog_source: ArcSwap::from_pointee(source),
        catalog_stale: AtomicBool::new(false),
        catalog_gate: tokio::sync::Mutex::default(),
        master_file: master_file(settings),
        master_stale: AtomicBool::new(false),
        upstreams: ArcSwap::from_pointee(upstreams),
        from_config,
        stream_keep_alive: Duration::from_millis(settings.stream_keep_alive_ms),
        vault,
        egress,
        replies: Replies::new(reply_terms(settings), clock, Arc::clone(&metrics.replies)),
        load: load(settings, &metrics),
        board: Board::default(),
        gates: gates(settings),
        lanes,
        metrics,
        cache,
        lookup,
        keeper,
        sharer,
        stops,
        control,
        tasks,
        seen_seq: AtomicI64::new(seen_seq),
        draining: AtomicBool::new(false),
        ending: AtomicBool::new(false),
        journals: journals.iter().map(Journal::state).collect(),
        desk,
        used: Mutex::new(Vec::new()),
        exposed: Exposed::default(),
        health: Health::default(),
        sessions: Sessions::default(),
        attempts: attempts(settings),
    });
    Ok((Parts { shared, journals, orders, spares }, (keeping, sharing)))
}

/// The newest change, which everything that is read from here on knows.
async fn seen(at: &Installation) -> Result<i64, Fault> {
    changes::head(&mut *at.db.connection().await?).await
}

fn table() -> Result<Arc<Table>, NotOpened> {
    Ok(Arc::new(Table::new(ROUTES).map_err(|why| NotOpened::Failed(Fault::plain(why)))?))
}

/// Which node this start is.
fn this_node(settings: &Settings, listen: SocketAddr, clock: &Clock) -> Result<Node, Fault> {
    Ok(Node {
        id: node_id(&settings.data_dir, clock)?,
        boot: id::new("boot", clock),
        listen: listen.to_string(),
        started_ms: clock.now_ms(),
    })
}

/// Who leases money, and who exchanges shares of limits with other nodes.
fn lenders(
    at: &Installation,
    node: &Node,
    settings: &Settings,
    valid_ms: i64,
) -> ((Keeper, Keeping), (metering::shares::Sharer, Sharing)) {
    let key_share_percent_max = i64::try_from(settings.budget_key_share_percent_max).unwrap_or(100);
    let (db, clock) = (at.db.clone(), at.clock.clone());
    let (boot, node) = (node.boot.clone(), node.id.clone());
    let sharer = metering::shares::sharer(metering::shares::Holder {
        db: db.clone(),
        clock: clock.clone(),
        boot: boot.clone(),
        node: node.clone(),
        valid_ms,
    });
    (metering::keeper::keeper(Holder { db, clock, boot, node, key_share_percent_max }), sharer)
}

/// The way to addresses that callers name, and never to where this process listens; and the connections to
/// providers for what is no inference.
fn outward(settings: &Settings, listen: SocketAddr, clock: &Clock) -> (Egress, Lanes) {
    let tls = Arc::new(Tls::new(None));
    let listeners = std::iter::once(listen).chain(settings.metrics_listen).collect();
    let egress = Egress::new(settings.egress_networks.clone(), listeners, clock.clone(), Arc::clone(&tls));
    (egress, Lanes::new(serve::limits(settings), clock.clone(), tls))
}

fn attempts(settings: &Settings) -> AttemptLimits {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    AttemptLimits {
        several_max: count(settings.attempts_max),
        alone_max: count(settings.attempts_alone_max),
        total_ms: settings.attempts_timeout_ms,
    }
}

/// Where people reach the server: what was set, else the address it listens on.
#[must_use]
pub fn public_url(settings: &Settings, listen: SocketAddr) -> String {
    let scheme = if settings.tls_key_file.is_some() { "https" } else { "http" };
    match settings.public_url.as_str() {
        "" => format!("{scheme}://{listen}"),
        url => url.to_owned(),
    }
}

fn desk(config: &Config, at: &Installation, listen: SocketAddr, tasks: &Tasks) -> Result<Desk, NotOpened> {
    let settings = &config.settings;
    let folder = settings.data_dir.join("mail");
    let sender = Sender::new(settings.mail_smtp.as_ref(), &settings.mail_from, &folder, at.clock.clone());
    let span_ms = |count: u64, one_ms: i64| i64::try_from(count).unwrap_or(1) * one_ms;
    let public_url = public_url(settings, listen);
    Ok(Desk {
        passwords: Passwords::start(&at.master).map_err(NotOpened::Failed)?,
        mail: sender.map_err(NotOpened::Configuration)?.start(tasks),
        attempts: Attempts::default(),
        lasting: Lasting {
            idle_ms: span_ms(settings.session_idle_minutes, 60_000),
            whole_ms: span_ms(settings.session_days_max, 24 * 3_600_000),
        },
        public_url,
        sign_in: sign_in(config).map_err(NotOpened::Configuration)?,
        registration: registration(settings),
        terms_version: settings.terms_version.clone(),
        terms_url: settings.terms_url.clone(),
        status_page: settings.status_page,
        public_models: settings.public_models,
        settings: show::each(config),
    })
}

/// Who else vouches for people, each with its client's secret.
fn sign_in(config: &Config) -> Result<oidc::Providers, Fault> {
    let with = |row: &SignInRow| {
        let secret = secret_at(row.credential.as_ref(), &row.name)?;
        Ok((row.clone(), secret))
    };
    config.sign_in.iter().map(with).collect::<Result<_, _>>().map(oidc::Providers::new)
}

fn load(settings: &Settings, metrics: &Metrics) -> Arc<Load> {
    let (running_max, body_bytes_max) = (settings.requests_running_max, settings.request_bodies_bytes_max);
    Arc::new(Load::new(running_max, body_bytes_max, Arc::clone(&metrics.load)))
}

fn gates(settings: &Settings) -> Gates {
    let waiting_max = usize::try_from(settings.account_queue_max).unwrap_or(usize::MAX);
    Gates::new(waiting_max, wait_ms_max(settings))
}

/// How long requests wait for a place in an account, milliseconds.
#[must_use]
pub fn wait_ms_max(settings: &Settings) -> i64 {
    i64::try_from(settings.account_wait_ms_max).unwrap_or(i64::MAX)
}

/// What the settings say of kept answers.
#[must_use]
pub fn reply_terms(settings: &Settings) -> Terms {
    Terms {
        bytes_max: settings.response_cache_bytes_max,
        ttl_ms: i64::try_from(settings.response_cache_ttl_seconds).unwrap_or(0).saturating_mul(1_000),
        charged: settings.response_cache_charged,
    }
}

fn registration(settings: &Settings) -> Registration {
    let domains = settings.registration_domains.split(',').map(|domain| domain.trim().to_lowercase());
    match settings.registration.as_str() {
        "closed" => Registration::Closed,
        "domain" => Registration::Domains(domains.filter(|domain| !domain.is_empty()).collect()),
        "open" => Registration::Open,
        _ => Registration::Invitation,
    }
}

/// What snapshots are made from, and the first one. Read behind the place in the feed from which changes
/// are followed: what comes meanwhile is read twice, never missed.
async fn catalogue(config: &Config, at: &Installation) -> Result<(Source, ArcSwap<Catalog>), Fault> {
    let on = config.on.iter().map(|on| on.provider.clone()).collect();
    let source = Source { own: config.rows.clone(), on };
    let stored = pricing::stored(&mut *at.db.connection().await?).await?;
    let catalog = match stored.is_empty() {
        true => Arc::clone(&config.catalog),
        false => Arc::new(pricing::snapshot(&source, &stored)?),
    };
    Ok((source, ArcSwap::new(catalog)))
}

fn plan(settings: &Settings, node: &Node) -> Plan {
    let segment_bytes = u32::try_from(settings.journal_segment_bytes).unwrap_or(u32::MAX);
    Plan::new(settings.data_dir.join("journal").join(&node.boot), segment_bytes)
}

fn journals(plan: &Plan, workers: usize, spares: &Spares, clock: &Clock) -> Result<Vec<Journal>, Fault> {
    (0..workers)
        .map(|shard| Journal::open(plan.clone(), u32::try_from(shard).unwrap_or(0), spares, clock.clone()))
        .collect()
}

/// The label values of the metrics: routes, then what is on no route.
fn names() -> Names {
    let routes: Vec<&'static str> =
        ROUTES.iter().copied().flatten().map(|route| route.name).chain(["unrouted"]).collect();
    Names { routes: routes.leak(), outcomes: tried::OUTCOMES }
}

/// Looks a price version up in the catalogue.
#[must_use]
pub fn price_of(catalog: &Catalog, version: &str) -> Option<ledger::Price> {
    catalog.models().iter().find_map(|model| model.prices.by_version(version)).cloned()
}

/// The file that the master key is read from, where it is one.
fn master_file(settings: &Settings) -> Option<PathBuf> {
    let place = serve::place(settings);
    match place.master_key {
        MasterSource::DataDir => Some(place.data_dir.join(MASTER_KEY_FILE)),
        MasterSource::File(file) => Some(file),
        MasterSource::Text(_) => None,
    }
}

/// Reads the credentials of configuration and environment.
fn from_config(config: &Config) -> Result<Vec<FromConfig>, Fault> {
    let given = |on: &On| {
        let doing = format!("setting up the provider `{}`", on.provider);
        Ok(FromConfig { provider: on.provider.clone(), secret: credential(on).doing(&doing)? })
    };
    config.on.iter().map(given).collect()
}

/// Reads a credential from where its row says it is.
///
/// # Errors
/// When it is not there. The message names the place, never the value.
pub fn credential(on: &On) -> Result<Option<Secret>, Fault> {
    secret_at(on.credential.as_ref(), &on.provider)
}

/// Reads a secret from where it is said to be.
fn secret_at(place: Option<&CredentialRef>, of: &str) -> Result<Option<Secret>, Fault> {
    let text = match place {
        None => return Ok(None),
        Some(CredentialRef::Env(name)) => std::env::var(name).map_err(|_| {
            Fault::plain(format!("the environment variable {name} is not set, or is not text"))
        })?,
        Some(CredentialRef::Aws) => return aws_keys::found(|name| std::env::var(name).ok()).map(Some),
        Some(CredentialRef::File(path)) => {
            fs::read_to_string(path).doing(&format!("reading {}", path.display()))?
        }
    };
    let secret = Secret::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if secret.reveal().is_empty() {
        return Err(Fault::plain(format!("the credential of `{of}` is empty")));
    }
    Ok(Some(secret))
}

fn node_id(data_dir: &Path, clock: &Clock) -> Result<String, Fault> {
    let path = data_dir.join("node.id");
    match fs::read_to_string(&path) {
        Ok(text) if id::parse("node", text.trim()).is_some() => Ok(text.trim().to_owned()),
        Ok(_) => Err(Fault::plain(format!("{} does not hold a node id; delete it", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let id = id::new("node", clock);
            fs::write(&path, &id).doing("writing the node's id")?;
            Ok(id)
        }
        Err(error) => Err(Fault::new("reading the node's id", error)),
    }
}
