//! Several nodes on one PostgreSQL. Without a server to test with there is nothing to see here.

mod copy;
mod cut;
mod limits;
mod revoke;
mod upgrade;

use crate::stage::{self, Scene, hello};
use std::net::SocketAddr;
use testkit::proxy::TcpProxy;
use testkit::{Keyway, Response, Upstream, eventually};

/// The master key of every node.
const MASTER: &str = "9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d";

/// Nodes on one database, in front of one provider.
pub struct Fleet {
    pub first: Scene,
    pub others: Vec<Keyway>,
}

impl Fleet {
    /// So many nodes with these settings; `None` without PostgreSQL.
    pub fn start(upstream: &Upstream, nodes: usize, settings: &[(&str, &str)]) -> Option<Self> {
        let server = testkit::postgres::server()?;
        Some(Self::reaching(upstream, nodes, settings, &server, |_, url| url.to_owned()))
    }

    /// The same, on another server than the tests' own.
    pub fn on(server: &str, upstream: &Upstream, nodes: usize, settings: &[(&str, &str)]) -> Self {
        Self::reaching(upstream, nodes, settings, server, |_, url| url.to_owned())
    }

    /// The same, where all but the first have a line of their own to the database.
    pub fn behind_proxies(
        upstream: &Upstream,
        nodes: usize,
        settings: &[(&str, &str)],
    ) -> Option<(Self, Vec<TcpProxy>)> {
        let url = testkit::postgres::server()?;
        let address = server(&url);
        let proxies: Vec<TcpProxy> = (1..nodes).map(|_| TcpProxy::to(address)).collect();
        let reach = |number: usize, url: &str| through(url, &proxies[number - 1]);
        let fleet = Self::reaching(upstream, nodes, settings, &url, reach);
        Some((fleet, proxies))
    }

    /// `reach`: the URL by which another node than the first reaches the database.
    fn reaching(
        upstream: &Upstream,
        nodes: usize,
        settings: &[(&str, &str)],
        server: &str,
        reach: impl Fn(usize, &str) -> String,
    ) -> Self {
        let with = |builder: testkit::keyway::Builder| {
            settings.iter().fold(builder, |builder, (name, value)| builder.env(name, value))
        };
        let builder = stage::builder(upstream).env("KEYWAY_LOG", "warn").env("KEYWAY_MASTER_KEY", MASTER);
        let first = Scene::start(with(builder.postgres(server)));
        let url = first.keyway.postgres_url().expect("a PostgreSQL database");
        let other = |number| {
            let builder = stage::builder(upstream).sqlite().env("KEYWAY_LOG", "warn");
            let builder = builder.env("KEYWAY_DATABASE", &reach(number, &url));
            with(builder.env("KEYWAY_MASTER_KEY", MASTER)).start()
        };
        let others = (1..nodes).map(other).collect();
        let fleet = Self { first, others };
        eventually("every node", || {
            let list = fleet.first.get_json("/v1/organization/nodes");
            (list["data"].as_array().map(Vec::len) == Some(nodes)).then_some(())
        });
        fleet
    }

    /// A node, from 0.
    pub fn node(&self, number: usize) -> &Keyway {
        match number.checked_sub(1) {
            Some(other) => &self.others[other],
            None => &self.first.keyway,
        }
    }

    /// The smallest chat by a node.
    pub fn chat(&self, node: usize, key: &str) -> Response {
        self.node(node).post_json("/v1/chat/completions", key, &hello(false))
    }
}

/// A database's URL through another address.
pub fn through(url: &str, proxy: &TcpProxy) -> String {
    let (head, rest) = url.split_once('@').expect("a user");
    let (_, path) = rest.split_once('/').expect("a database");
    format!("{head}@{}/{path}", proxy.address())
}

/// Where a database's server is.
pub fn server(url: &str) -> SocketAddr {
    let rest = url.split_once('@').expect("a user").1;
    rest.split_once('/').expect("a database").0.parse().expect("an address")
}
