//! `keyway key`

use super::{cells, failed};
use crate::stage::{Scene, bare, fields, text};
use testkit::json;

#[test]
fn objects_are_those_of_the_api() {
    let scene = Scene::start(bare());
    let arguments = [
        "key",
        "create",
        "--name",
        "backend",
        "--description",
        "for a test",
        "--scope",
        "read:models",
        "create:chat_completions",
        "--model",
        "sandbox/*",
        "--expires",
        "90d",
        "--json",
    ];
    let output = scene.keyway.cli(&arguments).expect_code(0);
    assert_eq!(output.stdout.lines().count(), 1, "{}", output.stdout);
    let made = output.json();
    let by_api = scene.post(&scene.keys_path(), &json!({"name": "other"})).expect_status(200);
    assert_eq!(fields(&output.stdout), fields(&by_api.text()));
    assert_eq!(
        (&made["scopes"], &made["models"], &made["warnings"]),
        (&json!(["read:models", "create:chat_completions"]), &json!(["sandbox/*"]), &json!([]))
    );
    let days = (made["expires_at"].as_i64().unwrap_or_default()
        - made["created_at"].as_i64().unwrap_or_default())
        / 86_400;
    assert_eq!(days, 90);

    let id = text(&made["id"]);
    let shown = scene.keyway.cli(&["key", "show", &id, "--json"]).expect_code(0);
    let api = scene.get(&scene.key_path(&id));
    assert_eq!(shown.stdout.trim_end(), api.text());
    let listed = scene.keyway.cli(&["key", "list", "--json"]).expect_code(0);
    let api = scene.get(&format!("{}?limit=100", scene.keys_path()));
    assert_eq!(listed.stdout.trim_end(), api.text());

    for (act, status) in [("disable", "disabled"), ("enable", "active")] {
        let switched = scene.keyway.json(&["key", act, &id]);
        assert_eq!((&switched, &switched["status"]), (&scene.get_json(&scene.key_path(&id)), &json!(status)));
    }
    let revoked = scene.keyway.json(&["key", "revoke", &id, "--yes"]);
    assert_eq!(revoked, json!({"id": id, "object": "organization.project.api_key.deleted", "deleted": true}));
    assert_eq!(scene.get_json(&scene.key_path(&id))["status"], "revoked");
}

#[test]
fn the_secret_alone_is_data() {
    let keyway = bare().prepare();
    let output = keyway.cli(&["key", "create", "--name", "one"]).expect_code(0);
    let secret = output.stdout.trim_end();
    assert!(secret.starts_with("sk-kw-live-") && output.stdout.lines().count() == 1, "{output:?}");
    assert!(output.stderr.contains("key_") && output.stderr.contains("never expires"), "{output:?}");
    assert!(!output.stderr.contains(secret));

    let test = keyway.cli(&["key", "create", "--name", "t", "--test"]).expect_code(0);
    assert!(test.stdout.starts_with("sk-kw-test-"), "{test:?}");

    let list = cells(&keyway.cli(&["key", "list"]).expect_code(0).stdout);
    let names: Vec<(&str, &str)> = list.iter().map(|row| (&*row[1], &*row[3])).collect();
    assert_eq!(names, [("one", "live"), ("t", "test")]);
    assert!(list.iter().all(|row| row.len() == 8), "{list:?}");
    let shown = keyway.cli(&["key", "show", &list[0][0]]).expect_code(0);
    let shown = cells(&shown.stdout);
    assert_eq!(shown[0], ["id", &list[0][0]]);
    assert!(shown.contains(&vec!["status".to_owned(), "active".to_owned()]), "{shown:?}");
}

#[test]
fn what_is_not_there_ends_with_3() {
    let keyway = bare().sqlite().prepare();
    for arguments in [&["key", "list"][..], &["key", "show", "key_1"], &["key", "revoke", "key_1", "--yes"]] {
        failed(&keyway.cli(arguments), 3, &["no installation", "--data-dir"]);
    }
    assert!(!keyway.data_dir().exists(), "reading made an installation");
    let (id, _) = keyway.make_key("one");
    let (admin, _) = keyway.make_admin_key("root");
    for unknown in ["key_01m7y800000000000000000000", "nonsense", &admin] {
        for act in [&["show"][..], &["disable"], &["enable"], &["revoke", "--yes"]] {
            let mut arguments = vec!["key", act[0], unknown];
            arguments.extend(&act[1..]);
            failed(&keyway.cli(&arguments), 3, &["no such key"]);
        }
    }
    failed(&keyway.cli(&["key", "create", "--name", "n", "--project", "Nowhere"]), 3, &["no such project"]);
    failed(&keyway.cli(&["key", "list", "--project", "Nowhere"]), 3, &["no such project"]);
    let _ = keyway.json(&["key", "revoke", &id, "--yes"]);
    failed(&keyway.cli(&["key", "enable", &id]), 1, &["revoked"]);
    failed(&keyway.cli(&["key", "revoke", &id, "--yes", "--yes"]), 2, &["--yes"]);
    let _ = keyway.json(&["key", "revoke", &id, "--yes"]);
}

