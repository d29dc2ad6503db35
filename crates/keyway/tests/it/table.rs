//! The route table from outside: an installation that has one of everything, and for each row a call
//! that would be good.

use crate::stage::{self, Scene, text};
use keyway::app::routes::ROUTES;
use keyway::relay::route::Shape;
use keyway::relay::{Handler, Route};
use std::collections::BTreeMap;
use testkit::{Response, Upstream, Value, json};

/// Every row of the table that programs call.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().copied().flatten().filter(|route| route.shape != Shape::Page)
}

/// Every row that is a page for people, or what it is made of.
pub fn pages() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().copied().flatten().filter(|route| route.shape == Shape::Page)
}

/// Whether a row changes something of the installation.
pub fn is_write(route: &Route) -> bool {
    matches!(route.handler, Handler::Control(_)) && route.method != "GET" && !ASKS.contains(&route.name)
}

/// Rows that are asked by POST and change nothing that is administered: a token is its key's own affair, and
/// a provider's test only asks it.
const ASKS: [&str; 3] = ["explain", "token_create", "provider_test"];

/// Models of what is billed by the piece.
const PIECES: &str = "[models.\"mine/image\"]\nkind = \"image\"\nprice = { image = 0.01 }\n\
    [models.\"mine/voice\"]\nkind = \"speech\"\nprice = { characters = 15 }\n\
    [models.\"mine/heard\"]\nkind = \"transcription\"\nprice = { minute = 0.006 }\n";

/// A server with one of everything.
pub struct World {
    pub upstream: Upstream,
    pub scene: Scene,
    /// Ids by what they are of: placeholders of paths, and seconds of some (`user2`).
    pub ids: BTreeMap<&'static str, String>,
    /// Tokens of invitations that stand open.
    pub token: String,
    /// The live key's secret.
    pub live: String,
}

