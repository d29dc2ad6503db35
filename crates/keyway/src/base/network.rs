//! Networks of addresses in CIDR form (RFC 4632, RFC 4291), as people write them.

use ipnet::{IpNet, Ipv4Net};
use std::net::IpAddr;

/// Reads a network, or an address as the network of it alone. Those of v4 are of v4 whichever way they
/// were written, because so are the addresses they are compared with. Bits beyond the length are kept.
///
/// # Errors
/// When it is neither.
pub fn parse(text: &str) -> Result<IpNet, &'static str> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match network.map_err(|_| "is no network")? {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
            Some(v4) => Ok(Ipv4Net::new(v4, v6.prefix_len() - 96).map_or(IpNet::V6(v6), IpNet::V4)),
            None => Ok(IpNet::V6(v6)),
        },
        network => Ok(network),
    }
}

/// An address as sixteen bytes, v4 as v4-mapped v6.
#[must_use]
pub fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_in_either_form() {
        let table = [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
        ];
        for (network, address, inside) in table {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(
                parse(network).unwrap().contains(&address.to_canonical()),
                inside,
                "{network} {address}"
            );
        }
        for text in
            ["", "x", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "2001:db8::/129", "::1%lo"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
