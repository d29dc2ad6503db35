//! What lines say besides their sums: from which networks keys are used, and how tries at providers end.

use crate::base::Map;
use crate::store::seen::{FromNetwork, ProviderMinute};
use crate::store::usage_columns::Width;
use ledger::Entry;
use std::net::{IpAddr, Ipv6Addr};

/// What some lines say.
#[derive(Default)]
pub struct Seen {
    /// By key; most have one network.
    networks: Map<Box<str>, Vec<([u8; 16], FromNetwork)>>,
    providers: Vec<ProviderMinute>,
}

impl Seen {
    /// Takes an entry.
    pub fn add(&mut self, entry: &Entry<'_>) {
        if !entry.test && !entry.key.is_empty() {
            self.used(entry);
        }
        for attempt in &entry.attempts {
            // Behind the `@` stands a credential that was stored, which may be one organisation's own: that
            // its account is refused says nothing to the others.
            let (provider, stored) = attempt.provider.split_once('@').unwrap_or((attempt.provider, ""));
            let minute = self.minute(provider, Width::Minute.floor(entry.started_ms));
            minute.attempts += 1;
            match (attempt.status, attempt.outcome) {
                (401..=403, _) if !stored.is_empty() => {}
                (401 | 403, _) => minute.refused += 1,
                (402, _) => minute.unpaid += 1,
                (429, _) => minute.limited += 1,
                // What was ours to end, or to refuse, says nothing of the provider.
                (0, "stopped" | "unsendable" | "too_large" | "ok") | (1..=499, _) => {}
                _ => minute.failed += 1,
            }
        }
    }

    fn used(&mut self, entry: &Entry<'_>) {
        let network = masked(entry.peer);
        let is = |(known, _): &&mut ([u8; 16], FromNetwork)| *known == network;
        if let Some((_, used)) = self.networks.get_mut(entry.key).and_then(|known| known.iter_mut().find(is))
        {
            used.first_ms = used.first_ms.min(entry.started_ms);
            used.last_ms = used.last_ms.max(entry.started_ms);
            return;
        }
        let used = FromNetwork {
            key: entry.key.to_owned(),
            network: written(network),
            org: entry.org.to_owned(),
            project: entry.project.to_owned(),
            first_ms: entry.started_ms,
            last_ms: entry.started_ms,
        };
        self.networks.entry(entry.key.into()).or_default().push((network, used));
    }

    fn minute(&mut self, provider: &str, minute_ms: i64) -> &mut ProviderMinute {
        let is = |known: &ProviderMinute| known.provider == provider && known.minute_ms == minute_ms;
        let place = self.providers.iter().position(is).unwrap_or_else(|| {
            let fresh =
                ProviderMinute { provider: provider.to_owned(), minute_ms, ..ProviderMinute::default() };
            self.providers.push(fresh);
            self.providers.len() - 1
        });
        &mut self.providers[place]
    }

    /// What the tables take.
    #[must_use]
    pub fn finish(self) -> (Vec<FromNetwork>, Vec<ProviderMinute>) {
        (self.networks.into_values().flatten().map(|(_, used)| used).collect(), self.providers)
    }
}

/// The network of an address: what is known of it by the first 24 bits (IPv4) or 48 (IPv6).
fn masked(peer: [u8; 16]) -> [u8; 16] {
    let mut network = peer;
    match Ipv6Addr::from(peer).to_ipv4_mapped() {
        Some(_) => network[15] = 0,
        None => network[6..].fill(0),
    }
    network
}

fn written(network: [u8; 16]) -> String {
    match IpAddr::from(Ipv6Addr::from(network)).to_canonical() {
        IpAddr::V4(address) => format!("{address}/24"),
        IpAddr::V6(address) => format!("{address}/48"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_addresses() {
        for (address, network) in [
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2::7", "2001:db8:1::/48"),
            ("::1", "::/48"),
            ("::ffff:127.0.0.1", "127.0.0.0/24"),
        ] {
            let peer: Ipv6Addr = address.parse().unwrap();
            assert_eq!(written(masked(peer.octets())), network, "{address}");
        }
    }
}
