//! `keyway org`, `project`, `member`, `service-account` and `role`: the objects of the API.

use super::failed;
use crate::stage::{Scene, bare, fields, text};
use testkit::{Value, json};

#[test]
fn objects_are_those_of_the_api() {
    let scene = Scene::start(bare());
    let json = |arguments: &[&str]| scene.keyway.json(arguments);
    let same = |arguments: &[&str], path: &str| {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let said = scene.keyway.cli(&arguments).expect_code(0).stdout;
        assert_eq!(said.trim_end(), scene.get(path).expect_status(200).text(), "{arguments:?}");
    };
    let project =
        json(&["project", "create", "--name", "shop", "--environment", "staging", "--ip", "127.0.0.0/8"]);
    let path = format!("/v1/organization/projects/{}", text(&project["id"]));
    assert_eq!(project, scene.get_json(&path));
    same(&["project", "show", "shop"], &path);
    same(&["project", "list"], "/v1/organization/projects");
    json(&["project", "edit", "shop", "--any-ip"]);
    json(&["project", "models", "shop", "--allow", "sandbox/echo"]);
    assert_eq!(scene.get_json(&format!("{path}/model_permissions"))["mode"], "allow_list");
    assert_eq!(scene.get_json(&path)["ip_allowlist"], Value::Null);

    let user = json(&["member", "create", "--email", "Ada@x.y", "--role", "developer"]);
    let user_path = format!("/v1/organization/users/{}", text(&user["id"]));
    assert_eq!(user, scene.get_json(&user_path));
    same(&["member", "show", "ada@x.y"], &user_path);
    same(&["member", "list"], "/v1/organization/users");
    let place = json(&["project", "member", "add", "shop", &text(&user["id"]), "--role", "member"]);
    assert_eq!(place, scene.get_json(&format!("{path}/users/{}", text(&user["id"]))));
    json(&["project", "member", "remove", "shop", &text(&user["id"])]);
    assert_eq!(scene.get_json(&format!("{path}/users"))["data"], json!([]));

    let account =
        scene.keyway.cli(&["service-account", "create", "--name", "ci", "--project", "shop", "--json"]);
    let by_api = scene.post(&format!("{path}/service_accounts"), &json!({"name": "cd"})).expect_status(200);
    assert_eq!(fields(&account.stdout), fields(&by_api.text()));
    let account = account.expect_code(0).json();
    let id = text(&account["id"]);
    scene.keyway.get("/v1/models", &text(&account["api_key"]["value"])).expect_status(200);
    same(&["service-account", "show", &id], &format!("{path}/service_accounts/{id}"));
    same(&["service-account", "list", "--project", "shop"], &format!("{path}/service_accounts"));
    let gone = json(&["service-account", "remove", &id, "--yes"]);
    assert_eq!(gone["revoked_keys"], json!([account["api_key"]["id"]]));

    let role = json(&["role", "create", "--name", "sums", "--permission", "read:usage"]);
    let role_id = text(&role["id"]);
    same(&["role", "show", &role_id], &format!("/v1/organization/roles/{role_id}"));
    same(&["role", "list"], "/v1/organization/roles");
    json(&["role", "edit", &role_id, "--description", "money"]);
    json(&["role", "remove", &role_id, "--yes"]);
    json(&["member", "remove", "ada@x.y", "--yes"]);
    assert_eq!(scene.get(&user_path).status, 404);
    assert_eq!(json(&["project", "remove", "shop", "--yes"])["status"], "archived");
}

#[test]
fn another_organisation_is_named() {
    let scene = Scene::start(bare());
    let org = scene.keyway.json(&["org", "create", "--name", "acme"]);
    let id = text(&org["id"]);
    assert_eq!(org, scene.get_json(&format!("/v1/organizations/{id}")));
    let made = scene.keyway.json(&["admin-key", "create", "--name", "root", "--org", "acme"]);
    let theirs = text(&made["value"]);
    let projects = scene.keyway.cli(&["project", "list", "--org", &id, "--json"]).expect_code(0).stdout;
    assert_eq!(projects.trim_end(), scene.keyway.get("/v1/organization/projects", &theirs).text());
    // Bound to the organisation that was named, it is not the operator's.
    assert_eq!(scene.keyway.get("/v1/organizations", &theirs).status, 403);
    scene.get("/v1/organizations").expect_status(200);
    failed(&scene.keyway.cli(&["project", "list", "--org", "nobody"]), 3, &["organization"]);
    failed(&scene.keyway.cli(&["member", "edit", "x@y.z", "--role", "viewer"]), 3, &["user"]);
    failed(&scene.keyway.cli(&["member", "create", "--email", "x@y.z", "--role", "king"]), 2, &["role"]);
    assert_eq!(scene.keyway.json(&["org", "remove", &id, "--yes"])["status"], "archived");
}
