//! Every change has its record, in one gapless chain, and none happens without it.

use crate::database;
use crate::stage::{self, Scene, bare};
use crate::table::{self, World};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use testkit::{Upstream, json};

/// Columns of a record, in the order in which they are chained, and the chain value.
const COLUMNS: &str = "CAST(seq AS TEXT), CAST(at_ms AS TEXT), org_id, COALESCE(project_id, ''), actor_kind, actor_id, \
    COALESCE(actor_ip, ''), event, object_id, detail, hash";

fn records(scene: &Scene) -> Vec<Vec<String>> {
    let rows =
        database::rows(&scene.keyway, &format!("SELECT {COLUMNS} FROM audit_log ORDER BY audit_log.seq"));
    let rows = rows.into_iter();
    rows.map(|row| row.into_iter().map(|column| column.expect("no column is null")).collect()).collect()
}

fn changes(scene: &Scene) -> Vec<(String, String)> {
    let rows = database::rows(
        &scene.keyway,
        "SELECT CAST(seq AS TEXT), object_id FROM changes ORDER BY changes.seq",
    );
    let text = |column: &Option<String>| column.clone().unwrap_or_default();
    rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

/// SHA-256 over the value before and every field, each after its length in bytes (8, little-endian).
fn chained(previous: &str, fields: &[String]) -> String {
    let mut hasher = Sha256::new();
    for field in std::iter::once(previous).chain(fields.iter().map(String::as_str)) {
        hasher.update((field.len() as u64).to_le_bytes());
        hasher.update(field.as_bytes());
    }
    let mut hex = String::new();
    for byte in hasher.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Where the chain does not add up, if anywhere.
fn broken_at(records: &[Vec<String>]) -> Option<usize> {
    let mut previous = "";
    for (place, record) in records.iter().enumerate() {
        let (hash, fields) = record.split_last().expect("columns");
        if *hash != chained(previous, fields) || fields[0] != (place + 1).to_string() {
            return Some(place);
        }
        previous = hash;
    }
    None
}

#[test]
fn every_change_writes_one_record_and_one_change_of_the_same_number() {
    let scene = Scene::start(bare());
    let before = records(&scene).len();
    let (id, _) = scene.make_key();
    let path = scene.key_path(&id);
    for act in ["disable", "disable", "enable"] {
        scene.post(&format!("{path}/{act}"), &json!({})).expect_status(200);
    }
    scene.delete(&path).expect_status(200);
    scene.delete(&path).expect_status(200);
    let (by_command, _) = scene.keyway.make_key("by command");
    let _ = scene.keyway.json(&["key", "disable", &by_command]);
    // What is refused, or reads, leaves nothing.
    scene.post(&scene.keys_path(), &json!({"name": ""})).expect_status(400);
    scene.post(&format!("{path}/enable"), &json!({})).expect_status(409);
    scene.get(&path).expect_status(200);

    let all = records(&scene);
    let said: Vec<(&str, &str, &str)> =
        all[before..].iter().map(|record| (&*record[7], &*record[4], &*record[8])).collect();
    assert_eq!(
        said,
        [
            ("api_key.created", "admin_key", &*id),
            ("api_key.updated", "admin_key", &*id),
            ("api_key.updated", "admin_key", &*id),
            ("api_key.deleted", "admin_key", &*id),
            ("api_key.created", "cli", &*by_command),
            ("api_key.updated", "cli", &*by_command),
        ]
    );
    assert_eq!(all[before][6], "127.0.0.1");
    let numbers: Vec<(String, String)> =
        all.iter().map(|record| (record[0].clone(), record[8].clone())).collect();
    assert_eq!(changes(&scene), numbers);
    assert_eq!(broken_at(&all), None);
    let head = database::one(&scene.keyway, "SELECT audit_hash FROM change_head");
    assert_eq!(Some(&head), all.last().and_then(|record| record.last()));
}

#[test]
fn an_edited_a_missing_and_a_moved_record_are_seen() {
    let scene = Scene::start(bare());
    for _ in 0..4 {
        scene.make_key();
    }
    let good = records(&scene);
    assert_eq!(broken_at(&good), None);
    for column in 0..good[2].len() {
        let mut edited = good.clone();
        edited[2][column].push('x');
        assert!(broken_at(&edited).is_some(), "column {column}");
    }
    let mut missing = good.clone();
    missing.remove(2);
    assert!(broken_at(&missing).is_some());
    let mut moved = good;
    moved.swap(2, 3);
    assert!(broken_at(&moved).is_some());
}

#[test]
fn changes_at_the_same_time_make_one_chain() {
    let scene = Scene::start(bare());
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for _ in 0..5 {
                    let (id, _) = scene.make_key();
                    scene.delete(&scene.key_path(&id)).expect_status(200);
                }
            });
        }
        threads.spawn(|| {
            for number in 0..4 {
                let _ = scene.keyway.make_key(&format!("by command {number}"));
            }
        });
    });
    let all = records(&scene);
    assert_eq!(broken_at(&all), None);
    assert_eq!(changes(&scene).len(), all.len());
    assert!(all.len() >= 84, "{}", all.len());
}

