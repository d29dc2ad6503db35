//! A key never outlives what its maker may: on the node that hears of it at once, on every other within
//! a second.

use crate::routes::v1::organization::{key_of, member};
use crate::stage::{Scene, bare, text};
use std::time::{Duration, Instant};
use testkit::{Value, json};

/// How soon every node obeys.
const PROMISED: Duration = Duration::from_secs(1);
const ADMIN_KEYS: &str = "/v1/organization/admin_api_keys";

fn models(scene: &Scene, key: &str) -> u16 {
    scene.keyway.get("/v1/models", key).status
}

fn made(scene: &Scene, path: &str, by: &str, body: &Value) -> (String, String) {
    let made = scene.keyway.post_json(path, by, body).expect_status(200).json();
    (text(&made["id"]), text(&made["value"]))
}

/// A person who is an admin, their admin key, an admin key below it, and project keys made with both.
struct Line {
    user: String,
    admin: (String, String),
    child: (String, String),
    keys: [(String, String); 2],
}

impl Line {
    fn begin(scene: &Scene) -> Self {
        let user = member(scene, "maker@x.y", "admin");
        let admin = key_of(scene, &user);
        let scopes = json!({"name": "child", "scopes": ["create:keys", "read:keys", "read:usage"]});
        let child = made(scene, ADMIN_KEYS, &admin.1, &scopes);
        let key = json!({"name": "k"});
        let keys = [&admin, &child].map(|by| made(scene, &scene.keys_path(), &by.1, &key));
        let line = Self { user, admin, child, keys };
        // Known to the server before anything happens.
        assert_eq!(line.heard(scene), [200, 200, 200, 200, 200]);
        line
    }

    /// What listing keys with both admin keys, listing roles with the first, and both project keys hear.
    fn heard(&self, scene: &Scene) -> [u16; 5] {
        [
            scene.keyway.get(&scene.keys_path(), &self.admin.1).status,
            scene.keyway.get(&scene.keys_path(), &self.child.1).status,
            scene.keyway.get("/v1/organization/roles", &self.admin.1).status,
            models(scene, &self.keys[0].1),
            models(scene, &self.keys[1].1),
        ]
    }

    /// Waits for it; no longer than promised.
    fn hears(&self, scene: &Scene, expected: [u16; 5], since: Instant) {
        while self.heard(scene) != expected {
            assert!(since.elapsed() < PROMISED, "{:?} and not {expected:?}", self.heard(scene));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn demoting_a_maker_shrinks_what_they_made_at_once() {
    let scene = Scene::start(bare());
    let line = Line::begin(&scene);
    let path = format!("/v1/organization/users/{}", line.user);
    scene.post(&path, &json!({"role": "auditor"})).expect_status(200);
    // An auditor sees keys and roles, and makes no keys.
    assert_eq!(line.heard(&scene), [200, 200, 200, 401, 401]);
    let make = |by: &str| scene.keyway.post_json(&scene.keys_path(), by, &json!({"name": "n"})).status;
    assert_eq!((make(&line.admin.1), make(&line.child.1)), (403, 403));
    scene.post(&path, &json!({"role": "billing"})).expect_status(200);
    assert_eq!(line.heard(&scene), [403, 403, 403, 401, 401]);
    scene.post(&path, &json!({"role": "admin"})).expect_status(200);
    assert_eq!(line.heard(&scene), [200, 200, 200, 200, 200]);
}

#[test]
fn timed_demoting_and_removing_by_command_reaches_a_server_within_a_second() {
    let scene = Scene::start(bare());
    let line = Line::begin(&scene);
    let command = |arguments: &[&str]| {
        scene.keyway.cli(arguments).expect_code(0);
        Instant::now()
    };
    let since = command(&["member", "edit", &line.user, "--role", "auditor"]);
    line.hears(&scene, [200, 200, 200, 401, 401], since);
    let since = command(&["member", "edit", &line.user, "--role", "admin"]);
    line.hears(&scene, [200, 200, 200, 200, 200], since);
    let since = command(&["admin-key", "revoke", &line.child.0, "--yes"]);
    line.hears(&scene, [200, 401, 200, 200, 401], since);
    let since = command(&["member", "remove", "maker@x.y", "--yes"]);
    line.hears(&scene, [401, 401, 401, 401, 401], since);
}

#[test]
fn an_admin_key_ends_no_later_than_its_maker() {
    let scene = Scene::start(bare());
    let short = json!({"name": "short", "expires_in_seconds": 2});
    let (_, short) = made(&scene, ADMIN_KEYS, &scene.admin, &short);
    let (_, child) = made(&scene, ADMIN_KEYS, &short, &json!({"name": "child"}));
    let (_, key) = made(&scene, &scene.keys_path(), &short, &json!({"name": "k"}));
    assert_eq!(scene.keyway.get(ADMIN_KEYS, &child).status, 200);
    testkit::eventually("the end of both", || {
        let heard = [&short, &child].map(|key| scene.keyway.get(ADMIN_KEYS, key).status);
        (heard == [401, 401]).then_some(())
    });
    // A credential that runs out demotes nobody.
    assert_eq!(models(&scene, &key), 200);
}

#[test]
fn a_line_of_makers_has_an_end() {
    let scene = Scene::start(bare());
    let (mut by, mut length) = (scene.admin.clone(), 0);
    let body = json!({"name": "next", "scopes": ["create:keys", "read:keys"]});
    loop {
        let answer = scene.keyway.post_json(ADMIN_KEYS, &by, &body);
        if answer.status == 409 {
            break;
        }
        by = text(&answer.expect_status(200).json()["value"]);
        length += 1;
        assert_eq!(scene.keyway.get(ADMIN_KEYS, &by).status, 200);
        assert!(length < 20, "it goes on and on");
    }
    assert_eq!(length, 8);
}
