//! A data-plane worker: one thread, one runtime, one listener, one pool of connections. Nothing on
//! a request's way crosses threads but atomics.

use super::body::Body;
use super::dispatch::{self, Front};
use super::door::{Door, Entered};
use super::http1::{self, ClientTimes, Server};
use super::http2;
use super::listen;
use super::peer::Link;
use super::protocol::{self, Protocol};
use crate::access::shown::Shown;
use crate::base::Fault;
use crate::base::fault::Doing;
use crate::base::tasks::Tasks;
use crate::base::turn::{self, Turns};
use crate::relay::running::Orders;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::LocalOptions;
use tokio::sync::watch;

/// Rest after a failed accept (out of file descriptors, mostly).
const ACCEPT_REST: Duration = Duration::from_millis(50);
/// How long a handshake that had begun when the last connection was taken may need to end.
const HANDSHAKE_TAIL: Duration = Duration::from_millis(200);
/// How often a journal that cannot be written is tried again.
const MEND: Duration = Duration::from_secs(1);
/// How often unused connections to providers are looked through.
const SWEEP: Duration = Duration::from_secs(10);

/// How long requests that are cut may take to say so to their clients.
const CUT_WAIT: Duration = Duration::from_secs(1);

/// How far the process is on its way down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Serving.
    Serving,
    /// No new connections; idle ones close, busy ones finish their request.
    Closing,
    /// Enough waited: everything ends.
    Ending,
}

/// What a worker is given.
pub struct Seat {
    /// Its socket.
    pub listener: std::net::TcpListener,
    /// How long clients may take.
    pub times: ClientTimes,
    /// How many clients may be in.
    pub door: Arc<Door>,
    /// How far the process is.
    pub stage: watch::Receiver<Stage>,
    /// Orders to end what runs under a key.
    pub orders: Orders,
}

/// Runs a worker until the process ends. `make` builds what must be built on its thread.
///
/// # Errors
/// When the runtime or the socket cannot be made.
pub fn run(seat: Seat, make: impl FnOnce() -> Rc<Front>) -> Result<(), Fault> {
    turn::share();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_unpark(turn::woke)
        .build_local(LocalOptions::default())
        .doing("making a worker's runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(seat.listener).doing("listening")?;
        let front = make();
        let aside = Tasks::default();
        aside.spawn_local(seat.orders.obey(front.worker.running.clone()));
        aside.spawn_local(sweep(Rc::clone(&front)));
        aside.spawn_local(mend(Rc::clone(&front)));
        let connections = Tasks::default();
        let server = Rc::new(Server::new(seat.times, front.worker.shared.at.clock.clone()));
        let entry =
            Entry { front: &front, connections: &connections, server, door: seat.door, stage: &seat.stage };
        accept(listener, &entry).await;
        let mut stage = seat.stage;
        tokio::select! {
            () = connections.finish() => {}
            () = reached(&mut stage, Stage::Ending) => {
                front.worker.running.wake();
                tokio::select! {
                    () = connections.finish() => {}
                    () = tokio::time::sleep(CUT_WAIT) => {}
                }
            }
        }
        Ok(())
    })
    // Whatever still runs is dropped with the runtime, and booked by being dropped.
}

/// What a connection is taken in with.
struct Entry<'a> {
    front: &'a Rc<Front>,
    connections: &'a Tasks,
    server: Rc<Server>,
    door: Arc<Door>,
    stage: &'a watch::Receiver<Stage>,
}

/// Takes connections until the process closes, and then those that are queued already: whoever was told
/// by the system that it is connected is answered.
async fn accept(listener: TcpListener, entry: &Entry<'_>) {
    let mut stage = entry.stage.clone();
    tokio::select! {
        () = take_each(&listener, entry) => {}
        () = reached(&mut stage, Stage::Closing) => {}
    }
    if let Err(error) = listen::take_no_more(&listener) {
        tracing::debug!(%error, "connections come in until the listener is closed");
    }
    let _ = tokio::time::timeout(HANDSHAKE_TAIL, take_each(&listener, entry)).await;
}

async fn take_each(listener: &TcpListener, entry: &Entry<'_>) {
    loop {
        take(listener.accept().await, entry).await;
    }
}

async fn take(accepted: io::Result<(TcpStream, SocketAddr)>, entry: &Entry<'_>) {
    let (stream, peer) = match accepted {
        Ok(accepted) => accepted,
        Err(error) => {
            tracing::warn!(%error, "a connection was not accepted");
            return tokio::time::sleep(ACCEPT_REST).await;
        }
    };
    let peer = plain_address(peer.ip());
    // Of what comes from this machine, most comes through a reverse proxy here.
    let shared = peer.is_loopback() || entry.front.trust.is_proxy(peer);
    match entry.door.enter(peer, shared) {
        Ok(place) => {
            let (front, server) = (Rc::clone(entry.front), Rc::clone(&entry.server));
            let serving = serve(stream, (peer, place), front, server, entry.stage.clone());
            entry.connections.spawn_local(Turns::of(serving));
        }
        // Closed at once, so that those that are served are served well.
        Err(full) => entry.front.worker.metrics.connection_refused(full.reason()),
    }
}

async fn serve(
    stream: TcpStream,
    (peer, _place): (IpAddr, Entered),
    front: Rc<Front>,
    server: Rc<Server>,
    stage: watch::Receiver<Stage>,
) {
    // Answers are written whole; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    listen::bound_unsent(&stream);
    let (link, shown) = (Link { address: peer, tls: front.tls.is_some() }, Shown::default());
    let metrics = front.worker.metrics.clone();
    metrics.connection_opened();
    match protocol::greet(stream, front.tls.as_ref(), server.times, stage.clone()).await {
        None => {}
        Some((Protocol::Http1, wire)) => {
            http1::serve(wire, &server, stage, async |request, body: http1::Body<'_>| {
                // Awaited by value, it would be copied to where it stays.
                let answering = pin!(dispatch::answer(&front, &request, Body::Http1(body), (link, &shown)));
                answering.await
            })
            .await;
        }
        Some((Protocol::Http2, wire)) => {
            let answer = async move |request, body| {
                dispatch::answer(&front, &request, Body::Http2(body), (link, &shown)).await
            };
            // Apart, so that it costs the connections of HTTP/1.1 no memory.
            Box::pin(http2::serve(wire, server, stage, answer)).await;
        }
    }
    metrics.connection_closed();
}

/// Waits for a stage. Whoever holds what `wait_for` answers locks the stage for everybody: nobody does.
async fn reached(stage: &mut watch::Receiver<Stage>, wanted: Stage) {
    let _ = stage.wait_for(|stage| *stage >= wanted).await.map(drop);
}

async fn mend(front: Rc<Front>) {
    loop {
        tokio::time::sleep(MEND).await;
        front.worker.meter.mend();
    }
}

async fn sweep(front: Rc<Front>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        front.worker.lanes.sweep();
    }
}

/// A v4 address that came over a v6 socket is a v4 address.
fn plain_address(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
