//! GET: who changed what.

use super::super::{refused, walk};
use crate::stage::{self, Scene, bare, fields, text};
use testkit::{Value, json};

const LOGS: &str = "/v1/organization/audit_logs";

fn types(list: &Value) -> Vec<String> {
    list["data"].as_array().into_iter().flatten().map(|entry| text(&entry["type"])).collect()
}

#[test]
fn a_record_as_documented() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    scene.post(&format!("{}/disable", scene.key_path(&id)), &json!({})).expect_status(200);
    let answer = scene.get(&format!("{LOGS}?resource_ids[]={id}")).expect_status(200);
    let list = answer.json();
    assert_eq!(types(&list), ["api_key.updated", "api_key.created"]);
    let made = &list["data"][1];
    let whole = answer.text();
    let object = &whole[whole.rfind(r#"{"object":"organization.audit_log""#).unwrap()..];
    assert_eq!(
        fields(object)[..9],
        ["object", "id", "type", "effective_at", "project", "actor", "api_key.created", "sequence", "hash"]
    );
    assert_eq!(made["project"], json!({"id": scene.project, "name": "Default"}));
    assert_eq!(
        (&made["actor"]["type"], &made["actor"]["api_key"]["ip_address"]),
        (&json!("api_key"), &json!("127.0.0.1"))
    );
    assert_eq!(made["api_key.created"]["id"], json!(id));
    assert_eq!(made["api_key.created"]["data"]["name"], "one");
    assert_eq!(list["data"][0]["api_key.updated"]["changes_requested"]["status"], "disabled");
    let at = made["effective_at"].as_u64().unwrap();
    assert!(at <= stage::now_seconds() && at > stage::yesterday());
    assert!(!answer.text().contains("sk-kw-"));
}

#[test]
fn filters_and_pages() {
    let scene = Scene::start(bare());
    let keys: Vec<String> = (0..5).map(|_| scene.make_key().0).collect();
    let (all, pages) = walk(&scene, LOGS, 2, "");
    assert!(pages >= 4 && all.len() >= 7, "{pages}");
    let sequences: Vec<i64> = all.iter().filter_map(|entry| entry["sequence"].as_i64()).collect();
    assert!(sequences.windows(2).all(|pair| pair[0] > pair[1]), "{sequences:?}");

    let count =
        |query: &str| scene.get_json(&format!("{LOGS}?limit=100&{query}"))["data"].as_array().unwrap().len();
    let (now, later) = (stage::now_seconds(), stage::now_seconds() + 100);
    let root = text(&all[0]["actor"]["api_key"]["id"]);
    for (query, expected) in [
        ("event_types[]=api_key.created&event_types[]=project.created".to_owned(), 8),
        ("event_types[]=no.such".to_owned(), 0),
        (format!("actor_ids[]={root}"), 5),
        (format!("resource_ids[]={}&resource_ids[]={}", keys[0], keys[1]), 2),
        (format!("project_ids[]={}", scene.project), 7),
        ("project_ids[]=proj_nobody".to_owned(), 0),
        (format!("effective_at[gt]={later}"), 0),
        (format!("effective_at[gte]={later}"), 0),
        (format!("effective_at%5Blt%5D={later}"), all.len()),
        (format!("effective_at[lte]={later}&effective_at[gte]={}", now - 1000), all.len()),
        (format!("effective_at[lt]={}", now - 1000), 0),
        ("event_types[]=%25".to_owned(), 0),
        ("event_types[]=api_key_created".to_owned(), 0),
    ] {
        assert_eq!(count(&query), expected, "{query}");
    }
    // The page before a record, newest first.
    let third = text(&all[3]["id"]);
    let page = scene.get_json(&format!("{LOGS}?limit=2&before={third}"));
    assert_eq!((&page["data"][0]["id"], &page["data"][1]["id"]), (&all[1]["id"], &all[2]["id"]));
    assert_eq!(page["has_more"], true);
    let between = scene.get_json(&format!("{LOGS}?after={}&before={third}", text(&all[0]["id"])));
    assert_eq!(between["data"].as_array().map(Vec::len), Some(2));

    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("after=key_01m7y800000000000000000000", "after"),
        ("before=1", "before"),
        ("effective_at[gt]=x", "effective_at[gt]"),
        ("effective_at[gt]=1&effective_at[gt]=2", "effective_at[gt]"),
        ("effective_at[near]=1", "effective_at[near]"),
        ("order=asc", "order"),
        ("event_types[]=a%00b", "event_types"),
    ] {
        refused(&scene.get(&format!("{LOGS}?{query}")), 400, "invalid_request", Some(param));
    }
}

