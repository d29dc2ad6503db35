//! `keyway serve`: from configuration to listening, and down again without losing a line.

use super::banner;
use super::dispatch::Front;
use super::door::Door;
use super::files;
use super::http1::ClientTimes;
use super::listen;
use super::metrics_listener;
use super::open::{self, MasterSource, NotOpened, Place};
use super::otlp::{self, Collector};
use super::pace::Pace;
use super::peer::Trust;
use super::reload::{self, Reload};
use super::signals::Signals;
use super::start::{self, Parts};
use super::tls::{self, Files, Handshakes, Pair};
use super::worker::{self, Seat, Stage};
use crate::accounts::Installation;
use crate::base::fault::Doing;
use crate::base::tasks::Tasks;
use crate::base::{Clock, Fault};
use crate::config::{Config, Settings, Sources};
use crate::jobs;
use crate::metering::intake::Source;
use crate::metering::keeper::Keeping;
use crate::metering::shares::Sharing;
use crate::metering::{self, Shipper};
use crate::relay::running::Running;
use crate::relay::{Shared, Worker};
use crate::store::nodes;
use crate::store::{keys, persons};
use crate::telemetry::request_line::RequestLogWriter;
use crate::telemetry::{RequestLog, Traces, log};
use crate::upstream::{Lanes, Limits, Tls};
use std::fs::File;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// Threads of the control runtime.
const CONTROL_THREADS: usize = 2;
/// How long the log's last lines may take to be written.
const LOG_WAIT: Duration = Duration::from_secs(2);

/// Takes what belongs on stdout.
pub type Say<'a> = dyn Fn(&str) + Sync + 'a;

/// Serves until a signal ends it. `say` gets what belongs on stdout.
///
/// # Errors
/// Why it could not start, or did not end well.
pub fn serve(config: &Config, sources: Sources, say: &Say<'_>) -> Result<(), NotOpened> {
    let clock = Clock::system();
    let files = files::raise_limit();
    log::init(&config.settings.log, !std::io::stderr().is_terminal()).map_err(NotOpened::Configuration)?;
    let control = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
        .thread_name("control")
        .enable_all()
        .build()
        .doing("making the control runtime")
        .map_err(NotOpened::Failed)?;
    control.block_on(run(config, sources, clock, (files, say)))
}

/// Where the configuration says that the installation lives.
#[must_use]
pub fn place(settings: &Settings) -> Place {
    let master_key = match (&settings.master_key, &settings.master_key_file) {
        (Some(text), _) => MasterSource::Text(text.clone()),
        (None, Some(file)) => MasterSource::File(file.clone()),
        (None, None) => MasterSource::DataDir,
    };
    Place { data_dir: settings.data_dir.clone(), database: settings.database.clone(), master_key }
}

