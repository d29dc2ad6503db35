//! GET, POST and DELETE `/v1/organization/providers/{provider}/credentials[/{credential}]`

use super::super::refused;
use crate::stage::{Scene, builder, text};
use testkit::{Upstream, Value, json};

const OPENAI: &str = "/v1/organization/providers/openai/credentials";
const SECRET: &str = "sk-canary-of-a-provider-0123456789";

#[test]
fn a_credential_as_documented_is_never_shown_again() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let answer = scene.post(OPENAI, &json!({"value": SECRET, "name": "main"})).expect_status(200);
    let made = answer.json();
    let id = text(&made["id"]);
    let expected = json!({"object": "organization.provider.credential", "id": id, "provider": "openai",
        "name": "main", "owner": "installation", "source": "stored", "hint": "6789", "state": "enabled",
        "last_error": null, "last_error_at": null, "created_at": made["created_at"], "concurrency_max": null, "account": null});
    assert_eq!(made, expected);
    let mut said = vec![answer.text(), scene.get(OPENAI).text(), scene.get(&format!("{OPENAI}/{id}")).text()];
    assert_eq!(scene.get_json(&format!("{OPENAI}/{id}")), expected);
    let rotated = scene.post(&format!("{OPENAI}/{id}"), &json!({"value": "sk-canary-the-second-987654321"}));
    said.push(rotated.expect_status(200).text());
    said.push(scene.get("/v1/organization/audit_logs?limit=100").text());
    said.push(scene.get("/v1/organization/providers").text());
    said.push(scene.keyway.cli(&["provider", "credential", "list", "openai"]).expect_code(0).stdout);
    said.push(scene.keyway.cli(&["audit", "list", "--json"]).expect_code(0).stdout);
    for text in &said {
        assert!(!text.contains("sk-canary"), "{text}");
    }
    scene.delete(&format!("{OPENAI}/{id}")).expect_status(200);
    assert_eq!(scene.get(&format!("{OPENAI}/{id}")).status, 404);
    assert!(!scene.keyway.stderr().contains("sk-canary"));
    let data: Vec<u8> = std::fs::read_dir(scene.keyway.data_dir())
        .expect("the data folder")
        .filter_map(|entry| std::fs::read(entry.ok()?.path()).ok())
        .flatten()
        .collect();
    assert!(!data.windows(9).any(|nine| nine == b"sk-canary"), "it stands in the data folder");
}

#[test]
fn what_is_no_credential_is_refused() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    for value in ["", "two words", "sk-kw-live-abc", &"x".repeat(8193)] {
        refused(&scene.post(OPENAI, &json!({"value": value})), 400, "invalid_request", Some("value"));
    }
    refused(&scene.post(OPENAI, &json!({})), 400, "invalid_request", Some("value"));
    let nobody = OPENAI.replace("openai", "nobody");
    refused(&scene.post(&nobody, &json!({"value": SECRET})), 404, "not_found", None);
    let templated = OPENAI.replace("openai", "azure");
    refused(&scene.post(&templated, &json!({"value": SECRET})), 409, "conflict", None);
    for _ in 0..16 {
        scene.post(OPENAI, &json!({"value": SECRET})).expect_status(200);
    }
    refused(&scene.post(OPENAI, &json!({"value": SECRET})), 409, "conflict", None);
}

#[test]
fn an_organisation_has_credentials_of_its_own_and_hosts_of_nobody() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let org = text(&scene.post("/v1/organizations", &json!({"name": "t"})).expect_status(200).json()["id"]);
    let bearer = format!("Bearer {}", scene.admin);
    let headers = [("authorization", bearer.as_str()), ("openai-organization", org.as_str())];
    let path = "/v1/organization/admin_api_keys";
    let made = scene.keyway.request("POST", path, &headers, br#"{"name":"root"}"#).expect_status(200).json();
    let admin = text(&made["value"]);
    let post = |path: &str, body: &Value| scene.keyway.post_json(path, &admin, body);
    let own = post(OPENAI, &json!({"value": SECRET})).expect_status(200).json();
    assert_eq!(own["owner"], "organization");
    let theirs = text(&scene.post(OPENAI, &json!({"value": SECRET})).expect_status(200).json()["id"]);
    let list = scene.keyway.get(OPENAI, &admin).json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "the installation's are not theirs to see");
    assert_eq!(scene.keyway.get(&format!("{OPENAI}/{theirs}"), &admin).status, 404);
    assert_eq!(post(&format!("{OPENAI}/{theirs}"), &json!({"enabled": false})).status, 404);
    assert_eq!(scene.keyway.delete(&format!("{OPENAI}/{theirs}"), &admin).status, 404);
    let installation = post(OPENAI, &json!({"value": SECRET, "owner": "installation"}));
    refused(&installation, 403, "wrong_key_type", None);
    let host = json!({"id": "far", "base_url": "http://127.0.0.1:9/v1"});
    refused(&post("/v1/organization/providers", &host), 403, "wrong_key_type", None);
    let of_file = OPENAI.replace("openai", "mine");
    refused(&post(&of_file, &json!({"value": SECRET})), 404, "not_found", None);
    let shown = scene.keyway.get("/v1/organization/providers/openai", &admin).expect_status(200).json();
    assert_eq!((&shown["on"], &shown["credential"]), (&json!(true), &json!("organization")));
    assert!(shown.get("base_urls").is_none(), "{shown}");
}
