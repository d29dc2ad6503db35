//! New connections: name lookup, TCP and TLS within one time limit.

use super::endpoint::Origin;
use super::limits::{ADDRESS_STAGGER_MS, ADDRESSES_CACHE_MS, ADDRESSES_MAX};
use super::wire::{Socket, Wire};
use super::{Failure, Tls};
use crate::base::Clock;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

/// The addresses of one origin. The lock is held during a lookup, so that a burst of new connections
/// asks once.
#[derive(Default)]
pub(super) struct Addresses(Mutex<Option<(i64, Arc<[SocketAddr]>)>>);

/// Opens a connection within `connect_ms`.
pub(super) async fn connect(
    origin: &Origin,
    addresses: &Addresses,
    tls: &Tls,
    clock: &Clock,
    connect_ms: u64,
) -> Result<Box<Wire>, Failure> {
    let connecting = async {
        let known = addresses.of(origin, clock).await?;
        let connected = connect_to(origin, &known, tls).await;
        if matches!(connected, Err(Failure::Connect)) {
            addresses.forget().await;
        }
        connected
    };
    tokio::time::timeout(Duration::from_millis(connect_ms), connecting)
        .await
        .unwrap_or(Err(Failure::ConnectTimeout))
}

/// Opens a connection to the first of `addresses` that takes one.
pub(super) async fn connect_to(
    origin: &Origin,
    addresses: &[SocketAddr],
    tls: &Tls,
) -> Result<Box<Wire>, Failure> {
    let tcp = dial(addresses).await.map_err(|error| {
        tracing::debug!(%origin, %error, "connections are not accepted");
        Failure::Connect
    })?;
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%origin, %error, "TCP_NODELAY was not set");
    }
    let socket = if origin.tls { secure(origin, tcp, tls).await? } else { Socket::Plain(tcp) };
    Ok(Box::new(Wire::new(socket)))
}

async fn secure(origin: &Origin, tcp: TcpStream, tls: &Tls) -> Result<Socket, Failure> {
    let config = tls.config().map_err(|fault| {
        tracing::error!(%fault, "TLS to providers is not usable");
        Failure::Tls
    })?;
    let name = rustls::pki_types::ServerName::try_from(origin.host.to_string()).map_err(|_| Failure::Tls)?;
    match TlsConnector::from(config).connect(name, tcp).await {
        Ok(stream) => Ok(Socket::Tls(Box::new(stream))),
        Err(error) => {
            tracing::debug!(%origin, %error, "TLS handshake with provider failed");
            Err(Failure::Tls)
        }
    }
}

impl Addresses {
    async fn of(&self, origin: &Origin, clock: &Clock) -> Result<Arc<[SocketAddr]>, Failure> {
        if let Ok(address) = origin.host.parse::<IpAddr>() {
            return Ok(Arc::new([SocketAddr::new(address, origin.port)]));
        }
        let mut cached = self.0.lock().await;
        let now_ms = clock.monotonic_ms();
        if let Some((until_ms, addresses)) = &*cached
            && now_ms < *until_ms
        {
            return Ok(Arc::clone(addresses));
        }
        let found = tokio::net::lookup_host((&*origin.host, origin.port)).await.map_err(|error| {
            tracing::debug!(%origin, %error, "provider's name does not resolve");
            Failure::Dns
        })?;
        let found = alternate(found.collect());
        if found.is_empty() {
            return Err(Failure::Dns);
        }
        let found: Arc<[SocketAddr]> = found.into();
        *cached = Some((now_ms.saturating_add(ADDRESSES_CACHE_MS), Arc::clone(&found)));
        Ok(found)
    }

    async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

/// The resolver's order, with the two families taking turns, so that one that leads nowhere costs one
/// head start and not several.
pub(super) fn alternate(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut mixed = Vec::with_capacity(ADDRESSES_MAX);
    for address in first {
        mixed.push(address);
        mixed.extend(second.next());
    }
    mixed.extend(second);
    mixed.truncate(ADDRESSES_MAX);
    mixed
}

type Dialling = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// The first of the addresses to answer; the next one starts when the last has failed or has had its
/// head start.
pub(super) async fn dial(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter().copied();
    let mut racing: Vec<Dialling> = Vec::new();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        match waiting.next() {
            Some(address) => racing.push(Box::pin(TcpStream::connect(address))),
            None if racing.is_empty() => return Err(last),
            None => {}
        }
        let won = if waiting.len() == 0 {
            first_done(&mut racing).await
        } else {
            let head_start = Duration::from_millis(ADDRESS_STAGGER_MS);
            match tokio::time::timeout(head_start, first_done(&mut racing)).await {
                Ok(done) => done,
                Err(_) => continue,
            }
        };
        match won {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = error,
        }
    }
}

/// Waits until one attempt ends, and takes it out.
async fn first_done(racing: &mut Vec<Dialling>) -> io::Result<TcpStream> {
    poll_fn(|cx| {
        for index in 0..racing.len() {
            if let Poll::Ready(done) = racing[index].as_mut().poll(cx) {
                drop(racing.swap_remove(index));
                return Poll::Ready(done);
            }
        }
        Poll::Pending
    })
    .await
}