/// From now on no record can be written.
fn stop_recording(scene: &Scene) {
    let statement = if scene.keyway.postgres_url().is_some() {
        "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'the log is closed'; END $$ \
         LANGUAGE plpgsql; CREATE TRIGGER closed BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse();"
    } else {
        "CREATE TRIGGER closed BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'the log is closed'); END;"
    };
    database::execute(&scene.keyway, statement);
}

fn record_again(scene: &Scene) {
    let statement = if scene.keyway.postgres_url().is_some() {
        "DROP TRIGGER closed ON audit_log"
    } else {
        "DROP TRIGGER closed"
    };
    database::execute(&scene.keyway, statement);
}

/// Everything a change could have touched.
fn state(scene: &Scene) -> Vec<database::Rows> {
    [
        "SELECT id, status, CAST(revoked_ms AS TEXT) FROM keys ORDER BY id",
        "SELECT kid, key_id FROM key_secrets ORDER BY kid",
        "SELECT CAST(seq AS TEXT), audit_hash FROM change_head",
        "SELECT CAST(seq AS TEXT), kind FROM changes ORDER BY seq",
        "SELECT hash FROM audit_log ORDER BY seq",
        "SELECT idem_key FROM idempotency",
    ]
    .map(|query| database::rows(&scene.keyway, query))
    .into()
}

#[test]
fn no_write_of_the_route_table_happens_unrecorded() {
    let world = World::start();
    stop_recording(&world.scene);
    let before = database::everything(&world.scene.keyway);
    let mut walked = 0;
    for route in table::routes().filter(|route| table::is_write(route)) {
        let answer = world.call(route, &world.scene.admin);
        let name = route.name;
        assert_eq!((answer.status, answer.code().as_str()), (503, "overloaded"), "{name}: {}", answer.text());
        assert!(answer.header("retry-after").is_some() && !answer.text().contains("sk-kw-"), "{name}");
        assert!(database::everything(&world.scene.keyway) == before, "{name} changed something");
        walked += 1;
    }
    assert!(walked >= 6, "{walked}");
    let file = world.scene.keyway.data_dir().join("export.jsonl");
    let _ = world.scene.keyway.cli(&["audit", "list", "--export", file.to_str().unwrap()]).expect_code(1);
    assert!(!file.exists(), "an export without its record");
    let usage = world.scene.keyway.cli(&["usage", "--csv"]).expect_code(1);
    assert!(usage.stdout.is_empty(), "an export without its record: {usage:?}");
    world.scene.chat(&world.live).expect_status(200);
    record_again(&world.scene);
    // The same calls are good: each in a world of its own would be too slow, so those that end nothing.
    for route in table::routes().filter(|route| table::is_write(route) && route.name.ends_with("_create")) {
        let answer = world.call(route, &world.scene.admin);
        assert_eq!(answer.status, 200, "{}: {}", route.name, answer.text());
    }
}

#[test]
fn what_cannot_be_recorded_does_not_happen() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (id, key) = scene.make_key();
    let (resting, resting_key) = scene.make_key();
    scene.post(&format!("{}/disable", scene.key_path(&resting)), &json!({})).expect_status(200);
    stop_recording(&scene);
    let before = state(&scene);

    let bearer = format!("Bearer {}", scene.admin);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "unrecorded"),
    ];
    let created = scene.keyway.request("POST", &scene.keys_path(), &headers, b"{\"name\":\"n\"}");
    let admin = scene.post("/v1/organization/admin_api_keys", &json!({"name": "n"}));
    let disabled = scene.post(&format!("{}/disable", scene.key_path(&id)), &json!({}));
    let enabled = scene.post(&format!("{}/enable", scene.key_path(&resting)), &json!({}));
    let revoked = scene.delete(&scene.key_path(&id));
    for answer in [created, admin, disabled, enabled, revoked] {
        assert_eq!((answer.status, answer.code().as_str()), (503, "overloaded"), "{}", answer.text());
        assert!(!answer.text().contains("sk-kw-") && !answer.text().contains("closed"), "{}", answer.text());
    }
    for arguments in [
        &["key", "create", "--name", "n"][..],
        &["admin-key", "create", "--name", "n"],
        &["key", "disable", &id],
        &["key", "revoke", &id, "--yes"],
    ] {
        let output = scene.keyway.cli(arguments).expect_code(1);
        assert!(output.stdout.is_empty() && !output.stderr.contains("sk-kw-"), "{output:?}");
    }
    assert_eq!(state(&scene), before);
    scene.chat(&key).expect_status(200);
    assert_eq!(scene.chat(&resting_key).code(), "disabled_api_key");

    record_again(&scene);
    let created = scene.keyway.request("POST", &scene.keys_path(), &headers, b"{\"name\":\"n\"}");
    assert!(created.expect_status(200).json()["value"].is_string());
    scene.delete(&scene.key_path(&id)).expect_status(200);
    assert_eq!(scene.chat(&key).code(), "revoked_api_key");
    assert_eq!(broken_at(&records(&scene)), None);
}
