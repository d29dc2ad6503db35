//! Several nodes on one PostgreSQL. Without a server to test with there is nothing to see here.

mod copy;
mod cut;
mod limits;
mod revoke;

use crate::stage::{self, Scene, hello};
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
        testkit::postgres::server()?;
        let with = |builder: testkit::keyway::Builder| {
            settings.iter().fold(builder, |builder, (name, value)| builder.env(name, value))
        };
        let builder = stage::builder(upstream).env("KEYWAY_LOG", "warn").env("KEYWAY_MASTER_KEY", MASTER);
        let first = Scene::start(with(builder));
        let url = first.keyway.postgres_url().expect("a PostgreSQL database");
        let other = || {
            let builder = stage::builder(upstream).sqlite().env("KEYWAY_LOG", "warn");
            let builder = builder.env("KEYWAY_DATABASE", &url).env("KEYWAY_MASTER_KEY", MASTER);
            with(builder).start()
        };
        let others = (1..nodes).map(|_| other()).collect();
        let fleet = Self { first, others };
        eventually("every node", || {
            let list = fleet.first.get_json("/v1/organization/nodes");
            (list["data"].as_array().map(Vec::len) == Some(nodes)).then_some(())
        });
        Some(fleet)
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
