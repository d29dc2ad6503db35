//! Who a request comes from: the other end of its connection, or whom a trusted proxy there names.
//!
//! `X-Forwarded-For` is read from right to left, because each proxy adds what it saw behind what it was
//! told: the first address from the right that is not a proxy's of ours is the client's. What stands
//! further left is the client's own word and is not read. `Forwarded`, `X-Real-IP` and the like say
//! nothing here: a proxy that does not set them would pass on the client's.

use crate::base::{Code, Fields, Refusal};
use crate::config::Settings;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// What is known of a connection by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its other end; v4 also when it came over a v6 socket.
    pub address: IpAddr,
    /// It speaks TLS.
    pub tls: bool,
}

/// Who a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The client's address.
    pub address: IpAddr,
    /// Nobody on the way has read it, as far as can be known here.
    pub private: bool,
    /// The client speaks https, here or with a trusted proxy.
    pub https: bool,
}

/// Whose word is taken.
#[derive(Debug, Clone)]
pub struct Trust {
    proxies: Vec<IpNet>,
    insecure_http: bool,
}

impl Trust {
    /// As the settings say.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self { proxies: settings.trusted_proxies.clone(), insecure_http: settings.insecure_http }
    }

    /// The client of a request.
    ///
    /// # Errors
    /// `invalid_request` when a trusted proxy's `X-Forwarded-For` cannot be read.
    pub fn client(&self, link: Link, headers: &Fields) -> Result<Client, Refusal> {
        let at_home = link.tls || link.address.is_loopback();
        if !self.is_proxy(link.address) {
            return Ok(Client { address: link.address, private: at_home, https: link.tls });
        }
        let address = self.behind(link.address, headers)?;
        let https = link.tls || says_https(headers);
        Ok(Client { address, private: at_home || https, https })
    }

    /// Refuses a key that crossed a network in plain HTTP, unless that is wanted.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn check_private(&self, client: Client) -> Result<(), Refusal> {
        if client.private || self.insecure_http {
            return Ok(());
        }
        Err(Refusal::new(
            Code::InvalidRequest,
            "This server takes keys over HTTPS only. Use its https address, and replace the key that was \
             just sent in plain HTTP.",
        ))
    }

    /// Whether a trusted proxy has this address.
    #[must_use]
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(&address))
    }

    /// The first address from the right that is not a proxy's; the leftmost when all are.
    fn behind(&self, peer: IpAddr, headers: &Fields) -> Result<IpAddr, Refusal> {
        let mut address = peer;
        let fields: Vec<&[u8]> = headers.all(X_FORWARDED_FOR).collect();
        for field in fields.into_iter().rev() {
            for hop in field.rsplit(|byte| *byte == b',') {
                address = address_of(hop.trim_ascii()).ok_or_else(unreadable)?;
                if !self.is_proxy(address) {
                    return Ok(address);
                }
            }
        }
        Ok(address)
    }
}

/// Every proxy on the way says so.
fn says_https(headers: &Fields) -> bool {
    let mut fields = headers.all(X_FORWARDED_PROTO).peekable();
    let is_https = |hop: &[u8]| hop.trim_ascii().eq_ignore_ascii_case(b"https");
    fields.peek().is_some() && fields.all(|field| field.split(|byte| *byte == b',').all(is_https))
}

/// An address, perhaps with a port, which some load balancers add. A zone means nothing to anybody
/// but the host that it was written on.
fn address_of(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(inside) => IpAddr::V6(inside.parse().ok()?),
        None => text.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok()?,
    };
    let zone_free = !text.contains('%');
    zone_free.then(|| address.to_canonical())
}

