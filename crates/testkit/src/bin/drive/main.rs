//! Load driver: `drive closed|rate|sse [flag value]...`, one line of JSON per run, latencies in
//! microseconds. One thread, so that it takes one core at most from what is measured.
#![allow(clippy::disallowed_methods, reason = "a tool outside the product: it measures real time")]
#![allow(clippy::disallowed_types, reason = "a tool outside the product")]

mod exchange;
mod options;
mod tally;

use exchange::Line;
use options::{Mode, Options};
use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tally::Tally;
use tokio::sync::{Mutex, mpsc};

/// Requests that may be due and not yet sent; beyond that the run has lost its rate.
const DUE_MAX: usize = 1 << 20;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => Rc::new(options),
        Err(message) => {
            complain(&format!("{message}\n\n{}", options::USAGE));
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    match tokio::task::LocalSet::new().block_on(&runtime, run(options)) {
        Ok(line) => {
            say(&line);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the result of a run")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "a tool on a terminal")]
fn complain(message: &str) {
    eprintln!("drive: {message}");
}

async fn run(options: Rc<Options>) -> std::io::Result<String> {
    let mut lines = Vec::new();
    for _ in 0..options.connections {
        lines.push(Line::open(options.target).await?);
    }
    let tally = Rc::new(RefCell::new(Tally::default()));
    let start = Instant::now();
    let end = start + options.duration;
    let due = (options.mode == Mode::Rate).then(|| Rc::new(Mutex::new(due(options.rate, start, end))));
    let mut tasks = Vec::new();
    for (number, mut line) in lines.into_iter().enumerate() {
        let (options, tally, due) = (Rc::clone(&options), Rc::clone(&tally), due.clone());
        tasks.push(tokio::task::spawn_local(async move {
            let request = &options.requests[number % options.requests.len()];
            loop {
                let at = match &due {
                    Some(due) => due.lock().await.recv().await,
                    None => Some(Instant::now()).filter(|now| *now < end),
                };
                let Some(at) = at else { return };
                let sent = Instant::now();
                let outcome = line.exchange(request).await;
                match outcome {
                    Ok(outcome) => tally.borrow_mut().add(&outcome, at, sent),
                    Err(_) => tally.borrow_mut().errors += 1,
                }
                if line.broken {
                    let Ok(fresh) = Line::open(options.target).await else {
                        return;
                    };
                    line = fresh;
                }
            }
        }));
    }
    for task in tasks {
        let _ = task.await;
    }
    let elapsed = start.elapsed();
    Ok(tally.borrow_mut().json(elapsed))
}

/// The instants at which requests are due, whatever the answers do, from a thread that sleeps better
/// than a runtime's timer: latency counts from these, so a stall is charged to whoever caused it.
fn due(rate: f64, start: Instant, end: Instant) -> mpsc::Receiver<Instant> {
    let (sender, receiver) = mpsc::channel(DUE_MAX);
    std::thread::spawn(move || {
        let gap = Duration::from_secs_f64(1.0 / rate);
        let mut at = start;
        while at < end {
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if sender.blocking_send(at).is_err() {
                return;
            }
            at += gap;
        }
    });
    receiver
}
