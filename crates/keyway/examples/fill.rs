//! Fills an installation with keys, budgets and requests of the last days, as if they had been made and
//! used: to see what pages cost when there is much. On SQLite, while no server runs on it:
//! `cargo run --example fill -- DATA_DIR REQUESTS KEYS [DAYS]`. `console-tests/measure.mjs` measures then.

#![allow(clippy::print_stderr, reason = "it is run by hand")]

use keyway::base::{Clock, Fault, id};
use keyway::metering::fold::Fold;
use keyway::store::budgets::{self, Budget, Enforcement, Reserve, Selector};
use keyway::store::db::{Db, Location};
use keyway::store::keys::{self, KeyRow};
use keyway::store::usage_columns::{MINUTES_KEPT_MS, Width};
use keyway::store::{changes, requests_write, tenants, usage_write};
use ledger::window::Rule;
use ledger::{Attempt, Entry, NanoUsd, Spend, Usage, UsageOrigin, codec, record};
use std::path::PathBuf;
use ulid::Ulid;

const DAY_MS: i64 = 86_400_000;
/// Requests of one transaction.
const LOAD: u64 = 50_000;
/// Models with their share of a hundred requests, and nano-USD per token in and out.
const MODELS: [(&str, u64, i64, i64); 6] = [
    ("openai/gpt-5-mini", 42, 250, 2_000),
    ("anthropic/claude-sonnet-4-5", 22, 3_000, 15_000),
    ("deepseek/deepseek-chat", 18, 270, 1_100),
    ("gemini/gemini-2.5-flash", 10, 300, 2_500),
    ("mistral/mistral-large", 6, 2_000, 6_000),
    ("groq/llama-4-scout", 2, 110, 340),
];

/// A sequence of numbers that look random and are the same each time (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most.max(1)
    }
}

/// Who makes requests.
struct Place {
    org: String,
    project: String,
    keys: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().ok_or("DATA_DIR REQUESTS KEYS [DAYS]")?);
    let mut number = |usual: u64| words.next().map_or(Ok(usual), |word| word.parse::<u64>());
    let (requests, count, days) = (number(1_000_000)?, number(10_000)?, number(30)?);
    let clock = Clock::system();
    let db = Db::open(&Location::File(folder.join("keyway.db"))).await?;
    let org = tenants::default_org(&db).await?;
    let filter = tenants::ProjectFilter { org: &org, archived: false, newest_first: false, among: None };
    let project = tenants::projects(&db, &filter, "", 1).await?.pop().ok_or("no project")?.id;
    let keys = make_keys(&db, &clock, (&org, &project), count).await?;
    let place = Place { org, project, keys };
    let mut dice = Dice(7);
    for load in 0..requests.div_ceil(LOAD) {
        let first = load * LOAD;
        write(&db, &clock, &place, &mut dice, (first, (first + LOAD).min(requests), requests), days).await?;
        eprintln!("{} requests", (first + LOAD).min(requests));
    }
    Ok(())
}

async fn make_keys(
    db: &Db,
    clock: &Clock,
    (org, project): (&str, &str),
    count: u64,
) -> Result<Vec<String>, Fault> {
    const WORDS: [&str; 8] =
        ["backend", "ci", "agent", "search", "support bot", "nightly", "notebook", "mobile"];
    let (mut tx, mut made) = (db.begin_write().await?, Vec::new());
    changes::hold(&mut tx).await?;
    let now_ms = clock.now_ms();
    for number in 0..count {
        let word = usize::try_from(number % 8).unwrap_or(0);
        let key = KeyRow {
            id: id::new("key", clock),
            kind: "project".to_owned(),
            mode: "live".to_owned(),
            org_id: org.to_owned(),
            project_id: Some(project.to_owned()),
            name: format!("{} {number}", WORDS[word]),
            maker_kind: "operator".to_owned(),
            reach: "organization".to_owned(),
            status: if number % 50 == 7 { "disabled" } else { "active" }.to_owned(),
            created_ms: now_ms - 100 * DAY_MS,
            expires_ms: (number % 3 != 0).then(|| now_ms + i64::try_from(number % 400).unwrap_or(0) * DAY_MS),
            kid: format!("{number:022}"),
            ..KeyRow::default()
        };
        keys::insert(&mut tx, &key, &format!("{number:064}")).await?;
        if number % 100 == 0 {
            budgets::insert(&mut tx, &budget(clock, &key, now_ms)).await?;
        }
        made.push(key.id);
    }
    keyway::store::db::commit(tx).await?;
    Ok(made)
}

