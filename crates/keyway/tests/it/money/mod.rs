//! Budgets under load, crashes and lies: what is charged never passes a limit, and no money is lost.

mod bed;
mod budgets;
mod crowd;
mod dialects;
mod failover;
mod fairness;
mod faults;
mod lies;
mod media;
mod nodes;
mod outage;
mod race;
mod streams;

use crate::database;
use crate::stage::{self, MODEL, Scene, text};
use testkit::{Keyway, Response, Upstream, Value, eventually, json};

/// Nano-USD per token of prompt and of answer at [`MODEL`]'s prices.
const INPUT: i64 = 500;
const OUTPUT: i64 = 1_500;

/// What the provider's bills come to, nano-USD.
fn provider_cost(upstream: &Upstream) -> i64 {
    let used = upstream.used();
    used.prompt as i64 * INPUT + used.completion as i64 * OUTPUT
}

/// A key with a budget of its own: id of the budget, and the secret.
fn key_with(scene: &Scene, limit_nanousd: i64, more: &Value) -> (String, String) {
    let made = scene.create_key(&json!({"name": "spender"}));
    (budget_of(scene, &text(&made["id"]), limit_nanousd, more), text(&made["value"]))
}

/// A budget of a key: its id.
fn budget_of(scene: &Scene, key: &str, limit_nanousd: i64, more: &Value) -> String {
    let mut body = json!({"name": "b", "limit_usd": usd(limit_nanousd), "window": "total",
        "selector": {"key": key}});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    text(&scene.post("/v1/organization/budgets", &body).expect_status(200).json()["id"])
}

fn usd(nanousd: i64) -> String {
    format!("{}.{:09}", nanousd / 1_000_000_000, nanousd % 1_000_000_000)
}

/// A request for an answer of at most `tokens`.
fn asking(tokens: u64, stream: bool, marker: &str) -> Value {
    json!({"model": MODEL, "stream": stream, "max_tokens": tokens,
        "messages": [{"role": "user", "content": format!("marker:{marker} of a request")}]})
}

fn chat(keyway: &Keyway, key: &str, body: &Value) -> Response {
    keyway.post_json("/v1/chat/completions", key, body)
}

/// How an account stands, all windows together, nano-USD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    posted: i64,
    leased: i64,
    held: i64,
}

fn standing(keyway: &Keyway, budget: &str) -> Standing {
    standing_at(&database::url(keyway), budget)
}

/// The same, of the database at a URL.
fn standing_at(url: &str, budget: &str) -> Standing {
    try_standing_at(url, budget).expect("the database")
}

/// The same, while the database may be away.
fn try_standing_at(url: &str, budget: &str) -> Option<Standing> {
    let query = format!(
        "SELECT CAST(posted_nanousd AS TEXT), CAST(leased_nanousd AS TEXT) FROM budget_windows \
         WHERE account_id = '{budget}'"
    );
    let (mut posted, mut leased) = (0, 0);
    for row in database::try_rows_at(url, &query)? {
        posted += number(&row[0]);
        leased += number(&row[1]);
    }
    let holds = format!("SELECT CAST(amount_nanousd AS TEXT) FROM crash_holds WHERE account_id = '{budget}'");
    let held = database::try_rows_at(url, &holds)?.iter().map(|row| number(&row[0])).sum();
    Some(Standing { posted, leased, held })
}

fn number(text: &Option<String>) -> i64 {
    text.as_deref().and_then(|text| text.parse().ok()).expect("a number")
}

/// Waits until so much is posted.
fn posted(keyway: &Keyway, budget: &str, nanousd: i64) -> Standing {
    eventually(&format!("{nanousd} posted to {budget}"), || {
        Some(standing(keyway, budget)).filter(|standing| standing.posted == nanousd)
    })
}

fn scene(upstream: &Upstream) -> Scene {
    Scene::start(stage::builder(upstream).env("KEYWAY_WORKERS", "2"))
}
