//! POST `/v1/organization/ip_allowlist`, and lists of projects and keys

use super::super::refused;
use crate::stage::{Scene, bare, text};
use testkit::{Value, json};

const PATH: &str = "/v1/organization/ip_allowlist";

#[test]
fn a_list_holds_for_every_key_and_leaves_nobody_out_by_mistake() {
    let scene = Scene::start(bare());
    assert_eq!(scene.get_json(PATH), json!({"object": "organization.ip_allowlist", "ip_allowlist": null}));
    for list in [json!(["10.0.0.0/8"]), json!([]), json!(["10.0.0.1/8"]), json!("x"), json!(["::1%lo"])] {
        refused(
            &scene.post(PATH, &json!({"ip_allowlist": list})),
            400,
            "invalid_request",
            Some("ip_allowlist"),
        );
    }
    refused(&scene.post(PATH, &json!({})), 400, "invalid_request", Some("ip_allowlist"));
    assert_eq!(scene.get_json(PATH)["ip_allowlist"], Value::Null);
    let set =
        scene.post(PATH, &json!({"ip_allowlist": ["127.0.0.0/8", "10.0.0.0/8"]})).expect_status(200).json();
    assert_eq!(scene.get_json(PATH), set);
    scene.post(PATH, &json!({"ip_allowlist": null})).expect_status(200);
    assert_eq!(scene.get_json(PATH)["ip_allowlist"], Value::Null);
}

#[test]
fn a_key_works_from_where_it_its_project_and_its_organisation_say() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    let models = |key: &str| scene.keyway.get("/v1/models", key);
    models(&key).expect_status(200);
    let elsewhere = scene.create_key(&json!({"name": "x", "ip_allowlist": ["192.0.2.0/24"]}));
    refused(&models(&text(&elsewhere["value"])), 403, "ip_not_allowed", None);
    let here = scene.create_key(&json!({"name": "x", "ip_allowlist": ["::ffff:127.0.0.1"]}));
    models(&text(&here["value"])).expect_status(200);
    scene.post(&scene.project_path, &json!({"ip_allowlist": ["192.0.2.0/24"]})).expect_status(200);
    refused(&models(&key), 403, "ip_not_allowed", None);
    scene.post(&scene.project_path, &json!({"ip_allowlist": null})).expect_status(200);
    models(&key).expect_status(200);
    let admin =
        scene.post("/v1/organization/admin_api_keys", &json!({"name": "x", "ip_allowlist": ["192.0.2.7"]}));
    let admin = text(&admin.expect_status(200).json()["value"]);
    refused(&scene.keyway.get(PATH, &admin), 403, "ip_not_allowed", None);
}
