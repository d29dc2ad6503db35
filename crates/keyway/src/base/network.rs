//! Networks of addresses in CIDR form (RFC 4632, RFC 4291), for allow-lists.

use std::net::{IpAddr, Ipv6Addr};

/// A network. An IPv4 network is kept as what it is in IPv6 (`::ffff:0:0/96`), so that an address
/// that comes in either form is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    mask: u128,
}

impl Network {
    /// Reads an address or `address/length`.
    ///
    /// # Errors
    /// What to write instead; bits beyond the length are a mistake, not a hint.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "write an address or a network, as in 192.0.2.7 or 10.0.0.0/8".to_owned();
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let whole: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => whole,
            Some(digits) => {
                let plain = digits.bytes().all(|digit| digit.is_ascii_digit())
                    && (digits == "0" || !digits.starts_with('0'));
                let length: u32 = digits.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
                if length > whole {
                    return Err(format!("a length is at most {whole} here"));
                }
                length
            }
        };
        let host_bits = whole - length;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        let bits = wide(address);
        if bits & !mask != 0 {
            return Err(format!("the address has bits beyond /{length}"));
        }
        Ok(Self { bits, mask })
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        wide(address) & self.mask == self.bits
    }
}

/// An address in 128 bits; IPv4 as mapped into IPv6.
fn wide(address: IpAddr) -> u128 {
    let six: Ipv6Addr = match address {
        IpAddr::V4(four) => four.to_ipv6_mapped(),
        IpAddr::V6(six) => six,
    };
    six.to_bits()
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
            ("::/0", "203.0.113.9", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
        ];
        for (network, address, inside) in table {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "x",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0.1/8",
            "10.0.0/8",
            "2001:db8::/129",
            "2001:db8::1/64",
            "fe80::1%eth0",
            "10.0.0.0/8/8",
            " 10.0.0.0/8",
            "10.0.0.0/99999999999",
        ] {
            assert!(Network::parse(text).is_err(), "{text:?}");
        }
    }
}
