//! Clients that do not take what they asked for.

use super::frames::{DATA, END_HEADERS, END_STREAM, Frames, HEADERS, SETTINGS, WINDOW_UPDATE, frame, post};
use super::streams::{Client, run};
use crate::scene::{CHAT, HI_STREAM, PROVIDER_SECRET, Scene};
use bytes::Bytes;
use http::Method;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use testkit::{Upstream, json};

/// Events of the stream, and bytes of each.
const EVENTS: u64 = 4_096;
const EVENT_BYTES: usize = 16 * 1024;
/// What may be on its way at most: the kernel's buffers on both sides of the server, by their default
/// limits, and the server's own few.
const ON_ITS_WAY_BYTES_MAX: u64 = 24 * 1024 * 1024;

/// A provider that streams 64 MiB as fast as they are taken, and counts what it has written.
struct Torrent {
    base_url: String,
    written: Arc<AtomicU64>,
}

impl Torrent {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let written = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&written);
        std::thread::spawn(move || {
            let (tcp, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(tcp.try_clone().unwrap());
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let mut tcp = tcp;
            tcp.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
            )
            .unwrap();
            let event = json!({"object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": {"content": "x".repeat(EVENT_BYTES)}}]});
            let event = format!("data: {event}\n\n");
            let chunk = format!("{:x}\r\n{event}\r\n", event.len());
            for _ in 0..EVENTS {
                if tcp.write_all(chunk.as_bytes()).is_err() {
                    return;
                }
                count.fetch_add(chunk.len() as u64, Ordering::SeqCst);
            }
            let _ = tcp.write_all(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
        });
        Self { base_url, written }
    }

    /// What it has written once it cannot write more.
    async fn settled(&self) -> u64 {
        let mut last = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = self.written.load(Ordering::SeqCst);
            if now > 0 && now == last {
                return now;
            }
            last = now;
        }
    }
}

#[test]
fn a_client_that_does_not_read_stalls_the_provider_and_then_gets_it_all() {
    let torrent = Torrent::start();
    let scene = Scene::around(Upstream::start(), &torrent.base_url, PROVIDER_SECRET, "");
    run(async {
        let mut client = Client::plain(scene.keyway.address()).await;
        let request = client.request(Method::POST, CHAT, &scene.key);
        let mut body = client.begin(request, HI_STREAM).await.unwrap().into_body();
        let written = torrent.settled().await;
        assert!(written < ON_ITS_WAY_BYTES_MAX, "{written} bytes went somewhere");
        // The connection serves others meanwhile.
        assert_eq!(client.get("/healthz", "").await.status, 200);
        let mut taken = 0;
        let mut tail = Bytes::new();
        while let Some(piece) = body.data().await {
            let piece = piece.unwrap();
            taken += piece.len() as u64;
            body.flow_control().release_capacity(piece.len()).unwrap();
            // The end of the stream may come by itself.
            tail = if piece.is_empty() { tail } else { piece };
        }
        assert!(taken > EVENTS * EVENT_BYTES as u64);
        assert!(tail.ends_with(b"[DONE]\n\n"), "{tail:?}");
    });
}

#[test]
fn a_client_that_takes_nothing_for_too_long_loses_its_request_alone() {
    let torrent = Torrent::start();
    let settings = "write_stall_timeout_ms = 1000\n";
    let scene = Scene::around(Upstream::start(), &torrent.base_url, PROVIDER_SECRET, settings);
    run(async {
        let mut client = Client::plain(scene.keyway.address()).await;
        let request = client.request(Method::POST, CHAT, &scene.key);
        let mut body = client.begin(request, HI_STREAM).await.unwrap().into_body();
        let reset = loop {
            match body.data().await.expect("a reset") {
                // Never given back: the window closes.
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(reset.reason(), Some(h2::Reason::CANCEL));
        assert_eq!(client.get("/healthz", "").await.status, 200);
    });
    assert_eq!(scene.log(1)[0]["status"], 499);
}

#[test]
fn a_client_that_opens_every_window_and_reads_nothing_is_given_up() {
    let torrent = Torrent::start();
    let settings = "write_stall_timeout_ms = 1000\n";
    let scene = Scene::around(Upstream::start(), &torrent.base_url, PROVIDER_SECRET, settings);
    let mut frames = Frames::open(scene.keyway.address());
    let all = 0x7fff_ffff_u32;
    frames.write(&frame(SETTINGS, 0, 0, &[&[0, 4][..], &all.to_be_bytes()].concat())).unwrap();
    frames.write(&frame(WINDOW_UPDATE, 0, 0, &(all - 65_535).to_be_bytes())).unwrap();
    frames.write(&frame(HEADERS, END_HEADERS, 1, &post(CHAT, &scene.key))).unwrap();
    frames.write(&frame(DATA, END_STREAM, 1, HI_STREAM.as_bytes())).unwrap();
    // Booked, so its provider has been let go; and no more was taken from it than lies in the kernel.
    assert_eq!(scene.log(1)[0]["status"], 499);
    let written = torrent.written.load(Ordering::SeqCst);
    assert!(written < ON_ITS_WAY_BYTES_MAX, "{written} bytes went somewhere");
}
