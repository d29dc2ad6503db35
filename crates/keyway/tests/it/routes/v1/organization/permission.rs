//! Who may ask what: every route, with every wrong kind of credential.

use super::{NOBODY, refused};
use crate::stage::{Scene, bare, text};
use testkit::{Response, json};

/// Every route of the management API: method, path below `/v1/organization`, scope. `{P}` and `{K}`
/// are a project and a key.
const ROUTES: [(&str, &str, &str); 43] = [
    ("GET", "/projects", "read:projects"),
    ("GET", "/projects/{P}", "read:projects"),
    ("GET", "/projects/{P}/api_keys", "read:keys"),
    ("POST", "/projects/{P}/api_keys", "create:keys"),
    ("GET", "/projects/{P}/api_keys/{K}", "read:keys"),
    ("POST", "/projects/{P}/api_keys/{K}", "update:keys"),
    ("DELETE", "/projects/{P}/api_keys/{K}", "delete:keys"),
    ("POST", "/projects/{P}/api_keys/{K}/disable", "update:keys"),
    ("POST", "/projects/{P}/api_keys/{K}/enable", "update:keys"),
    ("POST", "/projects/{P}/api_keys/{K}/rotate", "update:keys"),
    ("GET", "/projects/{P}/api_keys/{K}/secrets", "read:keys"),
    ("GET", "/projects/{P}/api_keys/{K}/secrets/000000000000", "read:keys"),
    ("DELETE", "/projects/{P}/api_keys/{K}/secrets/000000000000", "delete:keys"),
    ("POST", "/projects/{P}/api_keys/{K}/compromised", "delete:keys"),
    ("GET", "/settings", "read:settings"),
    ("POST", "/settings", "update:settings"),
    ("GET", "/projects/{P}/rate_limits", "read:projects"),
    ("POST", "/projects/{P}/rate_limits/rl-all", "update:projects"),
    ("GET", "/rate_limits", "read:settings"),
    ("POST", "/rate_limits/rl-all", "update:settings"),
    ("GET", "/admin_api_keys", "read:keys"),
    ("POST", "/admin_api_keys", "create:keys"),
    ("GET", "/admin_api_keys/{K}", "read:keys"),
    ("DELETE", "/admin_api_keys/{K}", "delete:keys"),
    ("GET", "/budgets", "read:budgets"),
    ("POST", "/budgets", "create:budgets"),
    ("GET", "/budgets/{K}", "read:budgets"),
    ("POST", "/budgets/{K}", "update:budgets"),
    ("DELETE", "/budgets/{K}", "delete:budgets"),
    ("GET", "/credit", "read:billing"),
    ("POST", "/credit", "manage:billing"),
    ("GET", "/credit/grants", "read:billing"),
    ("POST", "/credit/grants", "manage:billing"),
    ("GET", "/tiers", "read:settings"),
    ("POST", "/tiers", "create:settings"),
    ("GET", "/tiers/{K}", "read:settings"),
    ("POST", "/tiers/{K}", "update:settings"),
    ("GET", "/usage/completions", "read:usage"),
    ("GET", "/costs", "read:usage"),
    ("GET", "/requests", "read:requests"),
    ("GET", "/requests/{K}", "read:requests"),
    ("GET", "/nodes", "read:settings"),
    ("GET", "/../../metrics", "read:metrics"),
];
const SCOPES: [&str; 18] = [
    "read:requests",
    "read:keys",
    "create:keys",
    "update:keys",
    "delete:keys",
    "read:billing",
    "manage:billing",
    "create:settings",
    "read:budgets",
    "create:budgets",
    "update:budgets",
    "delete:budgets",
    "read:projects",
    "read:usage",
    "read:metrics",
    "read:settings",
    "update:projects",
    "update:settings",
];

struct Routes<'a> {
    scene: &'a Scene,
}

impl Routes<'_> {
    fn path(&self, path: &str) -> String {
        let path = path.replace("{P}", &self.scene.project).replace("{K}", &format!("key_{NOBODY}"));
        match path.strip_prefix("/../..") {
            Some(outside) => outside.to_owned(),
            None => format!("/v1/organization{path}"),
        }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let body: &[u8] = if method == "POST" { b"{}" } else { b"" };
        self.scene.keyway.request(method, &self.path(path), headers, body)
    }

    fn ask_with(&self, method: &str, path: &str, key: &str) -> Response {
        let bearer = format!("Bearer {key}");
        self.ask(method, path, &[("authorization", bearer.as_str())])
    }
}

