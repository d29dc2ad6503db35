//! Who is beyond a cap is not served, and takes nothing from those who are.

use crate::scene::Scene;
use std::process::{Child, Command, Stdio};
use testkit::{Connection, Keyway, Port, eventually};

/// Connections that a limit on open files leaves room for: what is beside them, and two files for each.
const FILES: &str = "300";
const FITTING: usize = (300 - 256) / 2;

/// A connection that is being served.
fn enter(keyway: &Keyway) -> Option<Connection> {
    let mut connection = Connection::open(keyway.address()).ok()?;
    connection.send("GET", "/healthz", &[], b"").ok()?;
    (connection.response().ok()?.status == 200).then_some(connection)
}

/// Fills the server up; asserts that `max` come in, not one more, and one more when one has left.
fn assert_cap(keyway: &Keyway, max: usize) {
    let mut inside: Vec<Connection> = (0..max).map(|_| eventually("a place", || enter(keyway))).collect();
    for _ in 0..3 {
        assert!(enter(keyway).is_none(), "one too many");
    }
    // Those who are in are served on.
    for connection in &mut inside {
        connection.send("GET", "/healthz", &[], b"").unwrap();
        assert_eq!(connection.response().unwrap().status, 200);
    }
    inside.pop();
    inside.push(eventually("the place of one that has left", || enter(keyway)));
    assert!(enter(keyway).is_none(), "one too many");
}

#[test]
fn connections_are_capped_over_all_workers_and_counted() {
    let port = Port::claim();
    let metrics = port.address();
    let settings = format!("connections_max = 20\nmetrics_listen = \"{metrics}\"");
    let upstream = testkit::Upstream::start();
    let keyway = Keyway::builder(env!("CARGO_BIN_EXE_keyway"))
        .config(&settings)
        .provider("mine", &upstream.base_url(), "sk-x")
        .env("KEYWAY_WORKERS", "3")
        .start();
    assert_cap(&keyway, 20);
    let mut connection = Connection::open(metrics).unwrap();
    connection.send("GET", "/metrics", &[], b"").unwrap();
    let text = connection.response().unwrap().text();
    let refused = |cap: &str| {
        let name = format!("keyway_connections_refused_total{{cap=\"{cap}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name)).expect("the count");
        line.parse::<u64>().unwrap()
    };
    // The four above, and whoever looked for a place before it was free.
    assert!(refused("all") >= 4, "{text}");
    assert_eq!(refused("address"), 0, "this machine has no cap of its own");
}

#[test]
fn loopback_is_not_counted_by_address() {
    let scene = Scene::with("connections_per_address_max = 1");
    let _inside: Vec<_> = (0..5).map(|_| enter(&scene.keyway).expect("loopback is not counted")).collect();
}

/// The server under a limit on open files, soft and hard.
struct Limited(Child);

impl Limited {
    fn start(keyway: &Keyway) -> Self {
        let serve = keyway.command(&["serve", "--listen", &keyway.address().to_string()]);
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(format!("ulimit -Sn 100; ulimit -Hn {FILES}; exec \"$0\" \"$@\""));
        limited.arg(serve.get_program()).args(serve.get_args()).env_clear();
        limited.envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
        limited.current_dir(keyway.data_dir()).stdin(Stdio::null()).stdout(Stdio::null());
        limited.stderr(std::fs::File::create(keyway.stderr_file()).unwrap());
        let server = Self(limited.spawn().unwrap());
        eventually("a server", || keyway.is_ready().then_some(()));
        server
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn there_are_no_more_connections_than_files() {
    let upstream = testkit::Upstream::start();
    let keyway = Keyway::builder(env!("CARGO_BIN_EXE_keyway"))
        .provider("mine", &upstream.base_url(), "sk-x")
        .prepare();
    std::fs::create_dir_all(keyway.data_dir()).unwrap();
    let _server = Limited::start(&keyway);
    assert_cap(&keyway, FITTING);
    let said = keyway.stderr();
    assert_eq!(said.matches("fewer connections than connections_max").count(), 1, "{said}");
    assert!(!said.contains("a connection was not accepted"), "{said}");
}