impl World {
    /// Makes one of everything.
    pub fn start() -> Self {
        let upstream = Upstream::start();
        let scene = Scene::start(stage::builder(&upstream).config(PIECES));
        let mut ids = BTreeMap::from([("project", scene.project.clone())]);
        let (key, live) = scene.make_key();
        ids.insert("key", key);
        let make = |path: &str, body: Value| scene.post(path, &body).expect_status(200).json();
        let id = |path: &str, body: Value| text(&make(path, body)["id"]);
        const ORG: &str = "/v1/organization";
        let (resting, _) = scene.make_key();
        scene.post(&format!("{}/disable", scene.key_path(&resting)), &json!({})).expect_status(200);
        ids.insert("resting_key", resting);
        let (turned, _) = scene.make_key();
        let turned_path = scene.key_path(&turned);
        scene.post(&format!("{turned_path}/rotate"), &json!({"overlap_seconds": 3600})).expect_status(200);
        let secrets = scene.get(&format!("{turned_path}/secrets")).expect_status(200).json();
        let older =
            secrets["data"].as_array().into_iter().flatten().find(|secret| secret["current"] == false);
        ids.insert("secret", text(&older.expect("an older secret")["id"]));
        ids.insert("turned_key", turned);
        ids.insert("admin_key", id(&format!("{ORG}/admin_api_keys"), json!({"name": "second"})));
        let turned = id(&format!("{ORG}/admin_api_keys"), json!({"name": "turned"}));
        let turned_path = format!("{ORG}/admin_api_keys/{turned}");
        make(&format!("{turned_path}/rotate"), json!({"overlap_seconds": 3600}));
        let secrets = scene.get(&format!("{turned_path}/secrets")).expect_status(200).json();
        ids.insert("admin_secret", text(&secrets["data"][1]["id"]));
        ids.insert("turned_admin", turned);
        for (user, email) in [("user", "one@example.com"), ("user2", "two@example.com")] {
            ids.insert(user, id(&format!("{ORG}/users"), json!({"email": email, "role": "developer"})));
        }
        for group in ["group", "group2"] {
            ids.insert(group, id(&format!("{ORG}/groups"), json!({"name": group})));
        }
        for role in ["role", "role2", "role3"] {
            let body = json!({"role_name": role, "permissions": ["read:keys"]});
            ids.insert(role, id(&format!("{ORG}/roles"), body));
        }
        let [project, user, group, role] = ["project", "user", "group", "role"].map(|name| ids[name].clone());
        let places = format!("{ORG}/projects/{project}");
        make(&format!("{places}/users"), json!({"user_id": user, "role": "member"}));
        make(&format!("{places}/groups"), json!({"group_id": group, "role": "member"}));
        make(&format!("{ORG}/groups/{group}/users"), json!({"user_id": user}));
        make(&format!("{ORG}/users/{user}/roles"), json!({"role_id": role}));
        make(&format!("{ORG}/groups/{group}/roles"), json!({"role_id": role}));
        for role in ["project_role", "project_role2", "project_role3"] {
            let body = json!({"role_name": role, "permissions": ["read:usage"]});
            ids.insert(role, id(&format!("{places}/roles"), body));
        }
        for holder in [format!("users/{}", ids["user"]), format!("groups/{}", ids["group"])] {
            make(&format!("{places}/{holder}/roles"), json!({"role_id": ids["project_role"]}));
        }
        let account = json!({"name": "robot", "create_service_account_only": true});
        let account = id(&format!("{places}/service_accounts"), account);
        let organization = id("/v1/organizations", json!({"name": "Second"}));
        for (name, model) in [("set_model", "mine/set"), ("gone_model", "mine/gone")] {
            ids.insert(name, id(&format!("{ORG}/models"), json!({"id": model, "context_tokens": 1000})));
        }
        let host = json!({"id": "far", "base_url": upstream.base_url(), "models_any": true});
        ids.insert("provider", id(&format!("{ORG}/providers"), host));
        let credentials = format!("{ORG}/providers/far/credentials");
        for credential in ["credential", "credential2"] {
            let body = json!({"value": "sk-far-0123456789abcdefghij", "name": credential});
            ids.insert(credential, id(&credentials, body));
        }
        let later = stage::now_seconds() + 86_400;
        let price = json!({"model": "mine/set", "effective_at": later, "input": 1, "output": 2});
        ids.insert("price", id(&format!("{ORG}/prices"), price));
        let invite = make(&format!("{ORG}/invites"), json!({"email": "three@example.com", "role": "viewer"}));
        let (invite, token) = (text(&invite["id"]), text(&invite["value"]));
        let request = "req_01m7y800000000000000000000".to_owned();
        ids.extend([
            ("account", account),
            ("organization", organization),
            ("invite", invite),
            ("request", request),
        ]);
        ids.insert("limit", "rl-all".to_owned());
        let budget = json!({"name": "b", "limit_usd": 100, "window": "month"});
        ids.insert("tier", "tier_business".to_owned());
        let asked = json!({"purpose": "a shop"});
        ids.insert("verification_request", id(&format!("{ORG}/verification_requests"), asked));
        let asked = json!({"purpose": "a shop", "rate_limits": {"requests_per_minute": 9}});
        ids.insert("limit_increase_request", id(&format!("{ORG}/limit_increase_requests"), asked));
        ids.insert("budget", id(&format!("{ORG}/budgets"), budget));
        let route = json!({"name": "some", "targets": [{"model": stage::MODEL}]});
        ids.insert("route", id(&format!("{ORG}/routes"), route));
        let alert = json!({"name": "a", "on": "cost", "threshold": 100});
        ids.insert("alert", id(&format!("{ORG}/alerts"), alert));
        let hook = json!({"name": "h", "url": "https://hooks.example.com/x"});
        ids.insert("webhook", id(&format!("{ORG}/webhooks"), hook));
        // Nobody answers there: it waits.
        let hook = json!({"name": "dead", "url": "https://10.0.0.1/"});
        let hook = id(&format!("{ORG}/webhooks"), hook);
        ids.insert("notification", id(&format!("{ORG}/webhooks/{hook}/test"), json!({})));
        ids.insert("*id", stage::MODEL.to_owned());
        Self { upstream, scene, ids, token, live }
    }