fn unreadable() -> Refusal {
    Refusal::new(Code::InvalidRequest, "The X-Forwarded-For header holds something that is no address.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECT: &str = "198.51.100.7";
    const PROXY: &str = "10.0.0.1";

    fn trust() -> Trust {
        let proxies = ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8"].map(|text| text.parse().unwrap()).to_vec();
        Trust { proxies, insecure_http: false }
    }

    type Field = (&'static str, &'static str);

    fn seen(peer: &str, fields: &[Field]) -> Option<String> {
        let headers = Fields::of(fields.iter().map(|(name, value)| (*name, value.as_bytes())));
        let link = Link { address: peer.parse::<IpAddr>().unwrap().to_canonical(), tls: false };
        trust().client(link, &headers).ok().map(|client| client.address.to_string())
    }

    /// The matrix: who connects, and what stands in the headers.
    #[test]
    fn the_first_untrusted_address_from_the_right() {
        let all = "x-forwarded-for";
        let table: &[(&[Field], Option<&str>)] = &[
            (&[], Some(PROXY)),
            (&[(all, "203.0.113.9")], Some("203.0.113.9")),
            (&[(all, "1.1.1.1, 203.0.113.9, 10.2.3.4")], Some("203.0.113.9")),
            (&[(all, "1.1.1.1,203.0.113.9,192.0.2.1")], Some("203.0.113.9")),
            (&[(all, "10.9.9.9, 10.2.3.4")], Some("10.9.9.9")),
            (&[(all, "1.1.1.1"), (all, "203.0.113.9")], Some("203.0.113.9")),
            (&[(all, "203.0.113.9"), (all, "10.2.3.4, 10.2.3.5")], Some("203.0.113.9")),
            // What is left of the client is the client's own word, and may be anything.
            (&[(all, "unknown, ;--, 203.0.113.9")], Some("203.0.113.9")),
            (&[(all, "203.0.113.9:4711")], Some("203.0.113.9")),
            (&[(all, "[2001:db8::1]:4711")], Some("2001:db8::1")),
            (&[(all, "[2001:db8::1]")], Some("2001:db8::1")),
            (&[(all, "2001:db8::1")], Some("2001:db8::1")),
            (&[(all, "203.0.113.9, fd00::2")], Some("203.0.113.9")),
            (&[(all, "::ffff:203.0.113.9")], Some("203.0.113.9")),
            (&[(all, "203.0.113.9, ::ffff:10.1.1.1")], Some("203.0.113.9")),
            (&[("forwarded", "for=203.0.113.9")], Some(PROXY)),
            (&[("x-real-ip", "203.0.113.9")], Some(PROXY)),
            (&[("forwarded", "for=1.1.1.1"), (all, "203.0.113.9")], Some("203.0.113.9")),
            (&[(all, "")], None),
            (&[(all, "unknown")], None),
            (&[(all, "203.0.113.9,")], None),
            (&[(all, "203.0.113.9, , 10.1.1.1")], None),
            (&[(all, "fe80::1%eth0")], None),
            (&[(all, "[fe80::1%1]:80")], None),
            (&[(all, "203.0.113.9:")], None),
            (&[(all, "203.0.113.9:99999")], None),
            (&[(all, "0203.0.113.9")], None),
            (&[(all, "203.0.113")], None),
            (&[(all, "\"203.0.113.9\"")], None),
            (&[(all, "203.0.113.9"), (all, "bogus")], None),
        ];
        for (fields, expected) in table {
            assert_eq!(seen(PROXY, fields).as_deref(), *expected, "{fields:?}");
            // Nobody else is believed.
            for peer in [DIRECT, "2001:db8::5", "127.0.0.1"] {
                assert_eq!(seen(peer, fields).as_deref(), Some(peer), "{fields:?}");
            }
        }
        assert_eq!(seen("::ffff:10.0.0.1", &[(all, "203.0.113.9")]).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn keys_come_privately() {
        let private = |peer: &str, tls: bool, protos: &[&'static str]| {
            let headers = Fields::of(protos.iter().map(|proto| (X_FORWARDED_PROTO, proto.as_bytes())));
            let link = Link { address: peer.parse().unwrap(), tls };
            let client = trust().client(link, &headers).unwrap();
            assert_eq!(trust().check_private(client).is_ok(), client.private);
            assert!(Trust { insecure_http: true, ..trust() }.check_private(client).is_ok());
            client.private
        };
        assert!(private(DIRECT, true, &[]) && private("127.0.0.1", false, &[]) && private("::1", false, &[]));
        assert!(!private(DIRECT, false, &[]) && !private(DIRECT, false, &["https"]));
        for said in [&["https"][..], &["HTTPS"], &["https, https"], &["https", "https"]] {
            assert!(private(PROXY, false, said), "{said:?}");
        }
        for said in
            [&[][..], &["http"], &["http, https"], &["https, http"], &["https", "http"], &["", "https"]]
        {
            assert!(!private(PROXY, false, said), "{said:?}");
        }
    }
}
