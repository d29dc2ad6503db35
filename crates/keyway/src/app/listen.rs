//! Listening sockets: one per worker on one port, and loud failure when the port is taken.

use crate::base::Fault;
use crate::base::fault::Doing;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{SocketAddr, TcpListener};

/// Connections the kernel queues before they are accepted.
const BACKLOG: i32 = 4096;

/// Binds `count` sockets to one address. The first bind is exclusive, so that a second server on
/// the port fails instead of sharing its traffic.
///
/// # Errors
/// When the address cannot be bound; the message says what to do.
pub fn bind(address: SocketAddr, count: usize) -> Result<(SocketAddr, Vec<TcpListener>), Fault> {
    let probe = socket(address)?;
    probe.bind(&address.into()).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another program listens there; choose another `listen`",
            std::io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege; choose a higher one",
            _ => "check `listen`",
        };
        Fault::new(format!("listening on {address} ({hint})"), error)
    })?;
    let address = probe
        .local_addr()
        .doing("reading the bound address")?
        .as_socket()
        .ok_or_else(|| Fault::plain("the bound address is not an internet address"))?;
    drop(probe);
    let listeners = (0..count).map(|_| shared(address)).collect::<Result<_, Fault>>()?;
    Ok((address, listeners))
}

fn shared(address: SocketAddr) -> Result<TcpListener, Fault> {
    let socket = socket(address)?;
    socket.set_reuse_port(true).doing("sharing the port between workers")?;
    socket.bind(&address.into()).doing("binding a worker's socket")?;
    socket.listen(BACKLOG).doing("listening")?;
    Ok(socket.into())
}

fn socket(address: SocketAddr) -> Result<Socket, Fault> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))
        .doing("making a socket")?;
    socket.set_reuse_address(true).doing("setting up a socket")?;
    socket.set_nonblocking(true).doing("setting up a socket")?;
    Ok(socket)
}
