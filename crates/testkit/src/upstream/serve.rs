//! Sockets: a thread per connection, and a watch on whether the other side leaves.

use super::answer::Step;
use super::read;
use super::render::{Plan, plan};
use super::{Bill, Link, REQUESTS_MAX, Request, Shared, Usage};
use socket2::SockRef;
use std::io::{self, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a waiting connection looks whether the other side is still there.
const WATCH: Duration = Duration::from_millis(5);
/// Longest stall.
const STALL_MAX: Duration = Duration::from_secs(60);

/// Why a connection is not used any more.
enum End {
    Peer,
    Us,
}

pub(super) fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in (0..).zip(listener.incoming()) {
        if shared.stopped() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let opened = shared.start.elapsed();
        let link = Link { number, opened, closed_by_peer: None, closed_by_us: None, requests: 0 };
        shared.lock().links.push(link);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let end = converse(&stream, number, &shared).unwrap_or(End::Peer);
            let at = Some(shared.start.elapsed());
            shared.with_link(number, |link| match end {
                End::Peer => link.closed_by_peer = at,
                End::Us => link.closed_by_us = at,
            });
        });
    }
}

fn converse(stream: &TcpStream, number: u64, shared: &Shared) -> io::Result<End> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        // Idle between requests: the stop of the provider must be noticed.
        while reader.buffer().is_empty() {
            if shared.stopped() {
                return Ok(End::Us);
            }
            match peek(stream, WATCH)? {
                Peek::Gone => return Ok(End::Peer),
                Peek::Data => break,
                Peek::Quiet => {}
            }
        }
        stream.set_read_timeout(Some(STALL_MAX))?;
        let Some(request) = read::request(&mut reader)? else {
            return Ok(End::Peer);
        };
        let request = record(request, number, shared);
        let plan = plan_for(&request, shared);
        if let Some(end) = perform(stream, &plan, &request, shared)? {
            return Ok(end);
        }
        if request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            return Ok(End::Us);
        }
    }
}

fn record(mut request: Request, connection: u64, shared: &Shared) -> Request {
    request.connection = connection;
    request.at = shared.start.elapsed();
    let mut state = shared.lock();
    request.number = state.seen;
    state.seen += 1;
    if let Some(link) = state.links.iter_mut().find(|link| link.number == connection) {
        link.requests += 1;
    }
    if state.requests.len() == REQUESTS_MAX {
        state.requests.pop_front();
    }
    state.requests.push_back(request.clone());
    request
}

fn plan_for(request: &Request, shared: &Shared) -> Plan {
    let (queued, script) = {
        let mut state = shared.lock();
        (state.queue.pop_front(), Arc::clone(&state.script))
    };
    // The script runs without the lock, so that it may ask the provider itself.
    plan(&queued.unwrap_or_else(|| script(request)), request)
}

/// Does what the plan says; `Some` when the connection is over.
fn perform(stream: &TcpStream, plan: &Plan, request: &Request, shared: &Shared) -> io::Result<Option<End>> {
    if let Some(end) = wait(stream, plan.wait, shared)? {
        return Ok(Some(end));
    }
    let bill = open_bill(plan, request, shared);
    if let Some(head) = &plan.head {
        write(stream, head)?;
    }
    for (number, (step, tokens)) in plan.steps.iter().enumerate() {
        // Before the bytes leave: whoever has read them finds them on the bill.
        if let (Some(bill), Some(usage)) = (&bill, plan.usage) {
            bill.add(*tokens, shared);
            if number + 1 == plan.steps.len() && matches!(step, Step::Send(_)) {
                bill.finish(usage, shared);
            }
        }
        let end = take(stream, step, plan.chunked, shared)?;
        if end.is_some() {
            return Ok(end);
        }
    }
    if plan.chunked {
        write(stream, b"0\r\n\r\n")?;
    }
    Ok(if plan.head.is_none() { Some(End::Us) } else { None })
}

fn take(stream: &TcpStream, step: &Step, chunked: bool, shared: &Shared) -> io::Result<Option<End>> {
    match step {
        Step::Send(bytes) if chunked => {
            let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
            chunk.extend_from_slice(bytes);
            chunk.extend_from_slice(b"\r\n");
            write(stream, &chunk)?;
        }
        Step::Send(bytes) | Step::Wire(bytes) => write(stream, bytes)?,
        Step::Flood(bytes, times) => {
            for _ in 0..*times {
                write(stream, bytes)?;
            }
        }
        Step::Wait(time) => return wait(stream, *time, shared),
        Step::Stall => return Ok(Some(wait(stream, STALL_MAX, shared)?.unwrap_or(End::Us))),
        Step::CloseMidChunk => {
            write(stream, b"40\r\ndata: {\"choi")?;
            return Ok(Some(End::Us));
        }
        Step::Close => return Ok(Some(End::Us)),
        Step::Reset => {
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
            return Ok(Some(End::Us));
        }
    }
    Ok(None)
}

fn write(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}

enum Peek {
    Data,
    Quiet,
    Gone,
}

fn peek(stream: &TcpStream, time: Duration) -> io::Result<Peek> {
    stream.set_read_timeout(Some(time))?;
    match stream.peek(&mut [0]) {
        Ok(0) => Ok(Peek::Gone),
        Ok(_) => Ok(Peek::Data),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Ok(Peek::Quiet)
        }
        Err(_) => Ok(Peek::Gone),
    }
}

fn wait(stream: &TcpStream, time: Duration, shared: &Shared) -> io::Result<Option<End>> {
    let start = Instant::now();
    loop {
        let left = time.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        if shared.stopped() {
            return Ok(Some(End::Us));
        }
        match peek(stream, left.min(WATCH))? {
            Peek::Gone => return Ok(Some(End::Peer)),
            Peek::Quiet => {}
            // The next request is there already: `peek` no longer waits.
            Peek::Data => std::thread::sleep(left.min(WATCH)),
        }
    }
}

/// The place of a request's bill in the list.
struct Open(usize);

fn open_bill(plan: &Plan, request: &Request, shared: &Shared) -> Option<Open> {
    let usage = plan.usage?;
    let mut state = shared.lock();
    state.bills.push(Bill {
        request: request.number,
        request_id: request.header("x-request-id").map(str::to_owned),
        marker: request.marker(),
        usage: Usage { completion: 0, ..usage },
        finished: false,
    });
    Some(Open(state.bills.len() - 1))
}

impl Open {
    fn add(&self, tokens: u64, shared: &Shared) {
        shared.lock().bills[self.0].usage.completion += tokens;
    }

    fn finish(&self, usage: Usage, shared: &Shared) {
        let bill = &mut shared.lock().bills[self.0];
        bill.usage = usage;
        bill.finished = true;
    }
}
