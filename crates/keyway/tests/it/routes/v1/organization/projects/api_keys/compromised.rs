//! POST `/v1/organization/projects/{project}/api_keys/{key}/compromised`

use super::super::super::{NOBODY, refused};
use crate::database;
use crate::stage::{self, MODEL, Scene, bare, now_seconds, text};
use testkit::{Response, Upstream, Value, json};

fn report(scene: &Scene, id: &str, body: &Value) -> Response {
    scene.post(&format!("{}/compromised", scene.key_path(id)), body)
}

#[test]
fn the_key_is_stopped_and_its_uses_are_told() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (id, key) = scene.make_key();
    let rotated = scene.post(&format!("{}/rotate", scene.key_path(&id)), &json!({"overlap_seconds": 600}));
    let second = text(&rotated.expect_status(200).json()["value"]);
    let mut last = String::new();
    for secret in [&key, &key, &second] {
        let answer = scene.chat(secret).expect_status(200);
        answer.header("x-request-id").unwrap_or_default().clone_into(&mut last);
    }
    scene.request(&last);
    let answer = report(&scene, &id, &json!({"since": now_seconds() - 600})).expect_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let said = answer.json();
    assert_eq!(said["object"], "organization.project.api_key.incident");
    assert_eq!((&said["api_key"]["id"], &said["api_key"]["status"]), (&json!(id), &json!("revoked")));
    assert_eq!((&said["replacement"], &said["uses"]["complete"]), (&Value::Null, &json!(true)));
    let [used] = said["uses"]["data"].as_array().unwrap().as_slice() else { panic!("{said}") };
    assert_eq!(
        (&used["ip"], &used["model"], &used["num_model_requests"], &used["num_failed_requests"]),
        (&json!("127.0.0.1"), &json!(MODEL), &json!(3), &json!(0))
    );
    assert!(used["cost_usd"].as_f64() > Some(0.0) && used["first_at"].as_i64() <= used["last_at"].as_i64());
    assert!(text(&said["warnings"][0]).contains("Nobody was mailed"));
    for secret in [&key, &second] {
        assert_eq!(scene.chat(secret).code(), "revoked_api_key");
    }
    // Once more: what was used is told again, and nothing else changes.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let again = report(&scene, &id, &json!({"since": now_seconds()})).expect_status(200).json();
    assert_eq!(again["api_key"]["status"], "revoked");
    assert_eq!(again["uses"]["data"].as_array().map(Vec::len), Some(0), "{again}");
    let record = "SELECT detail FROM audit_log WHERE event = 'api_key.compromised' ORDER BY seq";
    assert!(database::one(&scene.keyway, record).contains(r#""was":"active""#));
}

#[test]
fn a_replacement_may_the_same() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "worker", "description": "d", "scopes": ["read:models"],
        "models": ["sandbox/*"], "endpoints": ["/v1/models"], "ip_allowlist": ["127.0.0.0/8"],
        "labels": {"team": "a"}, "metadata": {"ticket": "X"}, "idle_expires_in_seconds": 86_400,
        "expires_in_seconds": 3600, "rate_limits": {"requests_per_minute": 60}}));
    let (id, old) = (text(&made["id"]), text(&made["value"]));
    let path = format!("{}/compromised", scene.key_path(&id));
    let bearer = format!("Bearer {}", scene.admin);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "leak-1"),
    ];
    let call =
        || scene.keyway.request("POST", &path, &headers, b"{\"replace\":true}").expect_status(200).json();
    let said = call();
    let new = &said["replacement"];
    let value = text(&new["value"]);
    for field in ["id", "value", "redacted_value", "created_at", "rotation_due_at", "warnings"] {
        assert!(field == "warnings" || field.ends_with("_at") || new[field] != made[field], "{field}");
    }
    for field in made.as_object().unwrap().keys() {
        let own = ["id", "value", "redacted_value", "created_at", "rotation_due_at", "warnings"];
        assert!(own.contains(&field.as_str()) || new[field] == made[field], "{field}: {new}");
    }
    scene.keyway.get("/v1/models", &value).expect_status(200);
    assert_eq!(scene.keyway.get("/v1/models", &old).code(), "revoked_api_key");
    let shown = scene.get_json(&scene.key_path(&text(&new["id"])));
    assert_eq!((&shown["rate_limits"], &shown["models"]), (&made["rate_limits"], &made["models"]));
    // A repeated call makes no second one and shows no secret.
    let again = call();
    assert_eq!((&again["replacement"]["id"], &again["replacement"]["value"]), (&new["id"], &Value::Null));
    assert_eq!(again["replacement"]["secret_already_shown"], true);
    let workers = "SELECT CAST(COUNT(*) AS TEXT) FROM keys WHERE name = 'worker'";
    assert_eq!(database::one(&scene.keyway, workers), "2");
}

