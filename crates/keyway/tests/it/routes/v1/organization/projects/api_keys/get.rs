//! GET `/v1/organization/projects/{project}/api_keys` and one of them

use super::super::super::{NOBODY, refused, walk};
use crate::database;
use crate::stage::{self, Scene, bare, fields, text};
use std::time::Duration;
use testkit::{Upstream, Value, json};

#[test]
fn pages_go_through_all_of_them_in_both_orders() {
    let scene = Scene::start(bare());
    // The first start has made one.
    let first = testkit::eventually("the first key", || {
        let first = scene.get_json(&scene.keys_path())["data"][0]["id"].clone();
        first.is_string().then_some(first)
    });
    let mut made: Vec<Value> = vec![first];
    made.extend((0..6).map(|number| scene.create_key(&json!({"name": format!("k{number}")}))["id"].clone()));
    for limit in [1, 2, 3, 7, 100] {
        for order in ["asc", "desc"] {
            let (all, pages) = walk(&scene, &scene.keys_path(), limit, &format!("&order={order}"));
            let mut ids: Vec<Value> = all.iter().map(|key| key["id"].clone()).collect();
            if order == "desc" {
                ids.reverse();
            }
            assert_eq!(ids, made, "limit {limit}, {order}");
            assert_eq!(pages, made.len().div_ceil(limit), "limit {limit}");
        }
    }
    let unsaid = scene.get_json(&scene.keys_path());
    assert_eq!(unsaid["data"].as_array().map(Vec::len), Some(7));
    assert_eq!(unsaid["data"][0]["id"], made[0], "oldest first");
}

#[test]
fn a_page_has_twenty_unless_asked() {
    let scene = Scene::start(bare());
    for _ in 0..20 {
        scene.create_key(&json!({"name": "n"}));
    }
    let page = scene.get_json(&scene.keys_path());
    assert_eq!((page["data"].as_array().map(Vec::len), &page["has_more"]), (Some(20), &json!(true)));
}

#[test]
fn parameters_are_read_or_refused_by_name() {
    let scene = Scene::start(bare());
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=proj_1", "after"),
        ("after=key_short", "after"),
        ("order=newest", "order"),
        ("before=key_1", "before"),
    ] {
        let answer = scene.get(&format!("{}?{query}", scene.keys_path()));
        refused(&answer, 400, "invalid_request", Some(param));
    }
    scene.get(&format!("{}?limit=1&limit=", scene.keys_path())).expect_status(400);
}

#[test]
fn one_key_is_shown_as_in_the_list() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    let shown = scene.get(&scene.key_path(&id)).expect_status(200);
    assert_eq!(
        fields(&shown.text()),
        [
            "object",
            "id",
            "name",
            "description",
            "redacted_value",
            "created_at",
            "expires_at",
            "last_used_at",
            "status",
            "scopes",
            "read_only",
            "models",
            "endpoints",
            "not_before",
            "idle_expires_in_seconds",
            "rotation_due_at",
            "labels",
            "metadata",
            "mode",
            "project_id",
            "rate_limits",
            "exposed_in_browser",
            "ip_allowlist",
            "owner",
            "warnings",
        ]
    );
    let list = scene.get_json(&format!("{}?order=desc&limit=1", scene.keys_path()));
    assert_eq!(list["data"][0], shown.json());
    refused(&scene.get(&format!("{}?x=1", scene.key_path(&id))), 400, "invalid_request", Some("x"));
}

#[test]
fn what_is_not_yours_is_not_there() {
    let scene = Scene::start(bare());
    let [their_project, theirs, their_admin] = database::other_organization(&scene.keyway);
    let admin_id = text(&scene.get_json("/v1/organization/admin_api_keys")["data"][0]["id"]);
    let nobody = scene.get(&scene.key_path(&format!("key_{NOBODY}")));
    refused(&nobody, 404, "not_found", None);
    for id in [theirs, their_admin, &admin_id, "nonsense", "key_"] {
        let answer = scene.get(&scene.key_path(id));
        assert_eq!((answer.status, answer.text()), (404, nobody.text()), "{id}");
    }
    // Their key under their project, and mine under theirs.
    let (mine, _) = scene.make_key();
    for id in [theirs, &mine] {
        let answer = scene.get(&format!("/v1/organization/projects/{their_project}/api_keys/{id}"));
        assert_eq!((answer.status, answer.text()), (404, nobody.text()), "{id}");
    }
    let list = scene.get(&format!("/v1/organization/projects/{their_project}/api_keys"));
    refused(&list, 404, "not_found", None);
    let all = scene.get(&format!("{}?limit=100", scene.keys_path())).text();
    assert!(!all.contains(theirs));
}

#[test]
fn a_use_is_seen_soon() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (id, key) = scene.make_key();
    assert_eq!(scene.get_json(&scene.key_path(&id))["last_used_at"], Value::Null);
    let before = stage::now_seconds() as i64;
    scene.chat(&key).expect_status(200);
    let used = testkit::within(Duration::from_secs(30), || {
        scene.get_json(&scene.key_path(&id))["last_used_at"].as_i64()
    });
    let used = used.expect("the use is written within some seconds");
    assert!((before..before + 60).contains(&used), "{used} is not at {before}");
}
