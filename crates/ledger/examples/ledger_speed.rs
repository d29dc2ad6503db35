//! Prints what the ledger costs per request: `cargo run --release -p ledger --example ledger_speed`.
//!
//! For counting instructions, `speed NAME ROUNDS` does one thing so many times and no more.

#![allow(clippy::disallowed_methods, reason = "measures real time")]
#![allow(clippy::print_stdout, reason = "its output is the result")]

use ledger::account::{Account, Grant, admit};
use ledger::record::{RECORD_BYTES_MAX, Scanner, encode_sent, encode_settle};
use ledger::reserve::{Markup, Mode, Quote, Size};
use ledger::{
    AccountId, AccountKind, Attempt, Entry, NanoUsd, Price, Rates, Reserved, Sent, Spend, Usage, UsageOrigin,
};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const ROUNDS: u64 = 2_000_000;

fn main() {
    let price = price();
    let entry = entry();
    let sent = Sent { entry: entry.clone(), prompt_bytes: 40_000, reserved: Reserved::default() };
    let mut out = Vec::with_capacity(RECORD_BYTES_MAX);

    measure("encode settle", |seq| {
        out.clear();
        let _ = black_box(encode_settle(&mut out, seq, black_box(&entry)));
    });
    println!("{:>16}: {} bytes", "a settle", out.len());
    let record = out.clone();
    measure("encode sent", |seq| {
        out.clear();
        let _ = black_box(encode_sent(&mut out, seq, black_box(&sent)));
    });
    measure("decode settle", |_| {
        black_box(Scanner::new(black_box(&record), None).next());
    });
    let mut record_sent = Vec::new();
    let _ = encode_sent(&mut record_sent, 1, &sent);
    measure("decode sent", |_| {
        black_box(Scanner::new(black_box(&record_sent), None).next());
    });
    measure("cost", |n| {
        black_box(price.cost(black_box(&entry.usage), n as i64));
    });
    measure("cost as JSON", |n| {
        out.clear();
        NanoUsd(n as i64 * 7_919).write_json(black_box(&mut out));
    });
    let size = Size {
        input_tokens_max: 2_000,
        output_cap: Some(64_000),
        answers: 1,
        units_max: 0,
        media: ledger::price::Media::ANY,
    };
    measure("quote", |n| {
        black_box(Quote::new(black_box(&price), n as i64, size, Mode::Sliding, Markup(0)).ok());
    });
    let accounts = [account(1), account(2)];
    for (name, accounts) in [("one account", &accounts[..1]), ("two accounts", &accounts[..])] {
        measure(name, |n| {
            if let Ok(reserved) = admit(black_box(accounts), NanoUsd(1_000), n as i64) {
                reserved.settle(black_box(NanoUsd(0)));
            }
        });
    }
    let mut torn = vec![0; 4 << 20];
    torn[..record.len() - 1].copy_from_slice(&record[..record.len() - 1]);
    let start = Instant::now();
    let end = black_box(Scanner::new(black_box(&torn), None).end());
    println!("{:>16}: {} us, {:?}", "torn 4 MiB", start.elapsed().as_micros(), end.tail);
}

/// Runs `work` many times and prints the time of one, the best of five runs.
fn measure(name: &str, mut work: impl FnMut(u64)) {
    let mut args = std::env::args().skip(1);
    if let Some(only) = args.next() {
        let rounds = args.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(1);
        // What comes later may need what this leaves.
        (0..if only == name { rounds } else { 1 }).for_each(work);
        return;
    }
    let mut best = u128::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for n in 0..ROUNDS {
            work(n);
        }
        best = best.min(start.elapsed().as_nanos() * 10 / u128::from(ROUNDS));
    }
    println!("{name:>16}: {}.{} ns", best / 10, best % 10);
}

/// An account that has enough.
fn account(number: u8) -> Arc<Account> {
    let account = Account::new(AccountId { kind: AccountKind::Budget, ulid: [number; 16] });
    account.grant(&Grant {
        window_start_ms: 0,
        ends_mono_ms: i64::MAX,
        current: true,
        counted: false,
        granted: NanoUsd::MAX,
        charged: NanoUsd::ZERO,
    });
    Arc::new(account)
}

fn price() -> Price {
    let base = Rates { input: 150_000_000, output: 600_000_000, ..Rates::default() };
    let peak = Rates { input: 300_000_000, output: 1_200_000_000, ..Rates::default() };
    let hours = |from_minute, to_minute| ledger::Hours {
        weekdays: vec![1, 2, 3, 4, 5],
        from_minute,
        to_minute,
        except_days: vec![],
    };
    Price {
        version: "deepseek/deepseek-flash@2026-10-01".to_owned(),
        from_ms: 0,
        source: "example".to_owned(),
        base,
        context_tiers: vec![(200_000, peak)],
        hours: vec![(hours(60, 240), peak), (hours(360, 600), peak)],
        per_request: 0,
    }
}

fn entry() -> Entry<'static> {
    let attempt =
        Attempt { provider: "deepseek", model: "deepseek-flash", status: 200, ms: 412, outcome: "ok" };
    Entry {
        request: [7; 16],
        started_ms: 1_795_000_000_123,
        org: "org_01jz8w3k5n7p9r1t3v5x7z9b1d",
        project: "proj_01jz8w3k5n7p9r1t3v5x7z9b1d",
        key: "key_01jz8w3k5n7p9r1t3v5x7z9b1d",
        user: "user_01jz8w3k5n7p9r1t3v5x7z9b1d",
        test: false,
        kind: "chat_completions",
        model_asked: "deepseek-flash",
        model_served: "deepseek/deepseek-flash",
        provider: "deepseek",
        labels: vec!["team=search", "run=7"],
        peer: [1; 16],
        client_request: "0b9f2c2e-6d0c-4a57-9c5e-3f2f6f0e7a11",
        stream: true,
        attempts: vec![Attempt { status: 503, outcome: "status", ..attempt.clone() }, attempt],
        status: 200,
        error: "",
        usage: Usage { in_uncached: 1_200, cache_read: 8_192, out_text: 350, ..Usage::default() },
        usage_origin: UsageOrigin::Reported,
        price_version: "deepseek/deepseek-flash@2026-10-01",
        cost: Some(NanoUsd(414_576)),
        sell: Some(NanoUsd(414_576)),
        spend: Spend::default(),
        latency_ms: 5_120,
        first_token_ms: Some(412),
    }
}
