//! Two tenants of one installation: nothing of one is there for the other.

use crate::stage::{Scene, bare, text};
use crate::table::routes;
use testkit::{Keyway, Value, json};

/// An id of the right form that nothing has.
const NOBODY: &str = "01m7y800000000000000000000";
const BASE: &str = "/v1/organization";

/// One of each kind of thing, by name.
struct Tenant {
    admin: String,
    ids: Vec<(&'static str, String)>,
}

impl Tenant {
    fn begin(scene: &Scene, name: &str) -> Self {
        let org = scene.post("/v1/organizations", &json!({"name": name})).expect_status(200).json();
        let org = text(&org["id"]);
        let bearer = format!("Bearer {}", scene.admin);
        let headers = [("authorization", bearer.as_str()), ("openai-organization", org.as_str())];
        let made =
            scene.keyway.request("POST", &format!("{BASE}/admin_api_keys"), &headers, br#"{"name":"root"}"#);
        let root = made.expect_status(200).json();
        let admin = text(&root["value"]);
        let post = |path: &str, body: &Value| {
            scene.keyway.post_json(&format!("{BASE}{path}"), &admin, body).expect_status(200).json()
        };
        let id = |made: &Value| text(&made["id"]);
        let project = id(&post("/projects", &json!({"name": "p"})));
        let below = format!("/projects/{}", &project);
        let user = id(&post("/users", &json!({"email": format!("one@{name}.y"), "role": "admin"})));
        let group = id(&post("/groups", &json!({"name": "g"})));
        post(&format!("/groups/{group}/users"), &json!({"user_id": user}));
        post(&format!("{below}/users"), &json!({"user_id": user, "role": "member"}));
        post(&format!("{below}/groups"), &json!({"group_id": group, "role": "viewer"}));
        let key = id(&post(&format!("{below}/api_keys"), &json!({"name": "k"})));
        let selector = json!({"key": key});
        let budget = json!({"name": "b", "limit_usd": 1, "window": "day", "selector": selector});
        let project_role = post(&format!("{below}/roles"), &json!({"role_name": "there", "permissions": []}));
        let project_role = id(&project_role);
        let webhook = json!({"name": "w", "url": "https://10.0.0.1/"});
        let webhook = id(&post("/webhooks", &webhook));
        let increase = json!({"purpose": "p", "rate_limits": {"concurrency": 2}});
        let ids = vec![
            ("{project}", project),
            ("{budget}", id(&post("/budgets", &budget))),
            ("{key}", key),
            ("{account}", id(&post(&format!("{below}/service_accounts"), &json!({"name": "s"})))),
            ("{user}", user),
            ("{group}", group),
            ("{project_role}", project_role),
            ("{role}", id(&post("/roles", &json!({"role_name": "r", "permissions": []})))),
            ("{webhook}", webhook.clone()),
            ("{notification}", id(&post(&format!("/webhooks/{webhook}/test"), &json!({})))),
            ("{alert}", id(&post("/alerts", &json!({"name": "a", "on": "cost"})))),
            (
                "{route}",
                id(&post("/routes", &json!({"name": "mixed", "targets": [{"model": "sandbox/echo"}]}))),
            ),
            ("{invite}", id(&post("/invites", &json!({"email": "two@x.y", "role": "viewer"})))),
            ("{admin}", id(&root)),
            ("{verification_request}", id(&post("/verification_requests", &json!({"purpose": "p"})))),
            ("{limit_increase_request}", id(&post("/limit_increase_requests", &increase))),
            ("{credential}", id(&post("/providers/openai/credentials", &json!({"value": "sk-of-a-tenant"})))),
        ];
        Self { admin, ids }
    }

    fn path(&self, path: &str) -> String {
        self.ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
    }

    /// The same path with ids that nothing has.
    fn nobodys(&self, path: &str) -> String {
        self.ids.iter().fold(path.to_owned(), |path, (name, id)| {
            let prefix = id.split('_').next().unwrap_or_default();
            path.replace(name, &format!("{prefix}_{NOBODY}"))
        })
    }
}

/// Every call that names a thing, and a body that would do something to it.
const CALLS: &[(&str, &str, &str)] = &[
    ("GET", "/projects/{project}", ""),
    ("POST", "/projects/{project}", r#"{"name":"mine now"}"#),
    ("POST", "/projects/{project}/archive", "{}"),
    ("GET", "/verification_requests/{verification_request}", ""),
    ("GET", "/limit_increase_requests/{limit_increase_request}", ""),
    ("GET", "/projects/{project}/api_keys", ""),
    ("POST", "/projects/{project}/api_keys", r#"{"name":"n"}"#),
    ("GET", "/projects/{project}/api_keys/{key}", ""),
    ("DELETE", "/projects/{project}/api_keys/{key}", ""),
    ("GET", "/projects/{project}/api_keys/{key}/timeline", ""),
    ("POST", "/projects/{project}/api_keys/{key}/disable", "{}"),
    ("POST", "/projects/{project}/api_keys/{key}/enable", "{}"),
    ("POST", "/projects/{project}/api_keys/{key}", r#"{"name":"n"}"#),
    ("GET", "/projects/{project}/policy", ""),
    ("POST", "/projects/{project}/policy", r#"{"cache":"all"}"#),
    ("GET", "/projects/{project}/api_keys/{key}/policy", ""),
    ("POST", "/projects/{project}/api_keys/{key}/policy", r#"{"cache":"all"}"#),
    ("POST", "/projects/{project}/api_keys/{key}/rotate", r#"{"overlap_seconds":0}"#),
    ("GET", "/projects/{project}/api_keys/{key}/secrets", ""),
    ("GET", "/projects/{project}/api_keys/{key}/secrets/AbCdEfGhIjKl", ""),
    ("DELETE", "/projects/{project}/api_keys/{key}/secrets/AbCdEfGhIjKl", ""),
    ("POST", "/projects/{project}/api_keys/{key}/compromised", r#"{"replace":true}"#),
    ("GET", "/projects/{project}/model_permissions", ""),
    ("POST", "/projects/{project}/model_permissions", r#"{"mode":"allow_list","model_ids":[]}"#),
    ("DELETE", "/projects/{project}/model_permissions", ""),
    ("GET", "/projects/{project}/users", ""),
    ("POST", "/projects/{project}/users", r#"{"email":"one@one.y","role":"owner"}"#),
    ("GET", "/projects/{project}/users/{user}", ""),
    ("POST", "/projects/{project}/users/{user}", r#"{"role":"owner"}"#),
    ("DELETE", "/projects/{project}/users/{user}", ""),
    ("GET", "/projects/{project}/groups", ""),
    ("GET", "/projects/{project}/groups/{group}", ""),
    ("DELETE", "/projects/{project}/groups/{group}", ""),
    ("GET", "/projects/{project}/service_accounts", ""),
    ("POST", "/projects/{project}/service_accounts", r#"{"name":"n"}"#),
    ("GET", "/projects/{project}/service_accounts/{account}", ""),
    ("POST", "/projects/{project}/service_accounts/{account}", r#"{"name":"n"}"#),
    ("DELETE", "/projects/{project}/service_accounts/{account}", ""),
    ("POST", "/projects/{project}/service_accounts/{account}/api_keys", "{}"),
    ("GET", "/webhooks/{webhook}", ""),
    ("POST", "/webhooks/{webhook}", r#"{"name":"n"}"#),
    ("DELETE", "/webhooks/{webhook}", ""),
    ("POST", "/webhooks/{webhook}/test", "{}"),
    ("POST", "/notifications/{notification}/replay", "{}"),
    ("GET", "/alerts/{alert}", ""),
    ("POST", "/alerts/{alert}", r#"{"name":"n"}"#),
    ("DELETE", "/alerts/{alert}", ""),
    ("POST", "/alerts/{alert}/test", "{}"),
    ("GET", "/alerts/{alert}/preview", ""),
    ("GET", "/routes/{route}", ""),
    ("POST", "/routes/{route}", r#"{"targets":[{"model":"sandbox/echo"}]}"#),
    ("DELETE", "/routes/{route}", ""),
    ("GET", "/budgets/{budget}", ""),
    ("POST", "/budgets/{budget}", r#"{"limit_usd":100}"#),
    ("DELETE", "/budgets/{budget}", ""),
    ("GET", "/users/{user}", ""),
    ("POST", "/users/{user}", r#"{"role":"viewer"}"#),
    ("DELETE", "/users/{user}", ""),
    ("GET", "/users/{user}/roles", ""),
    ("POST", "/users/{user}/roles", r#"{"role_id":"role_viewer"}"#),
    ("DELETE", "/users/{user}/roles/role_viewer", ""),
    ("GET", "/groups/{group}", ""),
    ("POST", "/groups/{group}", r#"{"name":"n"}"#),
    ("GET", "/groups/{group}/users", ""),
    ("DELETE", "/groups/{group}/users/{user}", ""),
    ("GET", "/groups/{group}/roles", ""),
    ("POST", "/groups/{group}/roles", r#"{"role_id":"role_viewer"}"#),
    ("DELETE", "/groups/{group}", ""),
    ("GET", "/roles/{role}", ""),
    ("POST", "/roles/{role}", r#"{"permissions":["read:keys"]}"#),
    ("DELETE", "/roles/{role}", ""),
    ("GET", "/invites/{invite}", ""),
    ("DELETE", "/invites/{invite}", ""),
    ("GET", "/admin_api_keys/{admin}", ""),
    ("DELETE", "/admin_api_keys/{admin}", ""),
    ("POST", "/admin_api_keys/{admin}", r#"{"name":"mine now"}"#),
    ("POST", "/admin_api_keys/{admin}/rotate", r#"{"overlap_seconds":0}"#),
    ("POST", "/admin_api_keys/{admin}/compromised", r#"{"replace":true}"#),
    ("GET", "/admin_api_keys/{admin}/secrets", ""),
    ("GET", "/admin_api_keys/{admin}/secrets/AbCdEfGhIjKl", ""),
    ("DELETE", "/admin_api_keys/{admin}/secrets/AbCdEfGhIjKl", ""),
    ("POST", "/projects/{project}/groups", r#"{"group_id":"group_1","role":"viewer"}"#),
    ("POST", "/groups/{group}/users", r#"{"user_id":"user_1"}"#),
    ("GET", "/users/{user}/roles/role_viewer", ""),
    ("GET", "/groups/{group}/roles/role_viewer", ""),
    ("DELETE", "/groups/{group}/roles/role_viewer", ""),
    ("GET", "/projects/{project}/rate_limits", ""),
    ("POST", "/projects/{project}/rate_limits/rl-all", r#"{"max_requests_per_1_day":1}"#),
    ("GET", "/providers/openai/credentials/{credential}", ""),
    ("POST", "/providers/openai/credentials/{credential}", r#"{"enabled":false}"#),
    ("DELETE", "/providers/openai/credentials/{credential}", ""),
    ("GET", "/projects/{project}/roles", ""),
    ("POST", "/projects/{project}/roles", r#"{"role_name":"n","permissions":[]}"#),
    ("GET", "/projects/{project}/roles/{project_role}", ""),
    ("POST", "/projects/{project}/roles/{project_role}", r#"{"permissions":["read:keys"]}"#),
    ("DELETE", "/projects/{project}/roles/{project_role}", ""),
    ("GET", "/projects/{project}/users/{user}/roles", ""),
    ("POST", "/projects/{project}/users/{user}/roles", r#"{"role_id":"role_project_viewer"}"#),
    ("GET", "/projects/{project}/users/{user}/roles/role_project_viewer", ""),
    ("DELETE", "/projects/{project}/users/{user}/roles/role_project_viewer", ""),
    ("GET", "/projects/{project}/groups/{group}/roles", ""),
    ("POST", "/projects/{project}/groups/{group}/roles", r#"{"role_id":"role_project_viewer"}"#),
    ("GET", "/projects/{project}/groups/{group}/roles/role_project_viewer", ""),
    ("DELETE", "/projects/{project}/groups/{group}/roles/role_project_viewer", ""),
];

#[test]
fn every_route_that_names_a_thing_is_tried() {
    let fits = |route: &str, call: &str| {
        let (mut route, mut call) = (route.split('/'), call.split('/'));
        loop {
            match (route.next(), call.next()) {
                (None, None) => return true,
                (Some(part), Some(_)) if part.starts_with('{') => {}
                (Some(part), Some(other)) if part == other => {}
                _ => return false,
            }
        }
    };
    let named =
        routes().filter(|route| route.path.starts_with(&format!("{BASE}/")) && route.path.contains('{'));
    // What one's own organisation has by another name than an id, and single requests: see their own tests.
    // Models and prices are the operator's alone: no tenant has one. Providers are everybody's by name.
    let spared = [
        "organization_limit_edit",
        "request_get",
        "model_get",
        "model_delete",
        "price_delete",
        "tier_get",
        "tier_update",
        "verification_decide",
        "limit_increase_decide",
        "provider_get",
        "provider_switch",
        "provider_delete",
        "provider_test",
        "provider_credential_list",
        "provider_credential_create",
    ];
    let untried: Vec<&str> = named
        .filter(|route| !spared.contains(&route.name))
        .filter(|route| {
            let method = route.method.as_str();
            !CALLS.iter().any(|(called, path, _)| *called == method && fits(&route.path[BASE.len()..], path))
        })
        .map(|route| route.name)
        .collect();
    assert!(untried.is_empty(), "give these a line in CALLS: {untried:?}");
}

fn ask(keyway: &Keyway, key: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str())];
    let answer = keyway.request(method, &format!("{BASE}{path}"), &headers, body.as_bytes());
    (answer.status, answer.text())
}

/// Everything a tenant can list.
fn all(scene: &Scene, tenant: &Tenant) -> Vec<String> {
    let lists = CALLS.iter().filter(|(method, _, _)| *method == "GET");
    lists
        .map(|(method, path, _)| ask(&scene.keyway, &tenant.admin, method, &tenant.path(path), "").1)
        .map(|text| crate::stage::unused(&text))
        .collect()
}

#[test]
fn nothing_of_one_tenant_is_there_for_the_other() {
    let scene = Scene::start(bare());
    let (one, other) = (Tenant::begin(&scene, "one"), Tenant::begin(&scene, "other"));
    let before = all(&scene, &one);
    for (method, path, body) in CALLS {
        let theirs = ask(&scene.keyway, &other.admin, method, &one.path(path), body);
        let nobodys = ask(&scene.keyway, &other.admin, method, &one.nobodys(path), body);
        assert_eq!(theirs, nobodys, "{method} {path}");
        assert_eq!(theirs.0, 404, "{method} {path}: {}", theirs.1);
        // The own project does not open the other's things in it.
        if path.matches('{').count() > 1 {
            let mixed = path.replace("{project}", &other.ids[0].1);
            let theirs = ask(&scene.keyway, &other.admin, method, &one.path(&mixed), body);
            let nobodys = ask(&scene.keyway, &other.admin, method, &one.nobodys(&mixed), body);
            assert_eq!(theirs, nobodys, "{method} {path} in the own project");
            assert_eq!(theirs.0, 404, "{method} {path} in the own project: {}", theirs.1);
        }
    }
    assert_eq!(all(&scene, &one), before, "something was changed");
}

#[test]
fn ids_of_the_other_in_bodies_and_cursors_are_nobodys() {
    let scene = Scene::start(bare());
    let (one, other) = (Tenant::begin(&scene, "one"), Tenant::begin(&scene, "other"));
    let bodies = [
        ("/admin_api_keys", r#"{"name":"n","projects":["{project}"]}"#),
        ("/admin_api_keys", r#"{"name":"n","owner":"{user}"}"#),
        ("/budgets", r#"{"name":"n","limit_usd":1,"window":"day","selector":{"project":"{project}"}}"#),
        ("/budgets", r#"{"name":"n","limit_usd":1,"window":"day","selector":{"key":"{key}"}}"#),
        ("/budgets", r#"{"name":"n","limit_usd":1,"window":"day","selector":{"user":"{user}"}}"#),
        ("/users", r#"{"email":"n@x.y","role":"{role}"}"#),
        ("/invites", r#"{"email":"n@x.y","role":"viewer","projects":[{"id":"{project}","role":"member"}]}"#),
        ("/projects/{P}/api_keys", r#"{"name":"n","owner":"{user}"}"#),
        ("/projects/{P}/api_keys", r#"{"name":"n","owner":"{account}"}"#),
        ("/projects/{P}/users", r#"{"user_id":"{user}","role":"member"}"#),
        ("/projects/{P}/groups", r#"{"group_id":"{group}","role":"viewer"}"#),
        ("/users/{U}/roles", r#"{"role_id":"{role}"}"#),
        ("/groups/{G}/users", r#"{"user_id":"{user}"}"#),
    ];
    let place = |path: &str| {
        let own = |name: &str| &other.ids.iter().find(|(known, _)| *known == name).expect("a kind").1;
        path.replace("{P}", own("{project}")).replace("{U}", own("{user}")).replace("{G}", own("{group}"))
    };
    for (path, body) in bodies {
        let theirs = ask(&scene.keyway, &other.admin, "POST", &place(path), &one.path(body));
        let nobodys = ask(&scene.keyway, &other.admin, "POST", &place(path), &one.nobodys(body));
        assert_eq!(theirs, nobodys, "{path} {body}");
        assert_eq!(theirs.0, 400, "{path} {body}: {}", theirs.1);
    }
    // A cursor is a place in the order, whoever's: what comes after it is one's own.
    for (path, kind) in [
        ("/projects", "{project}"),
        ("/budgets", "{budget}"),
        ("/users", "{user}"),
        ("/groups", "{group}"),
        ("/roles", "{role}"),
        ("/invites", "{invite}"),
    ] {
        let theirs = ask(
            &scene.keyway,
            &other.admin,
            "GET",
            &format!("{path}?limit=100&after={}", one.path(kind)),
            "",
        );
        for (_, id) in &one.ids {
            assert!(!theirs.1.contains(id.as_str()), "{path}: {}", theirs.1);
        }
    }
    let usage = format!("/usage/completions?start_time=1&limit=1&project_ids={}", one.path("{project}"));
    let nobodys = format!("/usage/completions?start_time=1&limit=1&project_ids={}", one.nobodys("{project}"));
    let sums = |path: &str| {
        let page: Value =
            serde_json::from_str(&ask(&scene.keyway, &other.admin, "GET", path, "").1).expect("JSON");
        page["data"][0]["results"].clone()
    };
    assert_eq!(sums(&usage), sums(&nobodys));
}
