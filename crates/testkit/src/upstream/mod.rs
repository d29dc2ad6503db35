//! A scripted OpenAI-compatible provider on a port of its own: it records what it is sent, answers
//! as told, and says what it would bill. Plain threads, so a test may be synchronous or not.

mod answer;
mod read;
mod render;
mod serve;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Edit, Step, Usage, UsageAt};
pub use read::Request;

use crate::wait::within;
use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Most requests kept in the log; older ones are dropped, bills are not.
pub const REQUESTS_MAX: usize = 10_000;

/// What decides an answer when nothing is queued.
pub type Script = dyn Fn(&Request) -> Answer + Send + Sync;

/// What the provider would put on the invoice for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// Number of the request, from 0, in order of arrival.
    pub request: u64,
    /// Its `x-request-id`, where it had one.
    pub request_id: Option<String>,
    /// What followed `marker:` in its body.
    pub marker: Option<String>,
    /// Tokens; of a stream that was cut, those sent until then.
    pub usage: Usage,
    /// Whether the answer was given to its end.
    pub finished: bool,
}

/// A connection that was opened to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its number, from 0, in order of opening.
    pub number: u64,
    /// When it was opened, counted from the start of the provider.
    pub opened: Duration,
    /// When the other side was seen to have closed it.
    pub closed_by_peer: Option<Duration>,
    /// When this side closed it.
    pub closed_by_us: Option<Duration>,
    /// Requests that came on it.
    pub requests: u64,
}

/// The running provider; dropping it closes everything.
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    start: Instant,
    stop: AtomicBool,
    state: Mutex<State>,
}

struct State {
    requests: VecDeque<Request>,
    seen: u64,
    bills: Vec<Bill>,
    links: Vec<Link>,
    queue: VecDeque<Answer>,
    script: Arc<Script>,
}

impl Upstream {
    /// Starts a provider that gives valid answers.
    #[must_use]
    pub fn start() -> Self {
        Self::scripted(|_| Answer::ok())
    }

    /// Starts a provider whose answers are chosen by `script`.
    #[must_use]
    pub fn scripted(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port for the upstream");
        let address = listener.local_addr().expect("its address");
        let state = State {
            requests: VecDeque::new(),
            seen: 0,
            bills: Vec::new(),
            links: Vec::new(),
            queue: VecDeque::new(),
            script: Arc::new(script),
        };
        let shared = Arc::new(Shared {
            start: Instant::now(),
            stop: AtomicBool::new(false),
            state: Mutex::new(state),
        });
        let listening = Arc::clone(&shared);
        std::thread::spawn(move || serve::listen(&listener, &listening));
        Self { address, shared }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, version segment included.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Queues an answer: queued ones are given first, one per request, before the script is asked.
    pub fn push(&self, answer: Answer) {
        self.shared.lock().queue.push_back(answer);
    }

    /// Replaces the script.
    pub fn always(&self, script: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
        self.shared.lock().script = Arc::new(script);
    }

    /// What it was sent, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.iter().cloned().collect()
    }

    /// The last request.
    ///
    /// # Panics
    /// When there was none.
    #[must_use]
    pub fn last(&self) -> Request {
        self.requests().pop().expect("a request to the upstream")
    }

    /// How many requests came, those dropped from the log included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.shared.lock().seen
    }

    /// Waits until `count` requests have come.
    ///
    /// # Panics
    /// When they do not come within ten seconds.
    pub fn wait_for(&self, count: u64) {
        crate::eventually(&format!("{count} upstream requests"), || (self.count() >= count).then_some(()));
    }

    /// What it would bill, in order of arrival. A request answered with an error is not billed.
    #[must_use]
    pub fn billed(&self) -> Vec<Bill> {
        self.shared.lock().bills.clone()
    }

    /// Tokens of all bills together.
    #[must_use]
    pub fn used(&self) -> Usage {
        let mut sum = Usage::new(0, 0);
        for bill in &self.shared.lock().bills {
            sum.prompt += bill.usage.prompt;
            sum.completion += bill.usage.completion;
            sum.cached += bill.usage.cached;
        }
        sum
    }

    /// The bill of the request whose body holds `marker:<marker>`.
    #[must_use]
    pub fn billed_for(&self, marker: &str) -> Option<Bill> {
        self.billed().into_iter().find(|bill| bill.marker.as_deref() == Some(marker))
    }

    /// Every connection so far.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        self.shared.lock().links.clone()
    }

    /// Waits until the other side has closed connection `number`; `None` when it has not within `limit`.
    #[must_use]
    pub fn closed_by_peer(&self, number: u64, limit: Duration) -> Option<Duration> {
        within(limit, || self.shared.lock().links.iter().find(|link| link.number == number)?.closed_by_peer)
    }

    /// Time since the start of this provider, on the scale of its records.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.start.elapsed()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // The accept loop wakes up for this one and sees that it is over.
        drop(std::net::TcpStream::connect(self.address));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn with_link(&self, number: u64, change: impl FnOnce(&mut Link)) {
        if let Some(link) = self.lock().links.iter_mut().find(|link| link.number == number) {
            change(link);
        }
    }
}
