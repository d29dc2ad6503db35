//! How many may be in: a cap on client connections over all workers, and one for each address, so that
//! nobody takes them all. Looked at when a connection is accepted and when it ends, never in between.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Parts of the count by address, each with a lock of its own.
const PARTS: usize = 16;

/// The counts. Addresses are held while a connection of theirs is open: their number is bounded by the cap
/// on connections.
pub struct Door {
    open: AtomicUsize,
    open_max: AtomicUsize,
    per_address_max: AtomicUsize,
    parts: [Mutex<HashMap<Origin, usize>>; PARTS],
}

/// Whose connections are counted together. Whoever has an IPv6 address has its whole /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Origin {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

/// Why a connection may not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// As many are open as may be.
    All,
    /// As many are open from this address as may be.
    Address,
}

impl Full {
    /// Its place among the reasons in the metrics.
    #[must_use]
    pub fn reason(self) -> usize {
        match self {
            Self::All => 0,
            Self::Address => 1,
        }
    }
}

/// A connection's place; given back when dropped.
pub struct Entered {
    door: Arc<Door>,
    origin: Option<Origin>,
}

impl Door {
    /// A door for `open_max` connections, `per_address_max` of one address.
    #[must_use]
    pub fn new(open_max: usize, per_address_max: usize) -> Arc<Self> {
        let parts = std::array::from_fn(|_| Mutex::default());
        let (open_max, per_address_max) = (AtomicUsize::new(open_max), AtomicUsize::new(per_address_max));
        Arc::new(Self { open: AtomicUsize::new(0), open_max, per_address_max, parts })
    }

    /// Sets other caps. Who is in stays.
    pub fn set(&self, open_max: usize, per_address_max: usize) {
        self.open_max.store(open_max, Ordering::Relaxed);
        self.per_address_max.store(per_address_max, Ordering::Relaxed);
    }

    /// Takes a place for a connection from `peer`. `shared`: everybody comes from there, as through a
    /// reverse proxy, so that it is not counted by address.
    ///
    /// # Errors
    /// Which cap it is beyond.
    pub fn enter(self: &Arc<Self>, peer: IpAddr, shared: bool) -> Result<Entered, Full> {
        let more = |open: usize| (open < self.open_max.load(Ordering::Relaxed)).then_some(open + 1);
        if self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            return Err(Full::All);
        }
        // From here on, dropping it gives the place back.
        let mut entered = Entered { door: Arc::clone(self), origin: None };
        if !shared {
            let origin = Origin::of(peer);
            self.count(origin)?;
            entered.origin = Some(origin);
        }
        Ok(entered)
    }

    fn count(&self, origin: Origin) -> Result<(), Full> {
        let mut counts = self.part(origin).lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.get(&origin).copied().unwrap_or(0);
        if count >= self.per_address_max.load(Ordering::Relaxed) {
            return Err(Full::Address);
        }
        counts.insert(origin, count + 1);
        Ok(())
    }

    fn part(&self, origin: Origin) -> &Mutex<HashMap<Origin, usize>> {
        let last = match origin {
            Origin::V4(address) => usize::from(address.octets()[3]),
            Origin::V6(network) => usize::from(network[3] ^ network[2]),
        };
        &self.parts[last % PARTS]
    }
}

impl Origin {
    fn of(peer: IpAddr) -> Self {
        match peer.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.door.open.fetch_sub(1, Ordering::Relaxed);
        let Some(origin) = self.origin else { return };
        let mut counts = self.door.part(origin).lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = counts.entry(origin) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(door: &Arc<Door>, peer: &str) -> Option<Full> {
        door.enter(peer.parse().unwrap(), false).err()
    }

    #[test]
    fn an_address_has_its_share_and_no_more() {
        let door = Door::new(100, 3);
        let mut inside: Vec<_> =
            (0..3).map(|_| door.enter("192.0.2.7".parse().unwrap(), false).ok().unwrap()).collect();
        assert_eq!(refused(&door, "192.0.2.7"), Some(Full::Address));
        assert_eq!(refused(&door, "::ffff:192.0.2.7"), Some(Full::Address), "the same address");
        assert_eq!(refused(&door, "192.0.2.8"), None);
        inside.pop();
        assert_eq!(refused(&door, "192.0.2.7"), None);
        drop(inside);
        assert!(door.parts.iter().all(|part| part.lock().unwrap().is_empty()), "nobody is remembered");
        assert_eq!(door.open.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_network_of_v6_is_one_address() {
        let door = Door::new(100, 1);
        let _inside = door.enter("2001:db8:1:2::1".parse().unwrap(), false).ok().unwrap();
        assert_eq!(refused(&door, "2001:db8:1:2:ffff::9"), Some(Full::Address));
        assert_eq!(refused(&door, "2001:db8:1:3::1"), None);
    }

    #[test]
    fn what_everybody_shares_is_capped_in_all_alone() {
        let door = Door::new(3, 1);
        let home: [&str; 3] = ["127.0.0.1", "127.0.0.1", "::1"];
        let inside: Vec<_> = home.map(|peer| door.enter(peer.parse().unwrap(), true).ok().unwrap()).into();
        assert_eq!(refused(&door, "127.0.0.1"), Some(Full::All));
        assert_eq!(refused(&door, "192.0.2.7"), Some(Full::All));
        drop(inside);
        assert_eq!(refused(&door, "192.0.2.7"), None);
    }

    #[test]
    fn many_at_once_are_counted_right() {
        let door = Door::new(50, 20);
        std::thread::scope(|scope| {
            for number in 0..8_u8 {
                let door = &door;
                scope.spawn(move || {
                    for round in 0..2000_u16 {
                        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, number % 3));
                        let entered = door.enter(peer, false);
                        if round % 3 == 0 {
                            std::thread::yield_now();
                        }
                        drop(entered);
                    }
                });
            }
        });
        assert_eq!(door.open.load(Ordering::Relaxed), 0);
        assert!(door.parts.iter().all(|part| part.lock().unwrap().is_empty()));
    }
}
