//! A line between two ports that can be slowed, silenced and cut.

use socket2::SockRef;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a silenced line looks whether it may speak again.
const LOOK: Duration = Duration::from_millis(5);

/// A TCP proxy on a port of its own; dropping it cuts every line.
pub struct TcpProxy {
    address: SocketAddr,
    switches: Arc<Switches>,
}

struct Switches {
    delay_ms: AtomicU64,
    black_hole: AtomicBool,
    refuse: AtomicBool,
    /// Of how many commits one loses its answer; 0: of none.
    lose_commits: AtomicU64,
    commits: AtomicU64,
    stop: AtomicBool,
    lines: Mutex<Vec<TcpStream>>,
    /// Where new lines lead.
    target: Mutex<SocketAddr>,
    /// Lines that were opened before so many turns are silent for good.
    turn: AtomicU64,
}

impl TcpProxy {
    /// Starts a proxy to `target`.
    #[must_use]
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port for the proxy");
        let address = listener.local_addr().expect("its address");
        let switches = Arc::new(Switches {
            delay_ms: AtomicU64::new(0),
            black_hole: AtomicBool::new(false),
            refuse: AtomicBool::new(false),
            lose_commits: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            lines: Mutex::new(Vec::new()),
            target: Mutex::new(target),
            turn: AtomicU64::new(0),
        });
        let shared = Arc::clone(&switches);
        std::thread::spawn(move || accept(&listener, &shared));
        Self { address, switches }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds back every piece of data, in both directions, for this long.
    pub fn delay(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.switches.delay_ms.store(ms, Ordering::SeqCst);
    }

    /// While on, data is held back for good and connections stay open: a lost network.
    pub fn black_hole(&self, on: bool) {
        self.switches.black_hole.store(on, Ordering::SeqCst);
    }

    /// While on, new connections are reset at once.
    pub fn refuse(&self, on: bool) {
        self.switches.refuse.store(on, Ordering::SeqCst);
    }

    /// Of so many commits to PostgreSQL one loses its answer, and its connection: it has happened, and nobody is
    /// told. 0: of none.
    pub fn lose_commits(&self, one_of: u64) {
        self.switches.lose_commits.store(one_of, Ordering::SeqCst);
    }

    /// New lines lead to another server; open ones stay.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.switches.target.lock().unwrap() = target;
    }

    /// Every open line is silent from now on and never ends, as when the machine at its other end is gone. New
    /// ones are as before.
    pub fn abandon(&self) {
        self.switches.turn.fetch_add(1, Ordering::SeqCst);
        self.switches.lines.lock().unwrap().clear();
    }

    /// Resets every open connection.
    pub fn reset(&self) {
        for line in self.switches.lines.lock().unwrap().drain(..) {
            cut(&line);
        }
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.switches.stop.store(true, Ordering::SeqCst);
        self.reset();
        drop(TcpStream::connect(self.address));
    }
}

fn cut(line: &TcpStream) {
    let _ = SockRef::from(line).set_linger(Some(Duration::ZERO));
    let _ = line.shutdown(Shutdown::Both);
}

fn accept(listener: &TcpListener, switches: &Arc<Switches>) {
    for client in listener.incoming() {
        if switches.stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        if switches.refuse.load(Ordering::SeqCst) {
            let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
            continue;
        }
        let (target, turn) = (*switches.target.lock().unwrap(), switches.turn.load(Ordering::SeqCst));
        let Ok(server) = TcpStream::connect(target) else {
            let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
            continue;
        };
        let lost = Arc::new(AtomicBool::new(false));
        for (from, to, asks) in [(&client, &server, true), (&server, &client, false)] {
            let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else {
                continue;
            };
            let (switches, lost) = (Arc::clone(switches), Arc::clone(&lost));
            std::thread::spawn(move || carry(from, to, &switches, (asks, &lost), turn));
        }
        switches.lines.lock().unwrap().extend([client, server]);
    }
}

/// `asks`: this is the direction of questions; `lost`: the next answer on this line is lost.
fn carry(
    mut from: TcpStream,
    mut to: TcpStream,
    switches: &Switches,
    (asks, lost): (bool, &AtomicBool),
    turn: u64,
) {
    let mut bytes = [0; 16 * 1024];
    let _ = to.set_nodelay(true);
    let is_abandoned = || switches.turn.load(Ordering::SeqCst) != turn;
    let is_silent = || switches.black_hole.load(Ordering::SeqCst) || is_abandoned();
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        std::thread::sleep(Duration::from_millis(switches.delay_ms.load(Ordering::SeqCst)));
        while is_silent() && !switches.stop.load(Ordering::SeqCst) {
            std::thread::sleep(LOOK);
        }
        if asks && loses_commit(&bytes[..count], switches) {
            lost.store(true, Ordering::SeqCst);
        }
        if !asks && lost.load(Ordering::SeqCst) {
            cut(&from);
            cut(&to);
            break;
        }
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    while is_abandoned() && !switches.stop.load(Ordering::SeqCst) {
        std::thread::sleep(LOOK);
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Whether it is a commit whose answer is to be lost.
fn loses_commit(bytes: &[u8], switches: &Switches) -> bool {
    let one_of = switches.lose_commits.load(Ordering::SeqCst);
    let is_commit = one_of > 0 && bytes.windows(7).any(|part| part == b"COMMIT\0");
    is_commit && switches.commits.fetch_add(1, Ordering::SeqCst) % one_of == one_of - 1
}
