//! GET: keys to look at.

use super::super::{refused, walk};
use crate::database;
use crate::stage::{self, Scene, text};
use testkit::{Upstream, Value, json};

const REVIEW: &str = "/v1/organization/key_review";

fn findings(list: &Value, id: &str) -> Vec<String> {
    let keys = list["data"].as_array().unwrap();
    let of_key =
        keys.iter().filter(|key| key["id"] == id).flat_map(|key| key["findings"].as_array().unwrap());
    of_key.map(|finding| text(&finding["finding"])).collect()
}

#[test]
fn keys_are_found_by_age_use_owner_and_breadth() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let make = |body: Value| {
        let made = scene.create_key(&body);
        (text(&made["id"]), text(&made["value"]))
    };
    let fine = make(json!({"name": "fine", "expires_in_seconds": 86400}));
    let eternal = make(json!({"name": "eternal"}));
    let rested = make(json!({"name": "rested", "expires_in_seconds": 86400}));
    let broad = make(json!({"name": "broad", "expires_in_seconds": 86400, "models": ["mine/*", "other/*"]}));
    let orphan = make(json!({"name": "orphan", "expires_in_seconds": 86400}));
    let gone = make(json!({"name": "gone"}));
    scene.delete(&scene.key_path(&gone.0)).expect_status(200);
    let request = scene.chat(&broad.1).expect_status(200);
    let _ = scene.request(request.header("x-request-id").unwrap());
    let days = |days: i64| i64::try_from(stage::now_seconds()).unwrap() * 1000 - days * 86_400_000;
    database::execute(
        &scene.keyway,
        &format!(
            "UPDATE keys SET created_ms = {0} WHERE id = '{1}'; UPDATE key_secrets SET created_ms = {0} WHERE key_id = '{1}';\
             UPDATE keys SET created_ms = {2} WHERE id = '{3}'; UPDATE key_secrets SET last_used_ms = {4} WHERE key_id = '{3}';\
             UPDATE keys SET owner_kind = 'user', owner_id = 'user_nobody' WHERE id = '{5}'",
            days(40),
            rested.0,
            days(100),
            broad.0,
            days(1),
            orphan.0
        ),
    );
    let path = format!("{REVIEW}?limit=100");
    assert_eq!(findings(&scene.get_json(&path), &fine.0), ["no_budget"]);
    let budgets = "/v1/organization/budgets";
    let part = json!({"name": "part", "limit_usd": 1, "window": "day", "selector": {"model": "mine/*"}});
    scene.post(budgets, &part).expect_status(200);
    assert_eq!(findings(&scene.get_json(&path), &fine.0), ["no_budget"], "that counts a part");
    scene.post(budgets, &json!({"name": "all", "limit_usd": 9, "window": "month"})).expect_status(200);
    let list = scene.get_json(&path);
    assert_eq!(findings(&list, &fine.0), [""; 0]);
    assert_eq!(findings(&list, &gone.0), [""; 0], "a revoked key needs no review");
    assert_eq!(findings(&list, &eternal.0), ["never_expires"]);
    assert_eq!(findings(&list, &rested.0), ["unused_30_days"]);
    assert_eq!(findings(&list, &orphan.0), ["owner_gone"]);
    assert_eq!(findings(&list, &broad.0), ["over_broad"]);
    let of_broad = list["data"].as_array().unwrap().iter().find(|key| key["id"] == *broad.0).unwrap();
    let finding = &of_broad["findings"][0];
    assert!(
        text(&finding["detail"]).contains("create:embeddings")
            && text(&finding["detail"]).contains("other/*"),
        "{finding}"
    );
    let command = text(&finding["command"]);
    assert_eq!(
        command,
        format!("keyway key edit {} --scope create:chat_completions read:models --model 'mine/*'", broad.0)
    );
    assert!(!list.to_string().contains("sk-kw-"));

    // Page by page it is the same, also over keys without findings.
    let mut paged = Vec::new();
    let mut after = String::new();
    loop {
        let page = scene.get_json(&format!("{REVIEW}?limit=1{after}"));
        paged.extend(page["data"].as_array().unwrap().clone());
        if page["has_more"] == false {
            break;
        }
        after = format!("&after={}", text(&page["last_id"]));
    }
    assert_eq!(json!(paged), list["data"]);
    let commanded = scene.keyway.json(&["key", "review"]);
    assert_eq!(commanded["data"], list["data"]);
    let _ = walk(&scene, REVIEW, 100, "");
    for (query, param) in
        [("limit=0", "limit"), ("after=x", "after"), ("order=desc", "order"), ("colour=red", "colour")]
    {
        refused(&scene.get(&format!("{REVIEW}?{query}")), 400, "invalid_request", Some(param));
    }
}

#[test]
fn others_keys_are_not_reviewed() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let other = database::other_organization(&scene.keyway);
    let list = scene.get_json(&format!("{REVIEW}?limit=100"));
    assert!(other.iter().all(|id| !list.to_string().contains(id)), "{list}");
}
