//! `keyway db copy`: an installation moves from SQLite to PostgreSQL and goes on as if nothing had happened.

use crate::cli::failed;
use crate::database::{one, rows, rows_at};
use crate::stage::{self, Scene};
use testkit::{Answer, Upstream, Usage, json};

/// What both sides say of a table.
fn count(url: &str, table: &str) -> String {
    let found = rows_at(url, &format!("SELECT CAST(COUNT(*) AS TEXT) FROM {table}"));
    found[0][0].clone().unwrap_or_default()
}

#[test]
fn an_installation_moves_whole() {
    let Some(server) = testkit::postgres::server() else { return };
    let upstream = Upstream::start();
    let mut scene = Scene::start(stage::builder(&upstream).sqlite());
    let (_, key) = scene.make_key();
    let body = json!({"name": "month", "limit_usd": 5, "window": "month",
        "selector": {"project": scene.project}});
    scene.post("/v1/organization/budgets", &body).expect_status(200);
    for tokens in 1..=5 {
        upstream.push(Answer::ok().usage(Usage::new(100 * tokens, 10)));
        scene.chat(&key).expect_status(200);
    }
    testkit::eventually("five lines", || (scene.requests().len() == 5).then_some(()));
    let (usage, budgets) = (scene.usage(), scene.get_json("/v1/organization/budgets"));
    let database = testkit::postgres::Database::create(&server);
    let copy = |scene: &Scene| {
        scene
            .keyway
            .command(&["db", "copy", "--json"])
            .env("KEYWAY_DATABASE", database.url())
            .output()
            .unwrap()
    };
    // Not beside a running server.
    let refused = copy(&scene);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("another server"));
    scene.keyway.terminate();
    let done = copy(&scene);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let told: testkit::Value = serde_json::from_slice(&done.stdout).unwrap();
    let sqlite = format!("sqlite://{}", scene.keyway.data_dir().join("keyway.db").display());
    for table in told["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        let (here, there) = (count(&sqlite, name), count(&database.url(), name));
        assert_eq!((here.clone(), table["rows"].to_string()), (there, here), "{name}");
    }
    // Never twice, and never over something.
    let again = copy(&scene);
    assert!(String::from_utf8_lossy(&again.stderr).contains("an installation already"), "{again:?}");

    let master = scene.keyway.data_dir().join("master.key");
    let moved = stage::builder(&upstream)
        .sqlite()
        .env("KEYWAY_DATABASE", &database.url())
        .env("KEYWAY_MASTER_KEY_FILE", &master.display().to_string())
        .start();
    let moved = Scene { keyway: moved, admin: scene.admin.clone(), ..scene };
    assert_eq!((moved.usage(), moved.get_json("/v1/organization/budgets")), (usage, budgets));
    moved.chat(&key).expect_status(200);
    testkit::eventually("a sixth line", || (moved.requests().len() == 6).then_some(()));
    for command in [["db", "verify-ledger"], ["audit", "verify"]] {
        let output = moved.keyway.command(&command).env("KEYWAY_DATABASE", database.url()).output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn without_a_target_or_a_source_nothing_is_copied() {
    let keyway = stage::bare().sqlite().prepare();
    failed(&keyway.cli(&["db", "copy"]), 78, &["KEYWAY_DATABASE"]);
    let Some(server) = testkit::postgres::server() else { return };
    let database = testkit::postgres::Database::create(&server);
    let output = keyway.command(&["db", "copy"]).env("KEYWAY_DATABASE", database.url()).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

/// The whole measure: set `KEYWAY_TEST_COPY_KEYS` and `KEYWAY_TEST_COPY_ROWS`, for example to 100000 and
/// 1000000.
#[test]
fn soak_a_large_installation_moves_whole() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (keys, lines) =
        (number("KEYWAY_TEST_COPY_KEYS").unwrap_or(300), number("KEYWAY_TEST_COPY_ROWS").unwrap_or(2_000));
    let Some(server) = testkit::postgres::server() else { return };
    let mut scene = Scene::start(stage::bare().sqlite());
    scene.make_key();
    scene.keyway.terminate();
    let column = |table: &str| -> Vec<String> {
        let query = format!("SELECT name FROM pragma_table_info('{table}')");
        rows(&scene.keyway, &query).into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
    };
    let numbers = |count: u64| {
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})")
    };
    let others: Vec<String> = column("keys").into_iter().filter(|name| name != "id").collect();
    let others = others.join(", ");
    let path = scene.keyway.data_dir().join("keyway.db");
    let sqlite = format!("sqlite://{}", path.display());
    let fill = format!(
        "{} INSERT INTO keys (id, {others}) SELECT 'key_' || i, {others} FROM n, \
         (SELECT * FROM keys LIMIT 1)",
        numbers(keys)
    );
    crate::database::execute_at(&sqlite, &fill);
    let columns = column("usage_rollup");
    let value = |name: &String| match name.as_str() {
        "bucket_ms" => "i * 60000".to_owned(),
        "width" => "'m'".to_owned(),
        "org_id" | "project_id" | "key_id" | "user_id" | "model_asked" | "model_served" | "provider"
        | "kind" | "label" => format!("'{name}'"),
        _ => "i".to_owned(),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let fill = format!(
        "{} INSERT INTO usage_rollup ({}) SELECT {} FROM n",
        numbers(lines),
        columns.join(", "),
        values.join(", ")
    );
    crate::database::execute_at(&sqlite, &fill);
    let database = testkit::postgres::Database::create(&server);
    let began = std::time::Instant::now();
    let done = scene
        .keyway
        .command(&["db", "copy", "--json"])
        .env("KEYWAY_DATABASE", database.url())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    println!("{keys} keys and {lines} sums in {:?}", began.elapsed());
    for table in ["keys", "usage_rollup"] {
        assert_eq!(count(&sqlite, table), count(&database.url(), table), "{table}");
    }
    let sum = "SELECT CAST(SUM(requests) AS TEXT) FROM usage_rollup";
    assert_eq!(one(&scene.keyway, sum), rows_at(&database.url(), sum)[0][0].clone().unwrap());
}
