//! Nodes are upgraded one by one: a schema that is older is brought up to date, and one that is newer is worked
//! with if it says that it can be.

use super::{Fleet, MASTER};
use crate::stage;
use crate::{cli, database};
use std::path::Path;
use testkit::{Upstream, eventually, json};

/// The next version's migration, as it could be: it takes nothing away and asks for nothing new.
fn later(known: i64) -> String {
    let version = known + 1;
    let grown: String = [
        "keys",
        "budget_windows",
        "leases",
        "limit_pools",
        "limit_shares",
        "request_batches",
        "nodes",
        "changes",
    ]
    .map(|table| format!("ALTER TABLE {table} ADD COLUMN later TEXT;"))
    .concat();
    format!(
        "BEGIN; {grown} CREATE TABLE later_things (id TEXT NOT NULL PRIMARY KEY); \
         INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
           VALUES ({version}, 'later', true, ''::bytea, 0); \
         INSERT INTO schema_compat (version, oldest) VALUES ({version}, {known}); COMMIT;"
    )
}

#[test]
fn nodes_go_on_and_start_again_on_a_newer_schema_that_suits_them() {
    let upstream = Upstream::start();
    let Some(mut fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    let limited = json!({"name": "k", "rate_limits": {"requests_per_day": 1000},
        "budget": {"limit_usd": 1, "window": "total"}});
    let key = stage::text(&fleet.first.create_key(&limited)["value"]);
    for node in [0, 1] {
        fleet.chat(node, &key).expect_status(200);
    }
    let known = fleet.first.keyway.json(&["db", "status"])["schema_version_known"].as_i64().unwrap();
    let url = fleet.first.keyway.postgres_url().expect("a database");
    database::execute_at(&url, &later(known));
    // Those that run go on: they are asked, changed and told of changes.
    let serve = |fleet: &Fleet| {
        // Who migrates locks tables: what needs one of them at that moment is told to try again.
        let served = |node: usize, key: &str| {
            let answer = || Some(fleet.chat(node, key)).filter(|answer| answer.status != 503);
            let _ = eventually("an answer", answer).expect_status(200);
        };
        for node in [0, 1] {
            served(node, &key);
            let (id, other) = fleet.first.make_key();
            served(node, &other);
            fleet.first.delete(&fleet.first.key_path(&id)).expect_status(200);
            eventually("the revocation", || (fleet.chat(node, &other).status == 401).then_some(()));
        }
        eventually("every line", || {
            let all = fleet.first.requests();
            let asked = |status: u16| {
                let its = all.iter().filter(|line| line["status"] == status && line["attempts"] != json!([]));
                its.count() as u64
            };
            // What a revocation met on its way may have been asked for or not.
            (asked(200)..=asked(200) + asked(401)).contains(&upstream.count()).then_some(())
        });
    };
    serve(&fleet);
    // One is started again by the older program, whether it was ended or has died.
    fleet.others[0].restart();
    fleet.others[0].kill9();
    fleet.others[0].start();
    serve(&fleet);
    let told = fleet.first.keyway.json(&["db", "status"]);
    assert_eq!(told["status"], "newer than this program, which can work with it", "{told}");
    let _ = fleet.first.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
    // One that does not say so is none to start on.
    fleet.others[0].terminate();
    database::execute_at(&url, &format!("UPDATE schema_compat SET oldest = {known} + 1"));
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let refused = fleet.others[0].command(&serve).env("KEYWAY_DATABASE", &url).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("schema"), "{said}");
    cli::failed(&fleet.first.keyway.cli(&["key", "list"]), 1, &["schema"]);
}

/// Brings a database to the schema before the newest, with nothing in it.
fn make_older(url: &str) {
    let url = url.to_owned();
    let work = std::thread::spawn(move || {
        sqlx::any::install_default_drivers();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
            let mut migrator = sqlx::migrate::Migrator::new(folder).await.expect("the migrations");
            migrator.migrations.to_mut().pop();
            let pool = sqlx::AnyPool::connect(&url).await.expect("the database");
            // A new SQLite file is empty; a PostgreSQL database is a copy of one with the schema.
            if url.starts_with("postgres") {
                let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
                sqlx::raw_sql(empty).execute(&pool).await.expect("an empty database");
            }
            migrator.run(&pool).await.expect("an older schema");
            pool.close().await;
        });
    });
    work.join().expect("an older schema");
}

/// Has a table that the newest migration reads for itself, for longer than a migration waits at a time.
fn hold_usage(url: &str) -> std::thread::JoinHandle<()> {
    let is_held = "SELECT CAST(l.pid AS TEXT) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation \
                   WHERE c.relname = 'usage_rollup' AND l.mode = 'AccessExclusiveLock' AND l.granted";
    let holder = {
        let url = url.to_owned();
        let hold = "BEGIN; LOCK TABLE usage_rollup; SELECT pg_sleep(4); COMMIT;";
        std::thread::spawn(move || database::execute_at(&url, hold))
    };
    eventually("the lock", || (!database::rows_at(url, is_held).is_empty()).then_some(()));
    holder
}

#[test]
fn a_node_brings_an_older_schema_up_to_date() {
    let upstream = Upstream::start();
    let keyway = stage::builder(&upstream).env("KEYWAY_MASTER_KEY", MASTER).prepare();
    let url = match keyway.postgres_url() {
        Some(url) => url,
        None => {
            std::fs::create_dir_all(keyway.data_dir()).expect("the data folder");
            format!("{}?mode=rwc", database::url(&keyway))
        }
    };
    make_older(&url);
    let status = keyway.json(&["db", "status"]);
    assert_eq!(status["status"], "to be migrated", "{status}");
    let mut keyway = keyway;
    let held = keyway.postgres_url().as_deref().map(hold_usage);
    keyway.start();
    if let Some(held) = held {
        held.join().expect("whoever held the table");
    }
    let status = keyway.json(&["db", "status"]);
    assert_eq!(status["status"], "up to date", "{status}");
    let (_, key) = keyway.make_key("k");
    let hello = stage::hello(false);
    let _ = keyway.post_json("/v1/chat/completions", &key, &hello).expect_status(200);
}
