//! What metering costs a request: `cargo run --release --example metering_speed -p keyway`.
//!
//! Appends SENT and SETTLE, then ships them in rounds as large as 200 ms at 20,000 requests a
//! second, on SQLite or on the PostgreSQL of `KEYWAY_TEST_POSTGRES` (a database to throw away).

#![allow(clippy::print_stdout, reason = "a program for people to read")]

use keyway::base::fault::Doing;
use keyway::base::{Clock, Fault, id};
use keyway::metering::intake::Source;
use keyway::metering::segment::Name;
use keyway::metering::{Journal, Plan, SEGMENT_BYTES, Shipper, Spares};
use keyway::store::Db;
use keyway::store::db::Location;
use ledger::{Attempt, Entry, NanoUsd, Sent, Usage, UsageOrigin};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ROUNDS: u64 = 50;
const PER_ROUND: u64 = 4_000;

fn main() -> Result<(), Fault> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().doing("making a runtime")?;
    for (keys, labels) in [(1, 0), (1, 2), (100, 0), (10_000, 0)] {
        runtime.block_on(run(keys, labels))?;
    }
    pwrite_alone()
}

async fn run(keys: usize, labels: usize) -> Result<(), Fault> {
    let dir = tempfile::tempdir().doing("making a folder")?;
    let clock = Clock::system();
    let location = match std::env::var("KEYWAY_TEST_POSTGRES") {
        Ok(url) => Location::Url(url),
        Err(_) => Location::File(dir.path().join("keyway.db")),
    };
    let db = Db::open(&location).await?;
    db.migrate().await?;
    let boot = id::new("boot", &clock);
    let plan = Plan::new(dir.path().join(&boot), SEGMENT_BYTES);
    let spares = Spares::start()?;
    let opened = cpu_us();
    let mut journal = Journal::open(plan.clone(), 0, &spares, clock.clone())?;
    let open_us = cpu_us() - opened;
    let source = Source { boot, node: "node_1".to_owned() };
    let mut shipper =
        Shipper::new(db.clone(), clock.clone(), source, plan.dir.clone(), vec![journal.state()]);
    let names: Vec<String> = (0..keys).map(|key| format!("key_01k0000000000000000000{key:04}")).collect();
    let (mut append_us, mut ship_us, mut ship_ms) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let start = cpu_us();
        for n in 0..PER_ROUND {
            let key = &names[n as usize * 7919 % names.len()];
            let entry = entry(&clock, key, labels);
            if !journal.reserve() {
                return Err(Fault::plain("no room"));
            }
            let at = journal.append_sent(&Sent {
                entry: entry.clone(),
                prompt_bytes: 2_000,
                reserved: ledger::Reserved::default(),
            })?;
            journal.append_settle(Some(at), &entry)?;
            journal.release(2);
        }
        append_us += cpu_us() - start;
        let (start, start_ms) = (cpu_us(), clock.monotonic_ms());
        while shipper.round().await?.more {}
        ship_us += cpu_us() - start;
        ship_ms += clock.monotonic_ms() - start_ms;
    }
    let total = (ROUNDS * PER_ROUND) as f64;
    println!(
        "{keys:>6} keys, {labels} labels: open {open_us} us; append (two records, encoding and pwrite) {:.2} us CPU; \
         ship {:.2} us CPU, {:.2} us wall per request",
        append_us as f64 / total,
        ship_us as f64 / total,
        ship_ms as f64 * 1_000.0 / total,
    );
    shipper.drain().await?;
    Ok(())
}

/// What the two writes cost without anything around them.
fn pwrite_alone() -> Result<(), Fault> {
    let dir = tempfile::tempdir().doing("making a folder")?;
    let plan = Plan::new(dir.path().to_owned(), SEGMENT_BYTES);
    let (start, mut segment, mut offset) = (cpu_us(), None, u32::MAX);
    let writes = ROUNDS * PER_ROUND * 2;
    let record = [7; 330];
    let mut number = 0;
    for _ in 0..writes {
        if offset > SEGMENT_BYTES - 4096 {
            segment = Some(plan.make(Name { shard: 0, segment: number }).doing("making a segment")?);
            (number, offset) = (number + 1, 0);
        }
        if let Some(segment) = &segment {
            segment.write(&record, offset).doing("writing")?;
        }
        offset += record.len() as u32;
    }
    println!("two pwrites of 330 bytes alone: {:.2} us CPU", (cpu_us() - start) as f64 * 2.0 / writes as f64);
    Ok(())
}

fn entry<'a>(clock: &Clock, key: &'a str, labels: usize) -> Entry<'a> {
    Entry {
        request: id::mint(clock.now_ms()),
        started_ms: clock.now_ms(),
        org: "org_01k00000000000000000000000",
        project: "proj_01k00000000000000000000000",
        key,
        user: "",
        test: false,
        kind: "chat_completions",
        model_asked: "deepseek-chat",
        model_served: "deepseek/deepseek-flash",
        provider: "deepseek",
        labels: ["team=platform", "env=production"][..labels].to_vec(),
        peer: [7; 16],
        client_request: "",
        stream: true,
        attempts: vec![Attempt {
            provider: "deepseek",
            model: "deepseek-flash",
            status: 200,
            ms: 12,
            outcome: "ok",
        }],
        status: 200,
        error: "",
        usage: Usage { in_uncached: 1_000, out_text: 300, ..Usage::default() },
        usage_origin: UsageOrigin::Reported,
        price_version: "deepseek/deepseek-flash@2026-10-01",
        cost: Some(NanoUsd(123_456)),
        sell: Some(NanoUsd(123_456)),
        spend: ledger::Spend::default(),
        latency_ms: 900,
        first_token_ms: Some(200),
    }
}

/// CPU time of the process so far, all threads, user and system, microseconds.
fn cpu_us() -> u64 {
    let mut total = 0;
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return 0;
    };
    for task in tasks.flatten() {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        total += text.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0) / 1_000;
    }
    total
}
