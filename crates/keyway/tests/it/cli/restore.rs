//! `keyway db restore`

use super::failed;
use crate::database;
use crate::stage::{self, Scene, nanousd, text};
use std::path::{Path, PathBuf};
use testkit::{Answer, Upstream, Usage, Value, eventually, json};

/// What a request to [`stage::MODEL`] costs here, nano-USD.
const COST: i64 = 20 * 500 + 10 * 1_500;

fn scene(upstream: &Upstream) -> Scene {
    Scene::start(stage::builder(upstream).sqlite().env("KEYWAY_WORKERS", "1"))
}

fn upstream() -> Upstream {
    Upstream::scripted(|_| Answer::ok().usage(Usage::new(20, 10)))
}

/// A backup: its path.
fn backup(scene: &Scene) -> PathBuf {
    let file = scene.keyway.data_dir().with_file_name("backup.db");
    let _ = scene.keyway.cli(&["db", "backup", file.to_str().expect("text")]).expect_code(0);
    file
}

fn restore(scene: &Scene, file: &Path, more: &[&str]) -> testkit::keyway::Output {
    let mut arguments = vec!["db", "restore", file.to_str().expect("text")];
    arguments.extend(more);
    scene.keyway.cli(&arguments)
}

fn with_budget(scene: &Scene) -> (String, String, String) {
    let made = scene.create_key(&json!({"name": "k", "budget": {"limit_usd": "0.1", "window": "total"}}));
    let budget = database::one(
        &scene.keyway,
        &format!("SELECT id FROM budgets WHERE key_id = '{}'", text(&made["id"])),
    );
    (text(&made["id"]), text(&made["value"]), budget)
}

fn standing(scene: &Scene, budget: &str) -> Value {
    scene.get_json(&format!("/v1/organization/budgets/{budget}"))
}

#[test]
fn it_wants_no_server_no_database_unless_told_and_the_same_master_key() {
    let upstream = upstream();
    let mut scene = scene(&upstream);
    let file = backup(&scene);
    failed(&restore(&scene, &file, &["--replace"]), 1, &["another server"]);
    scene.keyway.terminate();
    let before = std::fs::read(scene.keyway.data_dir().join("keyway.db")).expect("the database");
    failed(&restore(&scene, &file, &[]), 2, &["--replace"]);
    let junk = file.with_file_name("junk.db");
    std::fs::write(&junk, b"no database").expect("a file");
    failed(&restore(&scene, &junk, &["--replace"]), 2, &["no backup"]);
    failed(&restore(&scene, &file.with_file_name("absent.db"), &["--replace"]), 2, &["cannot be read"]);
    let key = scene.keyway.data_dir().join("master.key");
    let own = std::fs::read(&key).expect("the master key");
    std::fs::write(&key, "ab".repeat(32)).expect("another master key");
    failed(&restore(&scene, &file, &["--replace"]), 78, &["another master key"]);
    std::fs::write(&key, own).expect("the master key");
    let after = std::fs::read(scene.keyway.data_dir().join("keyway.db")).expect("the database");
    assert!(before == after, "what was refused has changed something");
    let done = restore(&scene, &file, &["--replace"]).expect_code(0);
    assert!(done.stdout.contains("keyway.db.before-restore-1"), "{done:?}");
    scene.keyway.start();
    let _ = scene.keyway.cli(&["audit", "verify"]).expect_code(0);
    let events = scene.get_json("/v1/organization/audit_logs?limit=5").to_string();
    assert!(events.contains("database.restored"), "{events}");
}

