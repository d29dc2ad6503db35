//! Names to addresses.

use std::net::{IpAddr, SocketAddr};

/// Most addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 16;

/// Who knows the addresses of a name.
pub enum Resolver {
    /// The operating system.
    System,
    /// A test: one list after the other, the last for good.
    #[cfg(test)]
    Scripted(std::sync::Mutex<std::collections::VecDeque<Vec<SocketAddr>>>),
}

impl Resolver {
    /// The addresses of a host; `None` when the name leads nowhere. An address in any spelling that the
    /// system takes comes back as what it is.
    pub async fn resolve(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Some(vec![SocketAddr::new(ip, port)]);
        }
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((host, port)).await.ok()?;
                Some(found.take(ADDRESSES_MAX).collect())
            }
            #[cfg(test)]
            Self::Scripted(lists) => {
                let mut lists = lists.lock().ok()?;
                if lists.len() > 1 { lists.pop_front() } else { lists.front().cloned() }
            }
        }
    }
}
