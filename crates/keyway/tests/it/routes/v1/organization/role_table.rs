//! The table of roles, cell by cell, asked of a running server.

use super::{NOBODY, key_of, member};
use crate::stage::{Scene, bare, text};
use testkit::json;

const ROLES: [&str; 6] = ["owner", "admin", "developer", "billing", "auditor", "viewer"];

/// A call, and what each role hears: `y` done or not there, `-` refused.
const TABLE: [(&str, &str, &str); 51] = [
    // installation
    ("GET", "/v1/organizations", "------"),
    ("POST", "/v1/organizations", "------"),
    ("GET", "/nodes", "------"),
    ("GET", "/metrics", "------"),
    // organisation settings, roles
    ("GET", "/ip_allowlist", "yy----"),
    ("POST", "/ip_allowlist", "yy----"),
    ("POST", "/roles", "yy----"),
    ("DELETE", "/roles/role_{N}", "yy----"),
    // members, invitations, service accounts
    ("GET", "/users", "yyy-y-"),
    ("GET", "/invites", "yyy-y-"),
    ("GET", "/groups", "yyy-y-"),
    ("GET", "/projects/{P}/service_accounts", "yyy-y-"),
    ("POST", "/users", "yy----"),
    ("DELETE", "/users/user_{N}", "yy----"),
    ("POST", "/invites", "yy----"),
    ("POST", "/groups", "yy----"),
    ("POST", "/projects/{P}/users", "yy----"),
    ("POST", "/projects/{P}/service_accounts", "yy----"),
    // projects
    ("GET", "/projects", "yyyyyy"),
    ("GET", "/projects/{P}", "yyyyyy"),
    ("GET", "/projects/{Q}", "yy-yy-"),
    ("POST", "/projects", "yy----"),
    ("POST", "/projects/{P}", "yy----"),
    ("POST", "/projects/proj_{N}/archive", "yy----"),
    ("POST", "/projects/{P}/model_permissions", "yy----"),
    // budgets
    ("GET", "/budgets", "yyyyyy"),
    ("POST", "/budgets", "yy----"),
    ("GET", "/budgets/bud_{N}", "yyyyyy"),
    ("POST", "/budgets/bud_{N}", "yy----"),
    ("DELETE", "/budgets/bud_{N}", "yy----"),
    // credit; tiers are the installation's
    ("GET", "/credit", "yy-yy-"),
    ("POST", "/credit", "y--y--"),
    ("GET", "/credit/grants", "yy-yy-"),
    ("POST", "/credit/grants", "y--y--"),
    ("GET", "/tiers", "------"),
    ("POST", "/tiers/tier_new", "------"),
    // keys: create, edit, revoke
    ("POST", "/projects/{P}/api_keys", "yyy---"),
    ("POST", "/projects/{Q}/api_keys", "yy----"),
    ("DELETE", "/projects/{P}/api_keys/key_{N}", "yyy---"),
    ("POST", "/projects/{P}/api_keys/{K}/enable", "yy----"),
    ("POST", "/admin_api_keys", "yy----"),
    // keys: see
    ("GET", "/projects/{P}/api_keys", "yyy-yy"),
    ("GET", "/projects/{Q}/api_keys", "yy--y-"),
    ("GET", "/projects/{P}/api_keys/{K}", "yyy-yy"),
    // usage and requests: see
    ("GET", "/usage/completions?start_time=1&limit=1", "yyyyyy"),
    ("GET", "/costs?start_time=1&limit=1", "yyyyyy"),
    ("GET", "/requests", "yyy-yy"),
    ("GET", "/requests/req_{N}", "yyy-yy"),
    ("GET", "/projects/{P}/users", "yyy-y-"),
    ("GET", "/projects/{Q}/users", "yyy-y-"),
    ("GET", "/roles", "yyy-y-"),
];

#[test]
fn every_role_may_what_the_table_says() {
    let scene = Scene::start(bare());
    let other = scene.post("/v1/organization/projects", &json!({"name": "other"})).expect_status(200).json();
    let (key, _) = scene.make_key();
    let mut wrong = Vec::new();
    for (column, role) in ROLES.into_iter().enumerate() {
        let user = member(&scene, &format!("{role}@x.y"), role);
        let place = json!({"user_id": user, "role": "member"});
        scene.post(&format!("{}/users", scene.project_path), &place).expect_status(200);
        let (_, secret) = key_of(&scene, &user);
        let bearer = format!("Bearer {secret}");
        for (method, path, cells) in TABLE {
            let below = path.replace("{P}", &scene.project).replace("{Q}", &text(&other["id"]));
            let below = below.replace("{N}", NOBODY).replace("{K}", &key);
            let whole = match path {
                _ if path.starts_with("/v1/") || path == "/metrics" => below,
                _ => format!("/v1/organization{below}"),
            };
            let body: &[u8] = match (method, path) {
                // The only call here that does something when it may; the others lack a field.
                ("POST", "/projects/{P}/api_keys" | "/projects/{Q}/api_keys") => br#"{"name":"n"}"#,
                ("POST", _) => b"{}",
                _ => b"",
            };
            let headers = [("authorization", bearer.as_str())];
            let answer = scene.keyway.request(method, &whole, &headers, body);
            let expected = cells.as_bytes()[column] == b'y';
            let hidden = answer.status == 404 && path.contains("{Q}");
            let may = answer.status != 403 && !hidden;
            if may != expected || answer.status == 401 || answer.status >= 500 {
                wrong.push(format!("{role}: {method} {path}: {}", answer.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