async fn run(
    config: &Config,
    sources: Sources,
    clock: Clock,
    (files, say): (Option<u64>, &Say<'_>),
) -> Result<(), NotOpened> {
    let settings = &config.settings;
    let mut signals = Signals::listen().map_err(NotOpened::Failed)?;
    let hangups = reload::hangups().map_err(NotOpened::Failed)?;
    let opened = open::open(&place(settings), clock.clone()).await?;
    let tasks = Tasks::default();
    let _alone = lock_data_dir(&settings.data_dir).map_err(NotOpened::Configuration)?;
    may_listen(settings.listen, &opened.at).await?;
    let handshakes = handshakes(settings, &tasks).map_err(NotOpened::Configuration)?;
    let workers = worker_count(settings);
    let (address, listeners) = listen::bind(settings.listen, workers).map_err(NotOpened::Configuration)?;
    let (parts, (keeping, sharing)) =
        start::build(config, opened.at.clone(), address, workers, tasks).await?;
    let shared = Arc::clone(&parts.shared);
    take_in_old_journals(&shared, &settings.data_dir).await.map_err(NotOpened::Failed)?;
    let (stage, stages) = watch::channel(Stage::Serving);
    let (stop_shipping, shipping) = ship(&shared, &settings.data_dir);
    let (stop_keeping, kept) = keep(&shared, keeping, sharing);
    begin_jobs(&shared, settings);
    let traces = begin_telemetry(&shared, settings).map_err(NotOpened::Configuration)?;
    if let Some(address) = settings.metrics_listen {
        metrics_listener::start(address, Arc::clone(&shared)).await.map_err(NotOpened::Configuration)?;
    }
    let (log, writer) = request_log(settings, &shared).map_err(NotOpened::Failed)?;
    let door = door(settings, files);
    let again = Reload { sources, shared: Arc::clone(&shared), door: Arc::clone(&door), files };
    shared.tasks.spawn_on(reload::follow(again, hangups, config.clone()), &shared.control);
    let front = (door, handshakes);
    let threads = begin_workers(settings, (parts, front), listeners, &stages, (&log, &traces))
        .map_err(NotOpened::Failed)?;
    let text = banner::text(config, &shared, address, opened.new).await.map_err(NotOpened::Failed)?;
    say(&text);

    signals.wait().await;
    tracing::info!("draining: running requests finish, new connections are not taken");
    let settled = drain(settings, &shared, &stage, threads, &mut signals).await;
    // Nothing may be leased once the journal is said to be at its end.
    stop_keeping.send_replace(true);
    let _ = kept.await;
    stop_shipping.send_replace(true);
    let shipped = shipping.await.doing("shipping the last lines").flatten();
    shared.vault.flush().await;
    let _ = jobs::last_used::write(&shared).await;
    finish_log(writer);
    let _ = nodes::leave(&shared.at.db, &shared.node.id, &shared.node.boot).await;
    shared.at.db.close().await;
    settled.and(shipped).map_err(NotOpened::Failed)
}

/// TLS as the settings want it, from now on with whatever the certificate's files hold.
fn handshakes(settings: &Settings, tasks: &Tasks) -> Result<Option<Handshakes>, Fault> {
    let Some(files) = Files::of(settings) else {
        return Ok(None);
    };
    let before = files.stamps();
    let pair = Arc::new(Pair::new(files.read()?));
    if let Some(problem) = files.key_is_open() {
        tracing::warn!("the TLS key in {problem}; chmod 600 it");
    }
    tasks.spawn(tls::follow(files, before, Arc::clone(&pair)));
    Handshakes::new(pair).map(Some)
}

/// Nobody but this machine may reach an installation that nobody owns yet.
async fn may_listen(listen: SocketAddr, at: &Installation) -> Result<(), NotOpened> {
    let owned = async {
        Ok::<_, Fault>(keys::any_active(&at.db, "admin").await? || persons::any_operator(&at.db).await?)
    };
    if listen.ip().is_loopback() || owned.await.map_err(NotOpened::Unreachable)? {
        return Ok(());
    }
    Err(NotOpened::Configuration(Fault::plain(format!(
        "listening on {listen}, beyond this machine, needs an owner or an admin key first: \
         `keyway admin-key create --name first`, then start again"
    ))))
}

/// One server per data folder: the lock goes with the process.
///
/// # Errors
/// When another process holds it.
pub fn lock_data_dir(data_dir: &Path) -> Result<File, Fault> {
    let path = data_dir.join("serve.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .doing("opening the data folder's lock")?;
    file.try_lock().map_err(|_| {
        Fault::plain(format!(
            "another server uses the data folder {}; give this one a --data-dir of its own",
            data_dir.display()
        ))
    })?;
    Ok(file)
}

fn worker_count(settings: &Settings) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    usize::try_from(settings.workers).ok().filter(|count| *count > 0).unwrap_or(cores)
}

async fn take_in_old_journals(shared: &Shared, data_dir: &Path) -> Result<(), Fault> {
    let catalog = shared.catalog.load_full();
    let prices = move |version: &str| start::price_of(&catalog, version);
    let (at, node) = (&shared.at, &shared.node);
    let done = metering::recover(&at.db, &at.clock, &prices, &node.id, &data_dir.join("journal"), &node.boot)
        .await?;
    if done.boots > 0 {
        tracing::info!(
            boots = done.boots,
            entries = done.entries,
            orphans = done.orphans,
            damaged = done.damaged,
            "journals of earlier starts were taken in"
        );
    }
    Ok(())
}

fn ship(shared: &Arc<Shared>, data_dir: &Path) -> (watch::Sender<bool>, ShippingEnd) {
    let (stop, stopped) = watch::channel(false);
    let source = Source { boot: shared.node.boot.clone(), node: shared.node.id.clone() };
    let dir = data_dir.join("journal").join(&shared.node.boot);
    let at = shared.at.clone();
    let mut shipper = Shipper::new(at.db, at.clock, source, dir, shared.journals.clone());
    let (end, ended) = tokio::sync::oneshot::channel();
    shared.tasks.spawn_on(
        async move {
            shipper.run(stopped).await;
            let _ = end.send(shipper.drain().await.map(|_| ()));
        },
        &shared.control,
    );
    (stop, ended)
}

/// Begins to lease money, and limits where others keep them too; the second part of the answer is ready when that has ended.
fn keep(
    shared: &Shared,
    keeping: Keeping,
    sharing: Sharing,
) -> (watch::Sender<bool>, tokio::sync::oneshot::Receiver<()>) {
    let (stop, stopped) = watch::channel(false);
    let (end, ended) = tokio::sync::oneshot::channel();
    let shared_engine = shared.at.db.engine.is_shared();
    shared.tasks.spawn_on(
        async move {
            match shared_engine {
                true => tokio::join!(keeping.run(stopped.clone()), sharing.run(stopped)),
                false => (keeping.run(stopped).await, ()),
            };
            let _ = end.send(());
        },
        &shared.control,
    );
    (stop, ended)
}

type ShippingEnd = tokio::sync::oneshot::Receiver<Result<(), Fault>>;

fn begin_jobs(shared: &Arc<Shared>, settings: &Settings) {
    let (tasks, control) = (&shared.tasks, &shared.control);
    let retention = jobs::retention::keep_rounds(Arc::clone(shared), settings.requests_retention_days);
    tasks.spawn_on(retention, control);
    tasks.spawn_on(jobs::feed::follow(Arc::clone(shared)), control);
    tasks.spawn_on(jobs::heartbeat::beat(Arc::clone(shared)), control);
    let accounts = jobs::accounts::look_rounds(Arc::clone(shared), settings.provider_balance_seconds);
    tasks.spawn_on(accounts, control);
    tasks.spawn_on(jobs::spent::look_rounds(Arc::clone(shared)), control);
    tasks.spawn_on(jobs::last_used::write_rounds(Arc::clone(shared)), control);
    tasks.spawn_on(jobs::deliver::keep_sending(Arc::clone(shared)), control);
    tasks.spawn_on(jobs::watch::keep_looking(Arc::clone(shared)), control);
}

/// Traces and metrics for a collector, where one is named.
fn begin_telemetry(shared: &Arc<Shared>, settings: &Settings) -> Result<Traces, Fault> {
    if settings.otlp_endpoint.is_empty() {
        return Ok(Traces::off());
    }
    let collector = Arc::new(Collector::new(&settings.otlp_endpoint, shared.at.clock.clone())?);
    let (traces, waiting) = Traces::on(Arc::clone(&shared.metrics));
    let tracing = otlp::keep_tracing(Arc::clone(shared), Arc::clone(&collector), waiting);
    shared.tasks.spawn_on(tracing, &shared.control);
    shared.tasks.spawn_on(otlp::keep_telling(Arc::clone(shared), collector), &shared.control);
    Ok(traces)
}

fn request_log(
    settings: &Settings,
    shared: &Shared,
) -> Result<(RequestLog, Option<RequestLogWriter>), Fault> {
    if !settings.log_requests {
        return Ok((RequestLog::off(), None));
    }
    let (log, writer) = RequestLog::to_stderr(Arc::clone(&shared.metrics))?;
    Ok((log, Some(writer)))
}

/// As many connections as are wanted, or as the system has files for.
fn door(settings: &Settings, files: Option<u64>) -> Arc<Door> {
    let wanted = settings.connections_max;
    let fitting = files::fitting(wanted, files);
    if fitting < wanted {
        tracing::warn!(
            connections_max = wanted,
            lowered_to = fitting,
            files_allowed = files,
            "fewer connections than connections_max: the limit on open files (LimitNOFILE, ulimit -Hn) has no room"
        );
    }
    let (open_max, per_address_max) = door_caps(settings, files);
    Door::new(open_max, per_address_max)
}

/// Connections in all, as many as the system has files for, and from one address.
#[must_use]
pub fn door_caps(settings: &Settings, files: Option<u64>) -> (usize, usize) {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let fitting = files::fitting(settings.connections_max, files);
    (number(fitting), number(settings.connections_per_address_max))
}

fn begin_workers(
    settings: &Settings,
    (parts, (door, handshakes)): (Parts, (Arc<Door>, Option<Handshakes>)),
    listeners: Vec<std::net::TcpListener>,
    stages: &watch::Receiver<Stage>,
    (log, traces): (&RequestLog, &Traces),
) -> Result<Vec<JoinHandle<Result<(), Fault>>>, Fault> {
    let table = Arc::clone(&parts.shared.table);
    let tls = Arc::new(Tls::new(None));
    let mut threads = Vec::new();
    let seats = listeners.into_iter().zip(parts.journals).zip(parts.orders);
    for (shard, ((listener, journal), orders)) in seats.enumerate() {
        let seat = Seat {
            listener,
            times: client_times(settings),
            door: Arc::clone(&door),
            stage: stages.clone(),
            orders,
        };
        let shared = Arc::clone(&parts.shared);
        let (table, tls, log, limits) = (Arc::clone(&table), Arc::clone(&tls), log.clone(), limits(settings));
        let traces = traces.clone();
        let body_bytes_max = usize::try_from(settings.request_body_bytes_max).unwrap_or(usize::MAX);
        let body_pace = pace(settings);
        let (trust, handshakes) = (Trust::of(settings), handshakes.clone());
        let make = move || {
            let clock = shared.at.clock.clone();
            let pricing = Arc::clone(&shared);
            let prices = Box::new(move |version: &str| start::price_of(&pricing.catalog.load(), version));
            let worker = Worker {
                lanes: Lanes::new(limits, clock.clone(), tls),
                meter: metering::Worker::new(journal, clock, prices),
                metrics: shared.metrics.worker(shard),
                log,
                traces,
                running: Running::default(),
                retrying: Rc::default(),
                shard: u32::try_from(shard).unwrap_or(0),
                shared,
            };
            let worker = Rc::new(worker);
            Rc::new(Front { worker, table, body_bytes_max, body_pace, trust, tls: handshakes })
        };
        let thread = std::thread::Builder::new()
            .name(format!("worker-{shard}"))
            .spawn(move || worker::run(seat, make))
            .doing("starting a worker")?;
        threads.push(thread);
    }
    Ok(threads)
}

fn pace(settings: &Settings) -> Pace {
    Pace {
        whole: Duration::from_millis(settings.body_timeout_ms),
        grace: Duration::from_millis(settings.body_rate_grace_ms),
        bytes_per_second_min: settings.body_bytes_per_second_min,
    }
}

fn client_times(settings: &Settings) -> ClientTimes {
    ClientTimes {
        header: Duration::from_millis(settings.header_timeout_ms),
        idle: Duration::from_millis(settings.idle_timeout_ms),
        write_stall: Duration::from_millis(settings.write_stall_timeout_ms),
    }
}

/// How long providers may take, and how much they may send.
pub fn limits(settings: &Settings) -> Limits {
    Limits {
        connect_ms: settings.upstream_connect_timeout_ms,
        write_ms: settings.upstream_write_timeout_ms,
        first_byte_ms: settings.upstream_first_byte_timeout_ms,
        idle_ms: settings.upstream_idle_timeout_ms,
        idle_pool_ms: settings.upstream_connection_idle_timeout_ms,
        idle_max: usize::try_from(settings.upstream_connections_idle_max).unwrap_or(usize::MAX),
        answer_bytes_max: settings.upstream_answer_bytes_max,
    }
}

/// Readiness flips first, connections are taken a little longer, then running requests finish. A
/// second signal, or the deadline, ends what still runs; it is booked all the same.
async fn drain(
    settings: &Settings,
    shared: &Shared,
    stage: &watch::Sender<Stage>,
    threads: Vec<JoinHandle<Result<(), Fault>>>,
    signals: &mut Signals,
) -> Result<(), Fault> {
    shared.draining.store(true, Ordering::SeqCst);
    let notice = Duration::from_millis(settings.drain_notice_ms);
    tokio::select! {
        () = tokio::time::sleep(notice) => {}
        () = signals.wait() => end_all(shared, stage),
    }
    stage.send_if_modified(|stage| {
        let moves = *stage < Stage::Closing;
        *stage = (*stage).max(Stage::Closing);
        moves
    });
    let ended = tokio::task::spawn_blocking(move || {
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(Fault::plain("a worker ended by a panic")))
        })
    });
    let deadline = Duration::from_millis(settings.drain_timeout_ms);
    let mut ended = std::pin::pin!(ended);
    tokio::select! {
        result = ended.as_mut() => return result.doing("waiting for the workers")?,
        () = tokio::time::sleep(deadline) => tracing::warn!("the drain deadline has passed; cutting what still runs"),
        () = signals.wait() => tracing::warn!("a second signal: cutting what still runs"),
    }
    end_all(shared, stage);
    ended.await.doing("waiting for the workers")?
}

/// Cuts what still runs.
fn end_all(shared: &Shared, stage: &watch::Sender<Stage>) {
    shared.ending.store(true, Ordering::SeqCst);
    stage.send_replace(Stage::Ending);
}

fn finish_log(writer: Option<RequestLogWriter>) {
    if let Some(writer) = writer {
        let _ = writer.finish(LOG_WAIT);
    }
}