    /// A row's path with its placeholders filled.
    pub fn path(&self, route: &Route) -> String {
        let parts = route.path.split('/').map(|part| {
            // Google's verbs stand behind the name of the thing.
            let Some((name, verb)) = part.strip_prefix('{').and_then(|part| part.split_once('}')) else {
                return part.to_owned();
            };
            let name =
                if name == "key" && route.path.contains("/admin_api_keys/") { "admin_key" } else { name };
            let name = match (route.name, name) {
                ("key_enable", "key") => "resting_key",
                ("key_secret_list" | "key_secret_get" | "key_secret_delete", "key") => "turned_key",
                (name, "admin_key") if name.starts_with("admin_key_secret_") => "turned_admin",
                (name, "secret") if name.starts_with("admin_key_secret_") => "admin_secret",
                ("model_get", "*id") => "set_model",
                ("provider_credential_delete", "credential") => "credential2",
                ("model_delete", "*id") => "gone_model",
                // The first one is somebody's.
                ("role_remove", "role") => "role3",
                ("project_role_remove", "role") => "project_role3",
                (name, "role") if name.starts_with("project_") => "project_role",
                _ => name,
            };
            let name = if name == "*id" && route.path.contains("/rate_limits/") { "limit" } else { name };
            let id = self.ids.get(name);
            let id = id.unwrap_or_else(|| panic!("make a `{name}` in table.rs, for {}", route.path));
            format!("{id}{verb}")
        });
        let path = parts.collect::<Vec<_>>().join("/");
        if route.name == "stream_generate_content" { path + "?alt=sse" } else { path }
    }

