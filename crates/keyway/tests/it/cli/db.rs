//! `keyway db`

use super::failed;
use crate::database;
use crate::routes::v1::organization::usage_counted as counted;
use crate::stage::{self, Scene, bare, text};
use testkit::{Answer, Upstream, Usage, json};

#[test]
fn the_database_is_looked_at_and_copied() {
    let scene = Scene::start(bare());
    let status = scene.keyway.json(&["db", "status"]);
    let postgres = scene.keyway.postgres_url().is_some();
    assert_eq!(status["engine"], if postgres { "postgres" } else { "sqlite" });
    assert_eq!(
        (&status["status"], &status["schema_version"]),
        (&json!("up to date"), &status["schema_version_known"])
    );
    let moved = scene.keyway.json(&["db", "migrate"]);
    assert_eq!((&moved["before"], &moved["after"]), (&status["schema_version"], &status["schema_version"]));
    let file = scene.keyway.data_dir().join("copy.db");
    let name = file.to_str().unwrap().to_owned();
    let copied = scene.keyway.cli(&["db", "backup", &name]);
    if postgres {
        return failed(&copied, 2, &["pg_dump"]);
    }
    assert_eq!(copied.expect_code(0).stdout.trim_end(), name);
    let keys = database::rows_at(&format!("sqlite://{name}"), "SELECT id FROM keys");
    assert_eq!(keys, database::rows(&scene.keyway, "SELECT id FROM keys"));
    failed(&scene.keyway.cli(&["db", "backup", &name]), 2, &["there already"]);
}

#[test]
fn without_an_installation_there_is_nothing_to_look_at() {
    let keyway = bare().prepare();
    for command in ["status", "migrate", "verify-ledger"] {
        if keyway.postgres_url().is_none() {
            failed(&keyway.cli(&["db", command]), 3, &["no installation"]);
        }
    }
}

#[test]
fn the_books_add_up_and_one_changed_row_is_found() {
    let upstream =
        Upstream::scripted(|_| Answer::ok().usage(Usage { prompt: 1000, completion: 200, cached: 400 }));
    let scene = Scene::start(stage::builder(&upstream));
    scene
        .post("/v1/organization/credit/grants", &json!({"amount_usd": 5, "kind": "granted"}))
        .expect_status(200);
    let made = scene.create_key(&json!({"name": "k", "budget": {"limit_usd": 1, "window": "total"}}));
    let key = text(&made["value"]);
    for _ in 0..3 {
        scene.chat(&key).expect_status(200);
    }
    counted(&scene, 3);
    let found = scene.keyway.json(&["db", "verify-ledger"]);
    assert_eq!((&found["valid"], &found["breaks_count"]), (&json!(true), &json!(0)), "{found}");
    assert_eq!((&found["lines"], &found["windows"]), (&json!(3), &json!(2)), "{found}");
    let corruptions = [
        ("UPDATE usage_rollup SET requests = requests {} 1 WHERE width = 'd'", "lines and days"),
        ("UPDATE usage_total SET requests = requests {} 1 WHERE width = 'd'", "days and totals"),
        ("UPDATE usage_total SET requests = requests {} 1 WHERE width = 'h'", "days and totals of hours"),
        ("UPDATE usage_member SET requests = requests {} 1 WHERE width = 'd'", "days and members"),
        ("UPDATE usage_member SET requests = requests {} 1 WHERE width = 'h'", "days and members of hours"),
        ("UPDATE usage_key SET tokens = tokens {} 1", "days and keys"),
        ("UPDATE usage_rollup SET sell_nanousd = sell_nanousd {} 1 WHERE width = 'd'", "days and hours"),
        ("UPDATE usage_rollup SET cost_nanousd = cost_nanousd {} 1 WHERE width = 'm'", "hours and minutes"),
        ("UPDATE usage_rollup SET out_text = out_text {} 1 WHERE width = 'h'", "days and hours"),
        ("UPDATE budget_windows SET posted_nanousd = posted_nanousd {} 1", "lines and charges"),
        ("UPDATE budget_windows SET leased_nanousd = leased_nanousd {} 1", "leases and their sum"),
        ("UPDATE credit_entries SET amount_nanousd = amount_nanousd {} 1", "entries and their records"),
    ];
    for (statement, what) in corruptions {
        database::execute(&scene.keyway, &statement.replace("{}", "+"));
        let output = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(1);
        assert!(
            output.stdout.contains(what) && output.stderr.contains("do not add up"),
            "{statement}: {output:?}"
        );
        database::execute(&scene.keyway, &statement.replace("{}", "-"));
    }
    let _ = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
    database::execute(&scene.keyway, "DELETE FROM request_batches");
    let output = scene.keyway.cli(&["db", "verify-ledger", "--json"]).expect_code(1);
    assert!(output.stdout.contains(r#""valid":false"#), "{output:?}");
}