fn budget(clock: &Clock, key: &KeyRow, now_ms: i64) -> Budget {
    Budget {
        id: id::new("bud", clock),
        org: key.org_id.clone(),
        name: key.name.clone(),
        limit: NanoUsd(200 * NanoUsd::PER_USD),
        window: Rule::Month,
        time_zone: "UTC".to_owned(),
        enforcement: Enforcement::Hard,
        reserve: Reserve::Sliding,
        thresholds: vec![50, 80, 100],
        selector: Selector {
            project: key.project_id.clone(),
            key: Some(key.id.clone()),
            ..Selector::default()
        },
        source: "key".to_owned(),
        epoch: 1,
        created_ms: now_ms,
        archived_ms: None,
    }
}

async fn write(
    db: &Db,
    clock: &Clock,
    place: &Place,
    dice: &mut Dice,
    (first, end, all): (u64, u64, u64),
    days: u64,
) -> Result<(), Fault> {
    let mut fold = Fold::default();
    let now_ms = clock.now_ms();
    let length_ms = u64::try_from(DAY_MS).unwrap_or(0) * days;
    for number in first..end {
        let before_ms = length_ms - number * length_ms / all;
        let started_ms = now_ms - i64::try_from(before_ms).unwrap_or(0);
        let request = Ulid::from_parts(u64::try_from(started_ms).unwrap_or(0), u128::from(number)).to_bytes();
        let mut bytes = Vec::new();
        let key = key_of(place, dice);
        let entry = entry(place, dice, request, started_ms, key);
        codec::put_entry(&mut bytes, &entry);
        fold.add(&entry, record::RECORD_VERSION, &bytes).map_err(Fault::plain)?;
    }
    let (batches, mut rollups) = fold.finish(clock);
    rollups.retain(|row| row.width != Width::Minute || row.bucket_ms > now_ms - MINUTES_KEPT_MS);
    let mut tx = db.begin_write().await?;
    requests_write::insert(&mut tx, db.engine, &batches).await?;
    usage_write::add(&mut tx, db.engine, &mut rollups).await?;
    keyway::store::db::commit(tx).await
}

/// A few keys make most of the requests.
fn key_of<'a>(place: &'a Place, dice: &mut Dice) -> &'a str {
    let count = u64::try_from(place.keys.len()).unwrap_or(1);
    let most = if dice.below(3) == 0 { count } else { count.div_ceil(50) };
    place.keys.get(usize::try_from(dice.below(most)).unwrap_or(0)).map_or("", String::as_str)
}

fn entry<'a>(
    place: &'a Place,
    dice: &mut Dice,
    request: [u8; 16],
    started_ms: i64,
    key: &'a str,
) -> Entry<'a> {
    let mut at = dice.below(100);
    let (model, _, input, output) = MODELS
        .into_iter()
        .find(|(_, share, ..)| {
            let found = at < *share;
            at = at.saturating_sub(*share);
            found
        })
        .unwrap_or(MODELS[0]);
    let provider = model.split('/').next().unwrap_or_default();
    let status = match dice.below(1_000) {
        0..8 => 429,
        8..14 => 502,
        14..20 => 400,
        _ => 200,
    };
    let (prompt, answer) = (200 + dice.below(4_000), 20 + dice.below(900));
    let usage = match status {
        200 => Usage { in_uncached: prompt, cache_read: prompt / 3, out_text: answer, ..Usage::default() },
        _ => Usage::default(),
    };
    let cost = i64::try_from(prompt).unwrap_or(0) * input + i64::try_from(answer).unwrap_or(0) * output;
    let cost = NanoUsd(if status == 200 { cost } else { 0 });
    let latency_ms = 200 + u32::try_from(dice.below(6_000)).unwrap_or(0);
    let outcome = if status == 502 { "status" } else { "ok" };
    let upstream = model.split('/').nth(1).unwrap_or_default();
    let attempt = Attempt { provider, model: upstream, status, ms: latency_ms - 20, outcome };
    Entry {
        request,
        started_ms,
        org: &place.org,
        project: &place.project,
        key,
        user: "",
        test: false,
        kind: "chat_completions",
        model_asked: model,
        model_served: if status == 200 { model } else { "" },
        provider: if status == 200 { provider } else { "" },
        labels: Vec::new(),
        peer: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1],
        client_request: "",
        stream: dice.below(2) == 0,
        attempts: if status == 429 { Vec::new() } else { vec![attempt] },
        status,
        error: match status {
            200 => "",
            429 => "rate_limit_exceeded",
            400 => "invalid_request",
            _ => "upstream_error",
        },
        usage,
        usage_origin: if status == 200 { UsageOrigin::Reported } else { UsageOrigin::Nothing },
        price_version: if status == 200 { "example@2026-10-01" } else { "" },
        cost: Some(cost),
        sell: Some(cost),
        spend: Spend::default(),
        latency_ms,
        first_token_ms: (status == 200).then_some(latency_ms / 5),
    }
}
