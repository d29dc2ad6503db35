//! One exchange on a connection of its own, to addresses that somebody else has chosen: nothing is looked
//! up, nothing is used again.

use super::connect::connect_to;
use super::exchange::{Outgoing, exchange};
use super::pool::Pool;
use super::{Endpoint, Failure, Limits, Request, Response, Tls, request, response};
use crate::base::Clock;
use http::Method;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What an exchange is made with.
pub struct Way<'a> {
    /// Times and sizes.
    pub limits: Limits,
    /// The process's clock.
    pub clock: &'a Clock,
    /// Whom to trust.
    pub tls: &'a Arc<Tls>,
}

/// Sends one request to the first of `addresses` that takes a connection, and reads the head of its answer.
///
/// # Errors
/// The [`Failure`].
pub async fn send(
    target: &Endpoint,
    addresses: &[SocketAddr],
    request: Request<'_>,
    way: &Way<'_>,
) -> Result<Response, Failure> {
    let origin = target.shared_origin();
    let proof = target.proof(origin, &request, way.clock)?;
    let head = request::head(target, &request, &proof)?;
    let out = Outgoing {
        head: &head,
        tail: proof.tail.bytes(),
        body: &request.body,
        no_body: request.method == Method::HEAD,
    };
    let connecting = connect_to(origin, addresses, way.tls);
    let limit = Duration::from_millis(way.limits.connect_ms);
    let mut wire = tokio::time::timeout(limit, connecting).await.unwrap_or(Err(Failure::ConnectTimeout))?;
    let head = exchange(&mut wire, &out, &way.limits).await?;
    // Only the body's own: it keeps no connection.
    let pool = Pool::new(target, way.limits, way.clock.clone(), Arc::clone(way.tls));
    response(Arc::new(pool), wire, head, false)
}
