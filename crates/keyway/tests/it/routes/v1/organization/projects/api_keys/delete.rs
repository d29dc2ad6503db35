//! DELETE `/v1/organization/projects/{project}/api_keys/{key}`

use super::super::super::{NOBODY, refused};
use crate::database;
use crate::stage::{Scene, bare, text};
use testkit::json;

#[test]
fn the_answer_as_documented_and_the_key_gone_for_good() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    scene.keyway.get("/v1/models", &key).expect_status(200);
    let answer = scene.delete(&scene.key_path(&id)).expect_status(200);
    let expected =
        format!(r#"{{"id":"{id}","object":"organization.project.api_key.deleted","deleted":true}}"#);
    assert_eq!(answer.text(), expected);
    let refusal = scene.keyway.get("/v1/models", &key);
    assert_eq!((refusal.status, refusal.code().as_str()), (401, "revoked_api_key"));
    assert_eq!(scene.get_json(&scene.key_path(&id))["status"], "revoked");
    // Only who knows the secret learns that the key was revoked.
    let wrong = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
    assert_eq!(scene.keyway.get("/v1/models", &wrong).code(), "invalid_api_key");
    assert_eq!(scene.delete(&scene.key_path(&id)).expect_status(200).text(), expected, "again");
}

#[test]
fn what_is_not_yours_is_not_there_and_stays() {
    let scene = Scene::start(bare());
    let [_, theirs, their_admin] = database::other_organization(&scene.keyway);
    let admin_id = text(&scene.get_json("/v1/organization/admin_api_keys")["data"][0]["id"]);
    let nobody = scene.delete(&scene.key_path(&format!("key_{NOBODY}")));
    refused(&nobody, 404, "not_found", None);
    for id in [theirs, their_admin, &admin_id, "nonsense"] {
        let answer = scene.delete(&scene.key_path(id));
        assert_eq!((answer.status, answer.text()), (404, nobody.text()), "{id}");
    }
    let revoked = "SELECT CAST(COUNT(*) AS TEXT) FROM keys WHERE status <> 'active'";
    assert_eq!(database::one(&scene.keyway, revoked), "0");
}

#[test]
fn parameters_are_read_or_refused_by_name() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    for (query, param) in [("wait=some", "wait"), ("force=1", "force")] {
        let answer = scene.delete(&format!("{}?{query}", scene.key_path(&id)));
        refused(&answer, 400, "invalid_request", Some(param));
    }
    assert_eq!(scene.get_json(&scene.key_path(&id))["status"], json!("active"));
}