#[test]
fn what_cannot_be_ends_with_2_and_makes_nothing() {
    let keyway = bare().prepare();
    let _ = keyway.make_key("one");
    let long = "x".repeat(129);
    for arguments in [
        &["--name", ""][..],
        &["--name", &long],
        &["--name", "n", "--scope", "read:everything"],
        &["--name", "n", "--scope", "read:keys"],
        &["--name", "n", "--expires", "soon"],
        &["--name", "n", "--expires", "0d"],
        &["--name", "n", "--model", ""],
        &["--name", "n", "--colour", "red"],
        &[],
    ] {
        let mut whole = vec!["key", "create"];
        whole.extend(arguments);
        failed(&keyway.cli(&whole), 2, &[]);
    }
    assert_eq!(keyway.json(&["key", "list"])["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_project_is_named_by_its_id_or_its_name() {
    let scene = Scene::start(bare());
    for project in ["Default", &scene.project] {
        let made = scene.keyway.json(&["key", "create", "--name", "n", "--project", project]);
        assert_eq!(made["project_id"], scene.project.as_str());
        let list = scene.keyway.json(&["key", "list", "--project", project]);
        assert!(list["data"].as_array().is_some_and(|keys| !keys.is_empty()), "{list}");
    }
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let keyway = bare().prepare();
    let (id, _) = keyway.make_key("one");
    let output = keyway.cli(&["key", "revoke", &id]).expect_code(0);
    assert_eq!(cells(&output.stdout), [[id.as_str(), "revoked"]]);
    assert!(!output.stderr.contains("[y/N]"), "{output:?}");
}

#[test]
fn a_key_is_rotated_and_its_secrets_are_listed() {
    let scene = Scene::start(bare());
    let (id, old) = scene.make_key();
    let output = scene.keyway.cli(&["key", "rotate", &id, "--overlap", "24h"]).expect_code(0);
    let new = output.stdout.trim_end();
    assert!(new.starts_with("sk-kw-live-") && new != old, "{output:?}");
    assert!(output.stderr.contains(&id) && !output.stderr.contains(new), "{output:?}");
    for secret in [new, &old] {
        scene.keyway.get("/v1/models", secret).expect_status(200);
    }
    let listed = scene.keyway.cli(&["key", "secret", "list", &id, "--json"]).expect_code(0);
    let api = scene.get(&format!("{}/secrets", scene.key_path(&id)));
    assert_eq!(listed.stdout.trim_end(), api.text());
    let plain = cells(&scene.keyway.cli(&["key", "secret", "list", &id]).expect_code(0).stdout);
    assert_eq!(plain.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["active", "active"]);

    let rotated = scene.keyway.json(&["key", "rotate", &id, "--overlap", "0"]);
    let by_api = scene.post(&format!("{}/rotate", scene.key_path(&id)), &json!({"overlap_seconds": 60}));
    let names = |object: &testkit::Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&rotated), names(&by_api.expect_status(200).json()));
    testkit::eventually("the end of the older secrets", || {
        (scene.keyway.get("/v1/models", &old).code() == "expired_api_key").then_some(())
    });
    let kid = &old["sk-kw-live-".len()..][..12];
    let deleted = scene.keyway.json(&["key", "secret", "delete", &id, kid]);
    assert_eq!(
        deleted,
        json!({"id": kid, "object": "organization.project.api_key.secret.deleted", "deleted": true})
    );
    failed(&scene.keyway.cli(&["key", "secret", "delete", &id, kid]), 3, &["no such secret"]);
    failed(&scene.keyway.cli(&["key", "rotate", "key_1", "--overlap", "1h"]), 3, &["no such key"]);
    failed(&scene.keyway.cli(&["key", "rotate", &id]), 2, &["--overlap"]);
    failed(&scene.keyway.cli(&["key", "rotate", &id, "--overlap", "31d"]), 2, &["overlap_seconds"]);
}
