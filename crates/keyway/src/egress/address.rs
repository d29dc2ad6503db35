//! Which addresses may be asked: the public unicast space of the internet, by the registries of special
//! addresses (RFC 6890, IANA), and what the operator has opened.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// A network of the tables below.
const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

/// The same of IPv6, by its first three groups.
const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

/// Networks of IPv4 that lead to nobody in public.
const V4_CLOSED: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),        // this host on this network
    v4(10, 0, 0, 0, 8),       // private
    v4(100, 64, 0, 0, 10),    // carrier-grade NAT; Alibaba's metadata service
    v4(127, 0, 0, 0, 8),      // loopback
    v4(168, 63, 129, 16, 32), // Azure's services of a virtual machine
    v4(169, 254, 0, 0, 16),   // link-local; metadata services
    v4(172, 16, 0, 0, 12),    // private
    v4(192, 0, 0, 0, 24),     // protocol assignments; Oracle's metadata service
    v4(192, 0, 2, 0, 24),     // documentation
    v4(192, 31, 196, 0, 24),  // AS112
    v4(192, 52, 193, 0, 24),  // AMT
    v4(192, 88, 99, 0, 24),   // 6to4 relays
    v4(192, 168, 0, 0, 16),   // private
    v4(192, 175, 48, 0, 24),  // AS112
    v4(198, 18, 0, 0, 15),    // benchmarks
    v4(198, 51, 100, 0, 24),  // documentation
    v4(203, 0, 113, 0, 24),   // documentation
    v4(224, 0, 0, 0, 4),      // multicast
    v4(240, 0, 0, 0, 4),      // reserved, and broadcast
];

/// The public unicast space of IPv6. What is outside is unspecified, loopback, v4-mapped, v4-compatible,
/// NAT64 (64:ff9b::/96 and /48), unique local, link-local, multicast or not assigned.
const V6_PUBLIC: Ipv6Net = v6(0x2000, 0, 0, 3);

/// What is closed within it.
const V6_CLOSED: &[Ipv6Net] = &[
    v6(0x2001, 0, 0, 23),         // protocol assignments: Teredo, ORCHID, benchmarks
    v6(0x2001, 0xdb8, 0, 32),     // documentation
    v6(0x2002, 0, 0, 16),         // 6to4: a v4 address inside
    v6(0x2620, 0x4f, 0x8000, 48), // AS112
    v6(0x3fff, 0, 0, 20),         // documentation
];

/// The middle of an ISATAP interface id, behind which stands a v4 address (RFC 5214).
const ISATAP: u16 = 0x5efe;

/// Who may be asked here.
pub(super) struct Rules {
    /// Private networks that the operator has opened.
    pub allowed: Vec<IpNet>,
    /// Where this process listens.
    pub listeners: Vec<SocketAddr>,
}

impl Rules {
    /// Whether an address may be connected to.
    pub fn may_ask(&self, address: SocketAddr, tls: bool) -> bool {
        let ip = address.ip().to_canonical();
        if self.is_own(ip, address.port()) {
            return false;
        }
        let opened = self.allowed.iter().any(|network| network.contains(&ip));
        opened || (tls && is_public(address.ip()) && !is_here(ip))
    }

    /// Whether it is one of this process's own listeners.
    fn is_own(&self, ip: IpAddr, port: u16) -> bool {
        let here = |listener: &SocketAddr| {
            let at = listener.ip().to_canonical();
            listener.port() == port
                && (at == ip || at.is_unspecified() && (ip.is_unspecified() || is_here(ip)))
        };
        self.listeners.iter().any(here)
    }
}

/// Whether an address belongs to the public unicast space. A v4 address in v6 clothes does not.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => !V4_CLOSED.iter().any(|network| network.contains(&v4)),
        IpAddr::V6(v6) => {
            let isatap = v6.segments()[5] == ISATAP && v6.segments()[4] & !0x200 == 0;
            let closed = V6_CLOSED.iter().any(|network| network.contains(&v6));
            V6_PUBLIC.contains(&v6) && !closed && !isatap
        }
    }
}

/// Whether an address is this machine's: only those can be bound.
fn is_here(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}
