//! Reading the configuration again while the server runs: on SIGHUP, and when its file changes. One with
//! mistakes changes nothing; of what is different, the log says what took effect and what needs a restart.

use super::door::Door;
use crate::base::Fault;
use crate::base::fault::Doing;
use crate::catalog::Rows;
use crate::config::reload::{Difference, differences};
use crate::config::{self, Config, Sources};
use crate::pricing::Source;
use crate::relay::Shared;
use crate::relay::obey;
use crate::telemetry::log;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What stands in the catalogue.
const ROWS: [&str; 3] = ["providers.", "models.", "aliases."];

/// When a file was changed and how long it is; `None` while it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// What a configuration takes effect on.
pub struct Reload {
    /// What it is made from.
    pub sources: Sources,
    /// The process.
    pub shared: Arc<Shared>,
    /// The door of client connections.
    pub door: Arc<Door>,
    /// How many connections the system has files for.
    pub files: Option<u64>,
}

/// SIGHUP, which kills no longer once this is made.
///
/// # Errors
/// When the system refuses.
pub fn hangups() -> Result<Signal, Fault> {
    signal(SignalKind::hangup()).doing("listening for SIGHUP")
}

/// Takes up what changes, for as long as the process runs. `held` is what holds now.
pub async fn follow(reload: Reload, mut hangups: Signal, mut held: Config) {
    let mut taken = stamp_of(&held).await;
    let mut last = taken;
    loop {
        let asked = tokio::select! {
            asked = hangups.recv() => asked.is_some(),
            () = tokio::time::sleep(LOOK) => false,
        };
        let now = stamp_of(&held).await;
        // One that is being written is not read half: it has been left alone from one look to the next.
        if asked || now != taken && now == last {
            taken = now;
            held = again(&reload, held).await;
        }
        last = now;
    }
}

async fn stamp_of(config: &Config) -> Stamp {
    let path = config.file.clone()?;
    // A folder on a network may hang: that must not hold up anybody.
    tokio::task::spawn_blocking(move || stamp(&path)).await.ok().flatten()
}

fn stamp(path: &Path) -> Stamp {
    let known = std::fs::metadata(path).ok()?;
    Some((known.modified().ok()?, known.len()))
}

/// Reads the configuration again. Answers what holds from now on.
async fn again(reload: &Reload, held: Config) -> Config {
    let sources = reload.sources.clone();
    let new = match tokio::task::spawn_blocking(move || config::load(&sources)).await {
        Ok(Ok(new)) => new,
        Ok(Err(mistakes)) => {
            for mistake in &mistakes {
                tracing::error!(%mistake, "the configuration has a mistake");
            }
            tracing::error!(
                mistakes = mistakes.len(),
                "the configuration was not taken up: nothing has changed"
            );
            return held;
        }
        Err(_) => return held,
    };
    let found = differences(&held, &new);
    if let Err(fault) = apply(reload, &held, &new, &found).await {
        tracing::error!(%fault, "the configuration was not taken up whole");
        return held;
    }
    for difference in &found {
        match difference.reloads {
            true => tracing::info!(change = %difference, "taken up"),
            false => tracing::warn!(change = %difference, "needs a restart"),
        }
    }
    tracing::info!(changes = found.len(), "the configuration was read again");
    new
}

async fn apply(reload: &Reload, held: &Config, new: &Config, found: &[Difference]) -> Result<(), Fault> {
    let shared = &reload.shared;
    // What can fail goes first.
    if found.iter().any(|one| one.reloads && ROWS.iter().any(|table| one.path.starts_with(table))) {
        rows(shared, new).await?;
    }
    if held.settings.log != new.settings.log {
        log::set(&new.settings.log)?;
    }
    let settings = &new.settings;
    shared.load.set(settings.requests_running_max, settings.request_bodies_bytes_max);
    shared.replies.set(super::start::reply_terms(settings));
    shared.gates.set_wait(super::start::wait_ms_max(settings));
    let (open_max, per_address_max) = super::serve::door_caps(settings, reload.files);
    reload.door.set(open_max, per_address_max);
    Ok(())
}

/// Takes up models and aliases, and how many requests accounts take. The rest of providers needs a restart.
async fn rows(shared: &Shared, new: &Config) -> Result<(), Fault> {
    let before = shared.catalog_source.load_full();
    let mut own = Rows { providers: before.own.providers.clone(), ..new.rows.clone() };
    for row in &mut own.providers {
        let same = new.rows.providers.iter().find(|other| other.name == row.name);
        row.concurrency_max = same.map_or(row.concurrency_max, |other| other.concurrency_max);
    }
    shared.catalog_source.store(Arc::new(Source { own, on: before.on.clone() }));
    shared.catalog_stale.store(true, Ordering::SeqCst);
    obey::refresh(shared).await.inspect_err(|_| shared.catalog_source.store(before))
}
