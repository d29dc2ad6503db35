//! `keyway admin-key`

use super::failed;
use crate::stage::{Scene, bare, fields, text};
use testkit::json;

#[test]
fn objects_are_those_of_the_api() {
    let scene = Scene::start(bare());
    let output = scene
        .keyway
        .cli(&[
            "admin-key",
            "create",
            "--name",
            "narrow",
            "--scope",
            "read:usage",
            "--expires",
            "1d",
            "--json",
        ])
        .expect_code(0);
    let path = "/v1/organization/admin_api_keys";
    let by_api = scene.post(path, &json!({"name": "other"})).expect_status(200);
    assert_eq!(fields(&output.stdout), fields(&by_api.text()));
    let made = output.json();
    assert_eq!(made["scopes"], json!(["read:usage"]));
    scene.keyway.get("/v1/organization/requests", &text(&made["value"])).expect_status(200);
    let listed = scene.keyway.cli(&["admin-key", "list", "--json"]).expect_code(0);
    assert_eq!(listed.stdout.trim_end(), scene.get(&format!("{path}?limit=100")).text());

    let id = text(&made["id"]);
    let revoked = scene.keyway.json(&["admin-key", "revoke", &id, "--yes"]);
    assert_eq!(revoked, json!({"id": id, "object": "organization.admin_api_key.deleted", "deleted": true}));
    testkit::eventually("a refusal", || {
        (scene.keyway.get("/v1/organization/requests", &text(&made["value"])).status == 401).then_some(())
    });
}

#[test]
fn mistakes_end_with_their_codes() {
    let keyway = bare().sqlite().prepare();
    failed(&keyway.cli(&["admin-key", "list"]), 3, &["no installation"]);
    let (project_key, _) = keyway.make_key("one");
    failed(&keyway.cli(&["admin-key", "revoke", &project_key, "--yes"]), 3, &["no such key"]);
    failed(
        &keyway.cli(&["admin-key", "create", "--name", "n", "--scope", "read:models"]),
        2,
        &["read:models"],
    );
    failed(&keyway.cli(&["admin-key", "create", "--name", "n", "--test"]), 2, &["--test"]);
    let made = keyway.cli(&["admin-key", "create", "--name", "n"]).expect_code(0);
    assert!(made.stdout.starts_with("sk-kw-admin-") && made.stdout.lines().count() == 1, "{made:?}");
}
