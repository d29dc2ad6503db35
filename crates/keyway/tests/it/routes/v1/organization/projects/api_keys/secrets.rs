//! `/v1/organization/projects/{project}/api_keys/{key}/secrets[/{secret}]`

use super::super::super::{NOBODY, refused};
use crate::database;
use crate::stage::{Scene, bare, fields, text};
use testkit::{Value, json};

fn rotated(scene: &Scene) -> (String, String, String) {
    let (id, old) = scene.make_key();
    let path = format!("{}/rotate", scene.key_path(&id));
    let new = scene.post(&path, &json!({"overlap_seconds": 3600})).expect_status(200).json();
    (id, old, text(&new["value"]))
}

/// The public handle of a secret.
fn kid(secret: &str) -> String {
    secret["sk-kw-live-".len()..][..12].to_owned()
}

#[test]
fn each_secret_has_its_own_end_and_its_own_last_use() {
    let scene = Scene::start(bare());
    let (id, old, new) = rotated(&scene);
    let path = format!("{}/secrets", scene.key_path(&id));
    for _ in 0..3 {
        scene.keyway.get("/v1/models", &old).expect_status(200);
        scene.keyway.post_json("/v1/chat/completions", &old, &echo()).expect_status(200);
    }
    scene.keyway.post_json("/v1/chat/completions", &new, &echo()).expect_status(200);
    let list = testkit::eventually("the uses", || {
        let list = scene.get_json(&path);
        let counts: Vec<Option<i64>> =
            list["data"].as_array().unwrap().iter().map(|one| one["use_count"].as_i64()).collect();
        (counts == [Some(1), Some(6)]).then_some(list)
    });
    let [current, older] = list["data"].as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!(
        fields(&scene.get(&format!("{path}/{}", kid(&old))).text()),
        [
            "object",
            "id",
            "key_id",
            "redacted_value",
            "created_at",
            "expires_at",
            "last_used_at",
            "last_used_ip",
            "use_count",
            "status",
            "current"
        ]
    );
    for (one, secret) in [(current, &new), (older, &old)] {
        let expected = json!({"object": "organization.project.api_key.secret", "id": kid(secret), "key_id": id,
            "redacted_value": format!("{}...", &secret[..15]), "created_at": one["created_at"],
            "expires_at": one["expires_at"], "last_used_at": one["last_used_at"], "last_used_ip": "127.0.0.1",
            "use_count": one["use_count"], "status": "active", "current": secret == &new});
        assert_eq!(one, &expected);
        assert_eq!(scene.get_json(&format!("{path}/{}", kid(secret))), expected);
    }
    assert!(current["expires_at"].is_null() && older["expires_at"].is_i64());
    assert!(!scene.get(&path).text().contains(&old[23..]));
    let key = scene.get_json(&scene.key_path(&id));
    assert_eq!(
        key["last_used_at"].as_i64(),
        current["last_used_at"].as_i64().max(older["last_used_at"].as_i64())
    );
}

fn echo() -> Value {
    json!({"model": "sandbox/echo", "messages": [{"role": "user", "content": "hi"}]})
}

#[test]
fn a_secret_is_taken_away_before_its_time() {
    let scene = Scene::start(bare());
    let (id, old, new) = rotated(&scene);
    let path = format!("{}/secrets", scene.key_path(&id));
    scene.keyway.get("/v1/models", &old).expect_status(200);
    let answer = scene.delete(&format!("{path}/{}", kid(&old))).expect_status(200);
    assert_eq!(
        answer.json(),
        json!({"id": kid(&old), "object": "organization.project.api_key.secret.deleted", "deleted": true})
    );
    assert_eq!(scene.keyway.get("/v1/models", &old).code(), "invalid_api_key");
    scene.keyway.get("/v1/models", &new).expect_status(200);
    refused(&scene.delete(&format!("{path}/{}", kid(&old))), 404, "not_found", None);
    // A key is never without a secret.
    refused(&scene.delete(&format!("{path}/{}", kid(&new))), 409, "conflict", None);
    scene.keyway.get("/v1/models", &new).expect_status(200);
    assert_eq!(scene.get_json(&path)["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_not_yours_is_not_there() {
    let scene = Scene::start(bare());
    let (id, _, _) = rotated(&scene);
    let (_, other_secret) = scene.make_key();
    let [_, theirs, _] = database::other_organization(&scene.keyway);
    let nobody = scene.get(&format!("{}/secrets", scene.key_path(&format!("key_{NOBODY}"))));
    refused(&nobody, 404, "not_found", None);
    for key in [theirs, "nonsense"] {
        for path in ["secrets", "secrets/000000000001"] {
            let path = format!("{}/{path}", scene.key_path(key));
            assert_eq!((scene.get(&path).status, scene.get(&path).text()), (404, nobody.text()));
            if path.ends_with('1') {
                assert_eq!(scene.delete(&path).text(), nobody.text());
            }
        }
    }
    let unknown = format!("{}/secrets/ZZZZZZZZZZZZ", scene.key_path(&id));
    let unknown = scene.get(&unknown);
    refused(&unknown, 404, "not_found", None);
    for kid in ["000000000001".to_owned(), kid(&other_secret), "%00".to_owned()] {
        let path = format!("{}/secrets/{kid}", scene.key_path(&id));
        assert_eq!((scene.get(&path).status, scene.delete(&path).status), (404, 404), "{kid}");
    }
    refused(
        &scene.get(&format!("{}/secrets?after=x", scene.key_path(&id))),
        400,
        "invalid_request",
        Some("after"),
    );
}