#[test]
fn everybody_sees_what_their_role_says() {
    let scene = Scene::start(bare());
    let path = |rest: &str| format!("/v1/organization/{rest}");
    let user = |email: &str, role: &str| {
        let made = scene.post(&path("users"), &json!({"email": email, "role": role})).expect_status(200);
        text(&made.json()["id"])
    };
    let key_of = |owner: &str| {
        let made = scene.post(&path("admin_api_keys"), &json!({"name": "theirs", "owner": owner}));
        text(&made.expect_status(200).json()["value"])
    };
    let [developer, auditor, viewer] =
        [("d@example.com", "developer"), ("a@example.com", "auditor"), ("v@example.com", "viewer")]
            .map(|(email, role)| user(email, role));
    let member = json!({"user_id": developer, "role": "member"});
    scene.post(&format!("{}/users", scene.project_path), &member).expect_status(200);
    let [developers, auditors, viewers] = [&developer, &auditor, &viewer].map(|owner| key_of(owner));
    let made = scene.keyway.post_json(&scene.keys_path(), &developers, &json!({"name": "mine"}));
    let made = text(&made.expect_status(200).json()["id"]);

    let own = scene.keyway.get(LOGS, &developers).expect_status(200).json();
    let about: Vec<String> =
        own["data"].as_array().unwrap().iter().map(|it| text(&it["api_key.created"]["id"])).collect();
    assert_eq!(about, [made], "a developer sees their own acts");
    let all = scene.keyway.get(LOGS, &auditors).expect_status(200).json();
    assert!(all["data"].as_array().unwrap().len() >= 8, "{all}");
    refused(&scene.keyway.get(LOGS, &viewers), 403, "missing_scope", None);
    // The chain is the whole log's: who sees a part of it cannot ask for it.
    let verify = format!("{LOGS}/verify");
    scene.keyway.get(&verify, &auditors).expect_status(200);
    refused(&scene.keyway.get(&verify, &developers), 403, "missing_scope", None);
}

#[test]
fn another_organization_has_a_log_of_its_own() {
    let scene = Scene::start(bare());
    let made = scene.post("/v1/organizations", &json!({"name": "Other"})).expect_status(200).json();
    let other = text(&made["id"]);
    let (bearer, body) = (format!("Bearer {}", scene.admin), json!({"name": "theirs"}).to_string());
    let headers = [("authorization", bearer.as_str()), ("openai-organization", other.as_str())];
    let theirs = scene.keyway.request("POST", "/v1/organization/admin_api_keys", &headers, body.as_bytes());
    let theirs = theirs.expect_status(200).json();
    let secret = text(&theirs["value"]);
    let list = scene.keyway.get(LOGS, &secret).expect_status(200).json();
    let sequences = |list: &Value| -> Vec<i64> {
        list["data"].as_array().unwrap().iter().filter_map(|entry| entry["sequence"].as_i64()).collect()
    };
    let (ours, theirs) = (sequences(&scene.get_json(&format!("{LOGS}?limit=100"))), sequences(&list));
    assert!(theirs.len() >= 2 && !ours.is_empty(), "{list}");
    assert!(theirs.iter().all(|sequence| !ours.contains(sequence)), "{list}");
    assert!(!list.to_string().contains(&scene.project), "{list}");
    // A cursor of another's log says no more than any number.
    let first = text(&scene.get_json(LOGS)["data"][0]["id"]);
    scene.keyway.get(&format!("{LOGS}?after={first}"), &secret).expect_status(200);
}

#[test]
fn what_people_did_is_found_by_their_address_and_what_the_tenant_did_by_itself() {
    let scene = Scene::start(bare());
    let user = super::super::member(&scene, "Ada@x.y", "admin");
    let (_, key) = super::super::key_of(&scene, &user);
    scene.keyway.post_json(&scene.keys_path(), &key, &json!({"name": "k"})).expect_status(200);
    scene.keyway.post_json("/v1/organization/groups", &key, &json!({"name": "g"})).expect_status(200);
    let found = |query: &str| types(&scene.get_json(&format!("{LOGS}?limit=100&{query}")));
    assert_eq!(found("actor_emails[]=ada@X.y"), ["group.created", "api_key.created"]);
    assert_eq!(found("actor_emails=ada@x.y&tenant_only=true"), ["group.created"]);
    assert_eq!(
        found("actor_emails=ada@x.y&actor_emails=bob@x.y&event_types=api_key.created"),
        ["api_key.created"]
    );
    assert_eq!(found("actor_emails=bob@x.y"), [""; 0]);
    let (all, of_tenant) = (found("tenant_only=false"), found("tenant_only=true"));
    assert!(of_tenant.len() < all.len() && !of_tenant.contains(&"project.created".to_owned()));
    refused(&scene.get(&format!("{LOGS}?tenant_only=maybe")), 400, "invalid_request", Some("tenant_only"));
    let listed = ["audit", "list", "--actor-email", "ada@x.y", "--tenant-only", "--json"];
    let listed = scene.keyway.cli(&listed).expect_code(0).json();
    assert_eq!(types(&listed), ["group.created"]);
}
