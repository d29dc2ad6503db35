//! SIGKILL under load, over and over: what a client got to its end is in the books exactly once, and
//! so is everything that may have cost money.

mod faults;
mod points;
pub mod strace;

use crate::stage::{self, MODEL, Scene, nanousd, text};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{Answer, Connection, Upstream, Value, json};

/// Kills of a run, unless this variable says otherwise.
const KILLS_VARIABLE: &str = "KEYWAY_TEST_KILLS";
const KILLS: u64 = 50;
/// Clients that keep asking.
const CLIENTS: usize = 6;

/// An answer that reached a client to its last byte.
struct Complete {
    marker: String,
    request: String,
    status: u16,
}

/// What the clients share.
struct Load {
    address: SocketAddr,
    key: String,
    stop: AtomicBool,
    complete: Mutex<Vec<Complete>>,
}

/// Asks on one connection for as long as it lasts. `number` counts on over connections.
fn ask(load: &Load, client: usize, number: &mut u64) -> std::io::Result<()> {
    let mut connection = Connection::open(load.address)?;
    let bearer = format!("Bearer {}", load.key);
    while !load.stop.load(Ordering::SeqCst) {
        *number += 1;
        let marker = format!("c{client}-{number}");
        let body = json!({"model": MODEL, "stream": number.is_multiple_of(2),
            "messages": [{"role": "user", "content": format!("marker:{marker}")}]});
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("x-request-id", marker.as_str()),
        ];
        connection.send("POST", "/v1/chat/completions", &headers, body.to_string().as_bytes())?;
        let answer = connection.response()?;
        let request = answer.header("x-request-id").unwrap_or_default().to_owned();
        load.complete.lock().unwrap().push(Complete { marker, request, status: answer.status });
        if answer.header("connection") == Some("close") {
            return Ok(());
        }
    }
    Ok(())
}

fn clients(load: &Arc<Load>) -> Vec<std::thread::JoinHandle<()>> {
    let client = |number: usize| {
        let load = Arc::clone(load);
        std::thread::spawn(move || {
            let mut asked = 0;
            while !load.stop.load(Ordering::SeqCst) {
                if ask(&load, number, &mut asked).is_err() {
                    std::thread::sleep(Duration::from_millis(3));
                }
            }
        })
    };
    (0..CLIENTS).map(client).collect()
}

/// A provider whose answers differ in speed, so that a kill meets every stage of a request.
fn provider() -> Upstream {
    Upstream::scripted(|request| match request.number % 4 {
        0 => Answer::ok(),
        1 => Answer::ok().frame_gap(Duration::from_millis(2)),
        2 => Answer::ok().after(Duration::from_millis(5)),
        _ => Answer::ok().text("one two three four five six seven eight nine ten"),
    })
}

fn kills() -> u64 {
    let said = std::env::var(KILLS_VARIABLE).ok();
    said.and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

#[test]
fn fifty_kills_under_load_lose_nothing_and_count_nothing_twice() {
    let upstream = provider();
    let mut scene =
        Scene::start(stage::builder(&upstream).env("KEYWAY_LOG", "warn").env("KEYWAY_DRAIN_NOTICE_MS", "0"));
    let (_, key) = scene.make_key();
    let load = Arc::new(Load {
        address: scene.keyway.address(),
        key,
        stop: AtomicBool::new(false),
        complete: Mutex::new(Vec::new()),
    });
    let threads = clients(&load);
    for round in 0..kills() {
        // From just after the start to well into the load, in no order.
        std::thread::sleep(Duration::from_millis(20 + round * 97 % 400));
        scene.keyway.kill9();
        scene.keyway.start();
    }
    std::thread::sleep(Duration::from_millis(200));
    load.stop.store(true, Ordering::SeqCst);
    for thread in threads {
        thread.join().expect("a client");
    }
    // An orderly end takes everything into the database.
    scene.keyway.restart();
    let complete = load.complete.lock().unwrap();
    assert!(complete.len() as u64 > kills(), "hardly any load: {}", complete.len());
    compare(&scene, &upstream, &complete);
}

fn compare(scene: &Scene, upstream: &Upstream, complete: &[Complete]) {
    let rows = scene.requests();
    let mut by_marker: HashMap<String, &Value> = HashMap::new();
    let mut ids = HashSet::new();
    for row in &rows {
        assert!(ids.insert(text(&row["id"])), "twice in the log: {row}");
        let marker = text(&row["client_request_id"]);
        assert!(by_marker.insert(marker, row).is_none(), "one request, two lines: {row}");
    }
    let bills: HashMap<String, testkit::upstream::Bill> =
        upstream.billed().into_iter().map(|bill| (bill.marker.clone().unwrap_or_default(), bill)).collect();
    let mut estimated = 0;
    for (marker, bill) in &bills {
        let row =
            by_marker.get(marker).unwrap_or_else(|| panic!("the provider saw {marker}, the books did not"));
        if row["usage_origin"] == "estimated" {
            estimated += 1;
            assert!(row["usage"]["input_tokens"].as_u64() > Some(0), "{row}");
        } else {
            assert_eq!(row["usage"]["input_tokens"], bill.usage.prompt, "{row}");
            assert_eq!(row["usage"]["output_tokens"], bill.usage.completion, "{row}");
        }
        let price = row["usage"]["in_uncached"].as_i64().unwrap_or_default() * 500
            + row["usage"]["out_text"].as_i64().unwrap_or_default() * 1500;
        assert_eq!(nanousd(&row["cost_usd"]), price, "{row}");
    }
    for one in complete {
        assert_eq!(one.status, 200, "{} {}", one.marker, one.request);
        let row = by_marker
            .get(&one.marker)
            .unwrap_or_else(|| panic!("{} was answered and is not in the log", one.marker));
        assert_eq!(text(&row["id"]), one.request);
        assert_eq!((&row["status"], &row["usage_origin"]), (&json!(200), &json!("reported")), "{row}");
        assert!(bills.contains_key(&one.marker), "{} was answered by nobody", one.marker);
    }
    sums(scene, &rows, estimated);
}

/// Rows, rollups and the command's table are three views of one truth.
fn sums(scene: &Scene, rows: &[Value], estimated: i64) {
    let sum = |of: &dyn Fn(&Value) -> i64| rows.iter().map(of).sum::<i64>();
    let tokens = |name: &'static str| move |row: &Value| row["usage"][name].as_i64().unwrap_or_default();
    let of_rows = json!({
        "num_model_requests": rows.len(),
        "num_failed_requests": sum(&|row| i64::from(row["status"] != 200)),
        "num_estimated_requests": sum(&|row| i64::from(row["usage_origin"] == "estimated")),
        "input_tokens": sum(&tokens("input_tokens")),
        "output_tokens": sum(&tokens("output_tokens")),
        "cost_nanousd": sum(&|row| nanousd(&row["cost_usd"])),
    });
    assert_eq!(scene.usage(), of_rows);
    assert_eq!(stage::total(&scene.keyway.json(&["usage", "--since", "2d"])), of_rows);
    let by_command = scene.keyway.json(&["log", "list", "--limit", "10000"]);
    assert_eq!(by_command["data"].as_array().map(Vec::len), Some(rows.len()));
    assert!(of_rows["num_estimated_requests"].as_i64() >= Some(estimated), "{of_rows}");
}
