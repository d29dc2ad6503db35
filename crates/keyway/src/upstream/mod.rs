//! Connection lanes to providers: our own HTTP/1.1 client, one set of lanes per worker.
//!
//! The task that serves a client writes the provider's socket and reads it, by itself: no task per
//! connection, no channel, no lock that anybody else holds. A connection belongs to one exchange at a
//! time, first to [`Lanes::send`], then to the [`Body`], which gives it back at its clean end.
//!
//! What an answer may be is narrow on purpose: anything that two parsers could read differently ends in
//! [`Failure::Protocol`] and the connection is closed, so no answer can reach the wrong request.
//! Redirects are not followed; a credential goes to the origin it is bound to and nowhere else.

pub mod auth;
mod body;
pub(crate) mod chunked;
pub mod classify;
mod connect;
pub mod endpoint;
mod exchange;
mod failure;
mod head;
pub mod limits;
pub mod once;
mod pinned;
mod pool;
mod request;
pub mod send;
mod tls;
mod wire;

#[cfg(test)]
mod tests;

pub use auth::{AuthStyle, Terms};
pub use body::Body;
pub use classify::{Class, classify, retry_after};
pub use endpoint::{Endpoint, Origin};
pub use failure::Failure;
pub use limits::Limits;
pub use request::Request;
pub use send::poll_send;
pub use tls::Tls;

use crate::base::{Clock, Fields};
use exchange::{Outgoing, exchange};
use http::Method;
use pool::Pool;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::Wire;

/// All connections of one worker to providers.
pub struct Lanes {
    limits: Limits,
    clock: Clock,
    tls: Arc<Tls>,
    /// One per origin and credential in use; [`Lanes::sweep`] drops those without connections. As many as
    /// there are credentials in use, and almost always found by the origin's address: quicker than a map.
    pools: Mutex<Vec<Arc<Pool>>>,
}

/// The head of an answer, and its body to be read.
pub struct Response {
    /// HTTP status, 200 to 999. Redirects are not followed.
    pub status: u16,
    /// All fields, as they came; what a client may see of them is not decided here.
    pub headers: Fields,
    /// The body.
    pub body: Body,
    /// Whether the connection had been used before.
    pub reused: bool,
}

impl Lanes {
    /// Lanes without connections.
    #[must_use]
    pub fn new(limits: Limits, clock: Clock, tls: Arc<Tls>) -> Self {
        Self { limits, clock, tls, pools: Mutex::new(Vec::new()) }
    }

    /// Sends one request and reads the head of its answer.
    ///
    /// A connection that was used before may have been closed by the provider while our request was on
    /// its way to it; every HTTP client meets this. So when a reused connection dies within
    /// [`limits::STALE_WITHIN_MS`] of writing, before a single byte came back, the request is written once
    /// more on a new connection. That is safe enough: a provider that had taken the request up would
    /// answer, or at least not close within a round trip, and an inference request changes nothing but a
    /// bill. Anything later, and anything on a new connection, is reported and never repeated here.
    ///
    /// # Errors
    /// The [`Failure`]; its `may_have_been_sent` covers both attempts.
    pub async fn send(&self, target: &Endpoint, request: &Request<'_>) -> Result<Response, Failure> {
        if let Some(account) = target.account() {
            Box::pin(account.ready(self)).await?;
        }
        // Awaited by value, it would be copied to where it stays.
        let exchange = pin!(self.exchange(target, request));
        exchange.await
    }

    /// The same with what there is to show.
    async fn exchange(&self, target: &Endpoint, request: &Request<'_>) -> Result<Response, Failure> {
        let pool = self.pool(target);
        let proof = target.proof(&pool.origin, request, &self.clock)?;
        let head = request::head(target, request, &proof)?;
        let first_byte_ms = self.limits.first_byte_ms.min(request.first_byte_ms);
        let limits = Limits { first_byte_ms, ..self.limits };
        let out = Outgoing {
            head: &head,
            tail: proof.tail.bytes(),
            body: &request.body,
            no_body: request.method == Method::HEAD,
        };
        let mut lost = None;
        let begun_ms = pool.now_ms();
        if let Some(mut wire) = pool.take(begun_ms) {
            match exchange(&mut wire, &out, &limits).await {
                Ok(head) => return response(pool, wire, head, true),
                Err(failure) if is_stale(failure, &wire, pool.now_ms() - begun_ms) => lost = Some(failure),
                Err(failure) => return Err(failure),
            }
        }
        // The first attempt may have arrived, even where the second never left.
        let worse = |failure: Failure| lost.filter(|_| !failure.may_have_been_sent()).unwrap_or(failure);
        let mut wire = Box::pin(pool.open()).await.map_err(worse)?;
        let head = exchange(&mut wire, &out, &limits).await?;
        response(pool, wire, head, false)
    }

    /// Closes connections that have been unused for `idle_pool_ms`. Sending does so for its own origin;
    /// a worker calls this now and then for the origins nobody asks for.
    pub fn sweep(&self) {
        self.pools().retain(|pool| {
            pool.sweep();
            pool.idle_count() > 0 || Arc::strong_count(pool) > 1
        });
    }

    /// Unused connections kept at this moment.
    #[must_use]
    pub fn idle_count(&self) -> usize {
        self.pools().iter().map(|pool| pool.idle_count()).sum()
    }

    fn pool(&self, target: &Endpoint) -> Arc<Pool> {
        let origin = target.shared_origin();
        let mut pools = self.pools();
        // An origin's address is one endpoint's.
        let found = pools.iter().find(|pool| Arc::ptr_eq(&pool.origin, origin));
        let is_same = |pool: &&Arc<Pool>| *pool.lane == *target.lane() && pool.origin == *origin;
        if let Some(pool) = found.or_else(|| pools.iter().find(is_same)) {
            return Arc::clone(pool);
        }
        let pool = Pool::new(target, self.limits, self.clock.clone(), Arc::clone(&self.tls));
        let pool = Arc::new(pool);
        pools.push(Arc::clone(&pool));
        pool
    }

    fn pools(&self) -> MutexGuard<'_, Vec<Arc<Pool>>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_stale(failure: Failure, wire: &Wire, after_ms: i64) -> bool {
    failure == Failure::Closed && !wire.received && after_ms < limits::STALE_WITHIN_MS
}

fn response(pool: Arc<Pool>, wire: Box<Wire>, head: head::Head, reused: bool) -> Result<Response, Failure> {
    let head::Head { status, headers, framing, keep_alive } = head;
    let body = Body::new(wire, framing, keep_alive, pool)?;
    Ok(Response { status, headers, body, reused })
}