#[test]
fn every_route_refuses_every_wrong_credential() {
    let scene = Scene::start(bare());
    let routes = Routes { scene: &scene };
    let (_, live) = scene.make_key();
    let test = text(&scene.create_key(&json!({"name": "t", "mode": "test"}))["value"]);
    let stranger = "sk-kw-admin-NuVtZkCFd3lE72E1Fx7HfYMljrUU9MLkFPyK16EzSFdj8Nf1JpdOW8a110f7S";
    let (bearer, basic) = (format!("Bearer {}", scene.admin), format!("Basic {}", scene.admin));
    let absent = routes.ask("GET", "/projects", &[]);
    refused(&absent, 401, "invalid_api_key", None);
    for (method, path, _) in ROUTES {
        for headers in [
            &[][..],
            &[("authorization", stranger)],
            &[("x-api-key", stranger)],
            &[("authorization", "Bearer nonsense")],
            &[("authorization", "Bearer ")],
            &[("authorization", basic.as_str())],
        ] {
            let answer = routes.ask(method, path, headers);
            assert_eq!((answer.status, answer.text()), (401, absent.text()), "{method} {path} {headers:?}");
        }
        for key in [&live, &test] {
            refused(&routes.ask_with(method, path, key), 403, "wrong_key_type", None);
        }
        let two = [("authorization", bearer.as_str()), ("x-api-key", stranger)];
        refused(&routes.ask(method, path, &two), 400, "ambiguous_credentials", None);
        let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
        refused(&routes.ask(method, path, &twice), 400, "ambiguous_credentials", None);
        // Never from the query string.
        for name in ["key", "api_key", "access_token"] {
            let answer = routes.ask(method, &format!("{path}?{name}={}", scene.admin), &[]);
            assert_eq!((answer.status, answer.text()), (401, absent.text()), "{method} {path}");
        }
    }
}

#[test]
fn every_route_asks_for_its_scope_and_for_no_other() {
    let scene = Scene::start(bare());
    let routes = Routes { scene: &scene };
    let key_with = |scopes: &[&str]| {
        let body = json!({"name": "scoped", "scopes": scopes});
        let made = scene.post("/v1/organization/admin_api_keys", &body).expect_status(200);
        text(&made.json()["value"])
    };
    for scope in SCOPES {
        let alone = key_with(&[scope]);
        // Who sees usage sees the requests behind it.
        let brings = |other: &str| {
            [("read:usage", "read:requests"), ("manage:billing", "read:billing")].contains(&(other, scope))
        };
        let others: Vec<&str> =
            SCOPES.into_iter().filter(|other| *other != scope && !brings(other)).collect();
        let without = key_with(&others);
        for (method, path, _) in ROUTES.iter().filter(|(_, _, asked)| *asked == scope) {
            let answer = routes.ask_with(method, path, &without);
            refused(&answer, 403, "missing_scope", None);
            assert!(answer.text().contains(scope), "{}", answer.text());
            let answer = routes.ask_with(method, path, &alone);
            assert!(![401, 403].contains(&answer.status), "{method} {path}: {}", answer.text());
        }
    }
    let nothing = key_with(&[]);
    for (method, path, _) in ROUTES {
        refused(&routes.ask_with(method, path, &nothing), 403, "missing_scope", None);
    }
}

#[test]
fn an_admin_key_calls_no_model() {
    let scene = Scene::start(bare());
    refused(&scene.keyway.get("/v1/models", &scene.admin), 403, "wrong_key_type", None);
    let body = json!({"model": "sandbox/echo", "messages": []});
    let answer = scene.keyway.post_json("/v1/chat/completions", &scene.admin, &body);
    refused(&answer, 403, "wrong_key_type", None);
}

#[test]
fn other_methods_and_paths_are_refused() {
    let scene = Scene::start(bare());
    let bearer = format!("Bearer {}", scene.admin);
    let headers = [("authorization", bearer.as_str())];
    for (path, allowed) in [
        ("/v1/organization/projects", "GET, HEAD, POST"),
        ("/v1/organization/admin_api_keys", "GET, HEAD, POST"),
        ("/v1/organization/requests", "GET, HEAD"),
    ] {
        let answer = scene.keyway.request("PUT", path, &headers, b"");
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.header("allow"), Some(allowed), "{path}");
        assert_eq!(answer.code(), "method_not_allowed");
    }
    for path in [
        "/v1/organization",
        "/v1/organization/nothing",
        "/v1/organization/projects/",
        "/v1/organization/projects/../projects",
        "/v1/organization//projects",
        "/V1/organization/projects",
    ] {
        let answer = scene.get(path);
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.text());
    }
    // The alias of the data plane holds for the management API too: all of `/v1`.
    scene.get("/openai/v1/organization/projects").expect_status(200);
}
