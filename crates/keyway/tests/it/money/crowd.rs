//! Many requests at the same time, over HTTP/2: ten thousand of them are a hundred connections.

use super::asking;
use crate::edge::streams::{Client, run, text};
use http::Method;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Streams of a connection at most: what the server allows.
const STREAMS_MAX: usize = 100;
/// Connections at least, where there are as many requests.
const CONNECTIONS_MIN: usize = 4;

/// A crowd of clients, and what it was answered.
pub struct Crowd {
    pub address: SocketAddr,
    pub key: String,
    /// Requests at the same time.
    pub many: usize,
    /// Requests in all.
    pub requests: usize,
    pub stop: AtomicBool,
    asked: AtomicUsize,
    /// Answers by status and code.
    answers: Mutex<BTreeMap<(u16, String), usize>>,
}

impl Crowd {
    pub fn new(address: SocketAddr, key: &str, many: usize, requests: usize) -> Arc<Self> {
        let (asked, answers) = (AtomicUsize::new(0), Mutex::default());
        let (key, stop) = (key.to_owned(), AtomicBool::new(false));
        Arc::new(Self { address, key, many, requests, stop, asked, answers })
    }

    /// Answers by status and code.
    pub fn answers(&self) -> BTreeMap<(u16, String), usize> {
        self.answers.lock().unwrap().clone()
    }

    /// Asks until all has been asked, or it is told to stop. A connection that breaks is opened again.
    pub fn ask(self: &Arc<Self>) {
        let connections = self.many.div_ceil(STREAMS_MAX).max(CONNECTIONS_MIN.min(self.many));
        run(async {
            let mut all = JoinSet::new();
            for number in 0..connections {
                let streams = self.many / connections + usize::from(number < self.many % connections);
                all.spawn(Arc::clone(self).connection(streams));
            }
            all.join_all().await;
        });
    }

    /// Nobody asks any more when this is dropped, however that comes.
    pub fn ends_with_this(&self) -> impl Drop {
        Ends(&self.stop)
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::SeqCst) || self.asked.load(Ordering::SeqCst) >= self.requests
    }

    async fn connection(self: Arc<Self>, streams: usize) {
        while !self.is_over() {
            let client = match TcpStream::connect(self.address).await {
                Ok(tcp) => Client::try_over(tcp, self.address).await.ok(),
                Err(_) => None,
            };
            let Some(client) = client.map(Arc::new) else {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            };
            let mut all = JoinSet::new();
            for number in 0..streams {
                all.spawn(Arc::clone(&self).stream(Arc::clone(&client), number));
            }
            all.join_all().await;
        }
    }

    async fn stream(self: Arc<Self>, client: Arc<Client>, number: usize) {
        while !self.stop.load(Ordering::SeqCst) {
            if self.asked.fetch_add(1, Ordering::SeqCst) >= self.requests {
                return;
            }
            let body = asking(100, number.is_multiple_of(2), "r").to_string();
            let request = client.request(Method::POST, "/v1/chat/completions", &self.key);
            let Ok(answer) = client.begin(request, &body).await else { return };
            let status = answer.status().as_u16();
            let Ok(said) = text(answer.into_body()).await else { return };
            let code = if status == 200 { String::new() } else { code(&said) };
            *self.answers.lock().unwrap().entry((status, code)).or_insert(0) += 1;
            if status == 402 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn code(body: &str) -> String {
    let body: testkit::Value = serde_json::from_str(body).unwrap_or_default();
    body["error"]["code"].as_str().unwrap_or_default().to_owned()
}
