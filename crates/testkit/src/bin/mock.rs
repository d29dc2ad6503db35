//! The provider of the load tests: fixed answers, one thread, as little work per request as can be.
//!
//! `mock [--listen ADDR] [--chunks N] [--chunk-delay-ms MS] [--latency-ms MS]`
#![allow(clippy::disallowed_methods, reason = "a tool outside the product: no tasks that shutdown waits for")]

use memchr::memmem;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longest request that is read, head and body.
const REQUEST_BYTES_MAX: usize = 64 * 1024 * 1024;

struct Mock {
    chat: Vec<u8>,
    models: Vec<u8>,
    missing: Vec<u8>,
    stream_head: Vec<u8>,
    /// Each event as a chunk of its own; the last one ends the body.
    events: Vec<Vec<u8>>,
    chunk_delay: Duration,
    latency: Duration,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let run = |runtime: tokio::runtime::Runtime| {
        let (listen, mock) = parse(&arguments)?;
        tokio::task::LocalSet::new()
            .block_on(&runtime, serve(listen, mock))
            .map_err(|error| error.to_string())
    };
    match runtime.map_err(|error| error.to_string()).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            complain(&message);
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stderr, reason = "a tool on a terminal")]
fn complain(message: &str) {
    eprintln!("mock: {message}");
}

fn parse(arguments: &[String]) -> Result<(SocketAddr, Mock), String> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 9000));
    let (mut chunks, mut chunk_delay_ms, mut latency_ms) = (100_u64, 0_u64, 0_u64);
    for pair in arguments.chunks(2) {
        let [flag, value] = pair else {
            return Err(format!("{} needs a value", pair[0]));
        };
        let number = || value.parse::<u64>().map_err(|_| format!("{flag} takes a number, not {value}"));
        match flag.as_str() {
            "--listen" => listen = value.parse().map_err(|_| format!("no address: {value}"))?,
            "--chunks" => chunks = number()?,
            "--chunk-delay-ms" => chunk_delay_ms = number()?,
            "--latency-ms" => latency_ms = number()?,
            _ => return Err(format!("no flag {flag}")),
        }
    }
    Ok((listen, Mock::new(chunks, Duration::from_millis(chunk_delay_ms), Duration::from_millis(latency_ms))))
}

impl Mock {
    fn new(chunks: u64, chunk_delay: Duration, latency: Duration) -> Self {
        let text = "A gateway reads the key, asks the provider and counts what comes back. ".repeat(6);
        let usage = r#"{"prompt_tokens":80,"completion_tokens":100,"total_tokens":180,"prompt_tokens_details":{"cached_tokens":0}}"#;
        let chat = format!(
            r#"{{"id":"chatcmpl-load","object":"chat.completion","created":1700000000,"model":"load","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
        );
        let models = r#"{"object":"list","data":[{"id":"load","object":"model","created":1700000000,"owned_by":"mock"}]}"#;
        let stream_head =
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
                .to_vec();
        Self {
            chat: whole("200 OK", &chat),
            models: whole("200 OK", models),
            missing: whole(
                "404 Not Found",
                r#"{"error":{"message":"no such path","type":"mock","code":"not_found"}}"#,
            ),
            stream_head,
            events: events(chunks, usage),
            chunk_delay,
            latency,
        }
    }
}

fn whole(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// `count` content events, the finish, the usage, `[DONE]` with the end of the body.
fn events(count: u64, usage: &str) -> Vec<Vec<u8>> {
    let event = |choices: &str, usage: &str| {
        let data = format!(
            "data: {{\"id\":\"chatcmpl-load\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\
             \"model\":\"load\",\"choices\":[{choices}],\"usage\":{usage}}}\n\n"
        );
        format!("{:x}\r\n{data}\r\n", data.len()).into_bytes()
    };
    let content = event(r#"{"index":0,"delta":{"content":"word "},"finish_reason":null}"#, "null");
    let mut events: Vec<Vec<u8>> = (0..count).map(|_| content.clone()).collect();
    events.push(event(r#"{"index":0,"delta":{},"finish_reason":"stop"}"#, "null"));
    events.push(event("", usage));
    events.push(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n".to_vec());
    events
}

async fn serve(listen: SocketAddr, mock: Mock) -> io::Result<()> {
    let mock = Rc::new(mock);
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let mock = Rc::clone(&mock);
        tokio::task::spawn_local(async move {
            // A connection that breaks is the other side's affair.
            let _ = converse(stream, &mock).await;
        });
    }
}

async fn converse(mut stream: TcpStream, mock: &Mock) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        let length = loop {
            if let Some(length) = request_length(&buffer)?.filter(|length| buffer.len() >= *length) {
                break length;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let request = &buffer[..length];
        let chat = memmem::find(request, b"/chat/completions ").is_some();
        let streams = chat && asks_for_stream(request);
        let answer = match (chat, memmem::find(request, b"/models ").is_some()) {
            (true, _) => &mock.chat,
            (_, true) => &mock.models,
            _ => &mock.missing,
        };
        buffer.drain(..length);
        if !mock.latency.is_zero() {
            tokio::time::sleep(mock.latency).await;
        }
        if streams {
            send_events(&mut stream, mock).await?;
        } else {
            stream.write_all(answer).await?;
        }
    }
}

async fn send_events(stream: &mut TcpStream, mock: &Mock) -> io::Result<()> {
    stream.write_all(&mock.stream_head).await?;
    for event in &mock.events {
        stream.write_all(event).await?;
        if mock.chunk_delay.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(mock.chunk_delay).await;
        }
    }
    Ok(())
}

fn asks_for_stream(request: &[u8]) -> bool {
    memmem::find_iter(request, b"\"stream\":")
        .any(|at| request[at + 9..].trim_ascii_start().starts_with(b"true"))
}

/// Bytes of the request at the front of `buffer`, once its head is whole.
fn request_length(buffer: &[u8]) -> io::Result<Option<usize>> {
    let Some(head) = memmem::find(buffer, b"\r\n\r\n") else {
        return if buffer.len() > REQUEST_BYTES_MAX {
            Err(io::ErrorKind::InvalidData.into())
        } else {
            Ok(None)
        };
    };
    let mut body = 0;
    for line in buffer[..head].split(|byte| *byte == b'\n') {
        let Some(colon) = memchr::memchr(b':', line) else {
            continue;
        };
        if line[..colon].eq_ignore_ascii_case(b"content-length") {
            let digits = std::str::from_utf8(line[colon + 1..].trim_ascii()).unwrap_or_default();
            body = digits.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
    }
    if body > REQUEST_BYTES_MAX { Err(io::ErrorKind::InvalidData.into()) } else { Ok(Some(head + 4 + body)) }
}