#[test]
fn a_replacement_is_no_more_than_its_maker() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    let admin = |scopes: &[&str]| {
        let made = scene.post("/v1/organization/admin_api_keys", &json!({"name": "a", "scopes": scopes}));
        text(&made.expect_status(200).json()["value"])
    };
    let path = format!("{}/compromised", scene.key_path(&id));
    let by = |key: &str, body: &Value| scene.keyway.post_json(&path, key, body);
    let stops = admin(&["delete:keys"]);
    refused(&by(&stops, &json!({"replace": true})), 403, "missing_scope", None);
    scene.keyway.get("/v1/models", &key).expect_status(200);
    by(&stops, &json!({})).expect_status(200);
    assert_eq!(scene.keyway.get("/v1/models", &key).code(), "revoked_api_key");
    by(&admin(&["delete:keys", "create:keys"]), &json!({"replace": true})).expect_status(200);
}

#[test]
fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    for (body, param) in [
        (json!({"replace": "yes"}), "replace"),
        (json!({"since": -1}), "since"),
        (json!({"since": now_seconds() + 3600}), "since"),
        (json!({"since": "yesterday"}), "since"),
        (json!({"colour": 1}), "colour"),
    ] {
        refused(&report(&scene, &id, &body), 400, "invalid_request", Some(param));
    }
    let nobody = report(&scene, &format!("key_{NOBODY}"), &json!({}));
    refused(&nobody, 404, "not_found", None);
    let [_, theirs, _] = database::other_organization(&scene.keyway);
    for id in [theirs, "nonsense"] {
        let answer = report(&scene, id, &json!({"replace": true}));
        assert_eq!((answer.status, answer.text()), (404, nobody.text()), "{id}");
    }
    scene.keyway.get("/v1/models", &key).expect_status(200);
}

#[test]
fn by_command_the_new_secret_alone_is_the_first_line() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    let output = scene.keyway.cli(&["key", "compromised", &id, "--replace", "--yes"]).expect_code(0);
    let new = output.stdout.lines().next().unwrap_or_default();
    assert!(new.starts_with("sk-kw-live-") && !output.stderr.contains(new), "{output:?}");
    assert!(output.stderr.contains("sends no mail"), "{output:?}");
    scene.keyway.get("/v1/models", new).expect_status(200);
    testkit::eventually("a refusal", || {
        (scene.keyway.get("/v1/models", &key).code() == "revoked_api_key").then_some(())
    });
    let (other, _) = scene.make_key();
    let said = scene.keyway.json(&["key", "compromised", &other, "--since", "1d", "--yes"]);
    let by_api = report(&scene, &other, &json!({})).expect_status(200).json();
    let names = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&said), names(&by_api));
}

#[test]
fn a_message_to_the_owner_and_the_admins_waits() {
    let scene = Scene::start(bare());
    let owner = super::super::super::member(&scene, "owner-of-key@x.y", "developer");
    for (email, role) in [("boss@x.y", "owner"), ("chief@x.y", "admin"), ("other@x.y", "developer")] {
        super::super::super::member(&scene, email, role);
    }
    let place = json!({"user_id": owner, "role": "member"});
    scene.post(&format!("{}/users", scene.project_path), &place).expect_status(200);
    let made = scene.create_key(&json!({"name": "leaky", "owner": owner}));
    let id = text(&made["id"]);
    let told = ["boss@x.y", "chief@x.y", "owner-of-key@x.y"];
    let said = report(&scene, &id, &json!({})).expect_status(200).json();
    assert_eq!(said["notified"], json!(told));
    let list = scene.get_json("/v1/organization/notifications");
    let messages = list["data"].as_array().unwrap();
    let mut recipients: Vec<String> = messages.iter().map(|it| text(&it["recipient"])).collect();
    recipients.sort();
    assert_eq!(recipients, told);
    for message in messages {
        assert_eq!((&message["type"], &message["channel"]), (&json!("api_key.compromised"), &json!("email")));
        assert_eq!(
            (&message["detail"]["api_key_id"], &message["detail"]["name"]),
            (&json!(id), &json!("leaky"))
        );
    }
    assert!(!list.to_string().contains("sk-kw-"));
    // What is refused is no message.
    refused(&report(&scene, &id, &json!({"since": -1})), 400, "invalid_request", Some("since"));
    let again = scene.get_json("/v1/organization/notifications?limit=2");
    assert_eq!((&again["has_more"], &again["first_id"]), (&json!(true), &list["first_id"]));
    assert_eq!(again["data"].as_array().map(Vec::len), Some(2));
}
