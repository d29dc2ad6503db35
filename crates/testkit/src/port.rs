//! Ports on which nobody listens, and which nobody else is given while they are held.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Ports are taken below the range that the kernel gives to outgoing connections, so that one stays
/// free between a kill and a restart.
const PORTS: std::ops::Range<u16> = 12_000..32_000;
/// Ports that are tried before giving up.
const PORT_ATTEMPTS_MAX: u32 = 200;

/// A loopback address that is one test's alone until the value is dropped. A look whether somebody
/// listens would not be enough: between it and the program's start another test can look too.
#[derive(Debug)]
pub struct Port {
    address: SocketAddr,
    _claim: File,
}

impl Port {
    /// A port that is free and that no other process has claimed.
    ///
    /// # Panics
    /// When none is found, or the folder of the claims cannot be written.
    #[must_use]
    pub fn claim() -> Self {
        let folder = std::env::temp_dir().join("keyway-test-ports");
        std::fs::create_dir_all(&folder).expect("a folder for claimed ports");
        for _ in 0..PORT_ATTEMPTS_MAX {
            // The seed of a hasher is the standard library's only source of randomness.
            let dice = RandomState::new().build_hasher().finish();
            let span = u64::from(PORTS.end - PORTS.start);
            let port = PORTS.start + u16::try_from(dice % span).unwrap_or(0);
            let claim = File::create(folder.join(port.to_string())).expect("the file of a claimed port");
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if claim.try_lock().is_ok() && TcpListener::bind(address).is_ok() {
                return Self { address, _claim: claim };
            }
        }
        panic!("no free port after {PORT_ATTEMPTS_MAX} attempts");
    }

    /// `127.0.0.1` and the port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[test]
fn nobody_is_given_a_port_that_is_held() {
    let held: Vec<_> = (0..500).map(|_| Port::claim()).collect();
    let ports: std::collections::BTreeSet<_> = held.iter().map(|held| held.address().port()).collect();
    assert_eq!(ports.len(), held.len());
}