#[test]
fn what_has_ended_since_the_backup_stays_ended() {
    let upstream = upstream();
    let mut scene = scene(&upstream);
    let (revoked, revoked_secret) = scene.make_key();
    let (turned, old_secret) = scene.make_key();
    let (_, kept_secret) = scene.make_key();
    let file = backup(&scene);
    scene.delete(&scene.key_path(&revoked)).expect_status(200);
    let path = format!("{}/rotate", scene.key_path(&turned));
    let rotated = scene.post(&path, &json!({"overlap_seconds": 0})).expect_status(200).json();
    scene.keyway.terminate();
    let told = restore(&scene, &file, &["--replace", "--json"]).expect_code(0).json();
    assert_eq!((&told["keys_stopped"], &told["keys_disabled"]), (&json!(1), &json!(0)), "{told}");
    scene.keyway.start();
    assert_eq!(scene.chat(&revoked_secret).code(), "revoked_api_key");
    assert_ne!(scene.chat(&old_secret).status, 200);
    scene.chat(&text(&rotated["value"])).expect_status(200);
    scene.chat(&kept_secret).expect_status(200);
    // Onto an empty disk, nobody knows what was revoked.
    scene.keyway.terminate();
    let folder = scene.keyway.data_dir();
    for name in ["keyway.db", "keyway.db-wal", "keyway.db-shm"] {
        let _ = std::fs::remove_file(folder.join(name));
    }
    let told = restore(&scene, &file, &["--disable-keys"]).expect_code(0);
    assert!(told.stdout.contains("keys disabled"), "{told:?}");
    scene.keyway.start();
    for secret in [&revoked_secret, &kept_secret] {
        assert_eq!(scene.chat(secret).code(), "disabled_api_key");
    }
}

/// The same as a loss of power: SQLite has forgotten what it had granted, the journal has not.
#[test]
fn what_was_spent_since_is_charged_again_as_far_as_the_journal_knows() {
    let upstream = upstream();
    let mut scene = scene(&upstream);
    let (_, key, budget) = with_budget(&scene);
    scene.chat(&key).expect_status(200);
    eventually("a charge", || (nanousd(&standing(&scene, &budget)["spent_usd"]) == COST).then_some(()));
    let file = backup(&scene);
    for _ in 0..9 {
        scene.chat(&key).expect_status(200);
    }
    scene.keyway.kill9();
    let _ = restore(&scene, &file, &["--replace"]).expect_code(0);
    scene.keyway.start();
    eventually("every charge", || {
        (nanousd(&standing(&scene, &budget)["spent_usd"]) == 10 * COST).then_some(())
    });
    assert_eq!(upstream.count(), 10);
    let _ = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
}

/// What the start had leased that was running when the backup was made stays held, for its journal was taken in
/// by the database that is gone; and nobody is charged above a limit that is smaller now.
#[test]
fn what_was_spent_since_is_charged_as_far_as_there_is_money() {
    let upstream = upstream();
    let mut scene = scene(&upstream);
    let (_, key, budget) = with_budget(&scene);
    scene.chat(&key).expect_status(200);
    eventually("a charge", || (nanousd(&standing(&scene, &budget)["spent_usd"]) == COST).then_some(()));
    let file = backup(&scene);
    scene.keyway.restart();
    for _ in 0..20 {
        scene.chat(&key).expect_status(200);
    }
    scene.keyway.kill9();
    let told = restore(&scene, &file, &["--replace", "--json"]).expect_code(0).json();
    let lost = told["leases_without_journal"].as_array().cloned().unwrap_or_default();
    assert_eq!(lost.len(), 1, "{told}");
    let path = format!("sqlite://{}", scene.keyway.data_dir().join("keyway.db").display());
    let few = format!("UPDATE budgets SET limit_nanousd = {} WHERE id = '{budget}';", 40 * COST);
    database::execute_at(&path, &few);
    let held =
        format!("SELECT CAST(leased_nanousd AS TEXT) FROM budget_windows WHERE account_id = '{budget}'");
    let held: i64 = database::one(&scene.keyway, &held).parse().expect("a number");
    assert!(held > 0, "nothing was leased when the backup was made");
    scene.keyway.start();
    let lines = || (scene.requests().len() == 21).then_some(());
    eventually("every line", lines);
    let expected = COST + (39 * COST - held).clamp(0, 20 * COST);
    eventually("what can be charged", || {
        (nanousd(&standing(&scene, &budget)["spent_usd"]) == expected).then_some(())
    });
    let _ = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
    // What nobody can account for comes back when a person says so.
    let write_off = ["db", "lease", "write-off", lost[0].as_str().expect("a start"), "--charge", "nobody"];
    let _ = scene.keyway.cli(&write_off).expect_code(0);
    let after = standing(&scene, &budget);
    assert_eq!((nanousd(&after["spent_usd"]), nanousd(&after["held_usd"])), (expected, 0), "{after}");
    let _ = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
}
