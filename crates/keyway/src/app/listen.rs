//! Listening sockets: one per worker on one port, and loud failure when the port is taken.

use crate::base::Fault;
use crate::base::fault::Doing;
use socket2::{Domain, Protocol, SockFilter, SockRef, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;

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

/// Bytes of an answer that the kernel takes ahead of what the client's window lets go: without a bound a
/// client that does not read costs megabytes of the kernel's memory, and a provider's work for nothing.
const UNSENT_BYTES_MAX: u32 = 128 * 1024;

/// Lets a client that takes nothing be felt soon. Where the system has no such bound, its own counts.
pub fn bound_unsent(client: &impl AsFd) {
    let _ = SockRef::from(client).set_tcp_notsent_lowat(UNSENT_BYTES_MAX);
}

/// Lets no further connection begin, while those that have begun can still be accepted. Closing a
/// listener resets what is queued on it, and another might come between the last look and the close.
///
/// The kernel drops a packet that asks for a connection (SYN without ACK, RFC 9293 3.1) before it is
/// seen; whoever sent it asks again a second later, and is refused by then.
///
/// # Errors
/// When the system has no such filter.
pub fn take_no_more(listener: &impl AsFd) -> io::Result<()> {
    const FLAGS_AT: u32 = 13;
    const SYN_AND_ACK: u32 = 0x12;
    const SYN: u32 = 0x02;
    // Load the byte of flags, keep two of them; SYN alone: keep no byte of the packet, else all.
    let filter = [
        SockFilter::new(0x30, 0, 0, FLAGS_AT),
        SockFilter::new(0x54, 0, 0, SYN_AND_ACK),
        SockFilter::new(0x15, 0, 1, SYN),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    SockRef::from(listener).attach_filter(&filter)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpStream};
    use std::time::Duration;

    #[test]
    fn what_is_queued_is_kept_and_nothing_comes_behind_it() {
        let (address, listeners) = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 1).unwrap();
        let listener = &listeners[0];
        let mut queued = TcpStream::connect(address).unwrap();
        take_no_more(listener).unwrap();
        let late = TcpStream::connect_timeout(&address, Duration::from_millis(100));
        assert!(late.is_err(), "a connection began");
        let (mut accepted, _) = listener.accept().unwrap();
        queued.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        accepted.set_nonblocking(false).unwrap();
        accepted.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
