use super::*;
use ledger::limit::{Kind, Limits};
use serde_json::{Value, json};

pub(crate) fn row() -> KeyRow {
    KeyRow {
        id: "key_01arz3ndektsv4rrffq69g5fav".to_owned(),
        kind: "project".to_owned(),
        mode: "live".to_owned(),
        org_id: "org_1".to_owned(),
        project_id: Some("proj_1".to_owned()),
        name: "backend".to_owned(),
        status: "active".to_owned(),
        created_ms: 1_700_000_000_999,
        secret_created_ms: 1_700_000_000_999,
        expires_ms: Some(1_700_000_100_000),
        kid: "AbCdEfGhIjKl".to_owned(),
        limits: Limits::default().with(Kind::RequestsPerMinute, 60),
        ..KeyRow::default()
    }
}

fn json_of(object: &KeyObject<'_>) -> Value {
    serde_json::to_value(object).unwrap()
}

#[test]
fn a_project_key_as_documented_and_in_that_order() {
    let row = row();
    let text = serde_json::to_string(&KeyObject::new(&row, 1_700_000_000_999)).unwrap();
    assert_eq!(
        text,
        r#"{"object":"organization.project.api_key","id":"key_01arz3ndektsv4rrffq69g5fav","name":"backend","description":"","redacted_value":"sk-kw-live-AbCd...","created_at":1700000000,"expires_at":1700000100,"last_used_at":null,"status":"active","scopes":["create:chat_completions","create:completions","create:embeddings","read:models"],"read_only":false,"models":null,"endpoints":null,"not_before":null,"idle_expires_in_seconds":null,"rotation_due_at":1707776000,"labels":{},"metadata":{},"mode":"live","project_id":"proj_1","rate_limits":{"requests_per_minute":60,"tokens_per_minute":null,"requests_per_day":null,"tokens_per_day":null,"concurrency":null},"exposed_in_browser":null,"ip_allowlist":null,"owner":null,"warnings":[]}"#
    );
}

#[test]
fn the_secret_is_in_the_first_answer_only() {
    let row = row();
    let warnings = ["mind".to_owned()];
    let made = json_of(&KeyObject::made(&row, 0, "sk-secret", &warnings));
    assert_eq!((&made["value"], &made["warnings"]), (&json!("sk-secret"), &json!(["mind"])));
    assert_eq!(made.get("secret_already_shown"), None);
    let again = json_of(&KeyObject::made_before(&row, 0, &warnings));
    assert_eq!((&again["value"], &again["secret_already_shown"]), (&Value::Null, &json!(true)));
    assert_eq!(json_of(&KeyObject::new(&row, 0)).get("value"), None);
}

#[test]
fn status_lists_and_kinds() {
    let expired = row();
    assert_eq!(json_of(&KeyObject::new(&expired, 1_700_000_100_000))["status"], "expired");
    let listed = KeyRow {
        scopes: Some("[]".to_owned()),
        models: Some(r#"["mine/*"]"#.to_owned()),
        owner_kind: "user".to_owned(),
        owner_id: "user_1".to_owned(),
        ..row()
    };
    let listed = json_of(&KeyObject::new(&listed, 0));
    assert_eq!((&listed["scopes"], &listed["models"]), (&json!([]), &json!(["mine/*"])));
    assert_eq!(listed["owner"], json!({ "type": "user", "id": "user_1" }));
    let admin = KeyRow { kind: "admin".to_owned(), project_id: None, ..row() };
    let admin = json_of(&KeyObject::new(&admin, 0));
    assert_eq!(admin["object"], ADMIN_KEY);
    assert_eq!(admin["redacted_value"], "sk-kw-admin-AbCd...");
    assert_eq!((admin.get("models"), admin.get("project_id"), admin.get("mode")), (None, None, None));
}