    /// A body with which a row's call is good.
    pub fn body(&self, route: &Route) -> Value {
        let of = |name: &str| self.ids[name].as_str();
        match route.name {
            "key_create"
            | "admin_key_create"
            | "admin_key_edit"
            | "group_create"
            | "organization_create"
            | "project_create"
            | "group_update"
            | "organization_update"
            | "project_update"
            | "service_account_key"
            | "service_account_update"
            | "user_update" => json!({"name": "new name"}),
            "key_disable" | "key_enable" | "project_archive" | "organization_archive" => json!({}),
            "key_rotate" | "admin_key_rotate" => json!({"overlap_seconds": 3600}),
            "key_compromised" | "admin_key_compromised" => json!({"replace": true}),
            "credit_update" => json!({"prepaid": false}),
            "credit_grant" => json!({"amount_usd": 1, "kind": "granted"}),
            "tier_create" => json!({"name": "new one"}),
            "verification_ask" => json!({"purpose": "a bank"}),
            "limit_increase_ask" => json!({"purpose": "a bank", "rate_limits": {"concurrency": 5}}),
            "verification_decide" | "limit_increase_decide" => json!({"decision": "reject", "note": "no"}),
            "tier_update" => json!({"markup_ppm": 1}),
            "budget_create" => json!({"name": "new", "limit_usd": 1, "window": "day"}),
            "budget_update" => json!({"name": "other", "limit_usd": 2.5}),
            "route_create" => json!({"name": "new", "targets": [{"model": stage::MODEL}]}),
            "route_update" => json!({"targets": [{"model": stage::MODEL, "weight": 2}]}),
            "settings_update" => json!({"key_name_pattern": "*"}),
            "model_put" => json!({"id": "mine/added", "context_tokens": 1000}),
            "provider_put" => json!({"id": "near", "base_url": "http://127.0.0.1:9/v1"}),
            "provider_switch" => json!({"enabled": true}),
            "provider_test" => json!({}),
            "provider_credential_create" => json!({"value": "sk-far-zyxwvutsrqponmlkjihg"}),
            "provider_credential_update" => json!({"name": "other"}),
            "price_create" => json!({"model": "mine/set", "input": 0.25, "output": 0.75}),
            "token_create" => json!({"expires_in_seconds": 60}),
            "project_policy_edit" | "key_policy_edit" => json!({"cache": "deterministic"}),
            "key_edit" => json!({"rate_limits": {"requests_per_minute": 100_000}}),
            "project_limit_edit" | "organization_limit_edit" => json!({"max_requests_per_1_day": 1_000_000}),
            "chat_completions" => stage::hello(false),
            "messages" | "count_tokens" => json!({"model": stage::MODEL, "max_tokens": 64,
                "messages": [{"role": "user", "content": "Hello"}]}),
            "responses" | "input_tokens" => json!({"model": stage::MODEL, "input": "Hello"}),
            "generate_content" | "stream_generate_content" | "count_content" => {
                json!({"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]})
            }
            "completions" => json!({"model": stage::MODEL, "prompt": "Hello"}),
            "embeddings" => json!({"model": stage::MODEL, "input": "Hello"}),
            "embed_content" => json!({"content": {"parts": [{"text": "Hello"}]}}),
            "batch_embed_contents" => json!({"requests": [{"content": {"parts": [{"text": "Hello"}]}}]}),
            "rerank" => json!({"model": stage::MODEL, "query": "Hello", "documents": ["a", "b"]}),
            "moderations" => json!({"model": stage::MODEL, "input": "Hello"}),
            "images_generations" => json!({"model": "mine/image", "prompt": "Hello"}),
            "audio_speech" => json!({"model": "mine/voice", "input": "Hello", "voice": "alloy"}),
            // It is sent as a form.
            "audio_transcriptions" => json!({"model": "mine/heard"}),
            "model_permissions_set" => json!({"mode": "deny_list", "model_ids": ["mine/other"]}),
            "project_user_add" => json!({"user_id": of("user2"), "role": "member"}),
            "project_group_add" => json!({"group_id": of("group2"), "role": "member"}),
            "project_user_update" => json!({"role": "viewer"}),
            "service_account_create" => json!({"name": "robot", "create_service_account_only": true}),
            "ip_allowlist_set" => json!({"ip_allowlist": ["127.0.0.0/8"]}),
            "user_add" => json!({"email": "new@example.com", "role": "developer"}),
            "invite_create" => json!({"email": "newer@example.com", "role": "developer"}),
            "invite_accept" => json!({"token": self.token, "name": "Three"}),
            "group_user_add" => json!({"user_id": of("user2")}),
            "user_role_give" | "group_role_give" => json!({"role_id": of("role2")}),
            "project_user_role_give" | "project_group_role_give" => json!({"role_id": of("project_role2")}),
            "project_role_create" => json!({"role_name": "new there", "permissions": ["read:usage"]}),
            "project_role_update" => json!({"description": "new"}),
            "role_create" => json!({"role_name": "new role", "permissions": ["read:keys"]}),
            "role_update" => json!({"description": "new"}),
            "alert_create" => json!({"name": "new", "on": "usage"}),
            "alert_update" => json!({"name": "other", "threshold": 2.5}),
            "alert_test" => json!({}),
            "webhook_create" => json!({"name": "new", "url": "https://hooks.example.com/y"}),
            "webhook_update" => json!({"name": "other"}),
            "webhook_test" | "notification_replay" => json!({}),
            "explain" => {
                json!({"api_key_id": of("key"), "path": "/v1/chat/completions", "model": stage::MODEL})
            }
            name => panic!("give `{name}` a body in table.rs"),
        }
    }

    /// A recording to be written down.
    fn form(&self) -> String {
        let part = |name: &str, value: &str| {
            format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        part("model", "mine/heard") + &part("file", "sound") + "--X--\r\n"
    }

    /// A row's call with this credential; none when it is empty.
    pub fn call(&self, route: &Route, secret: &str) -> Response {
        self.call_at(route, &self.path(route), secret)
    }

    /// The same at another path.
    pub fn call_at(&self, route: &Route, path: &str, secret: &str) -> Response {
        let bearer = format!("Bearer {secret}");
        let form = route.name == "audio_transcriptions";
        let kind = if form { "multipart/form-data; boundary=X" } else { "application/json" };
        let mut headers = vec![("content-type", kind)];
        if !secret.is_empty() {
            headers.push(("authorization", bearer.as_str()));
        }
        let body = match route.method == "POST" {
            true if form => self.form(),
            true => self.body(route).to_string(),
            false => String::new(),
        };
        let path = if route.path.contains("/usage/") || route.path.ends_with("/costs") {
            format!("{path}?start_time={}", stage::yesterday())
        } else {
            path.to_owned()
        };
        self.scene.keyway.request(route.method.as_str(), &path, &headers, body.as_bytes())
    }
}
