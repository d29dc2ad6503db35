//! Every row of the route table with every kind of credential, held against a table that was looked at:
//! `matrix.txt`. UPDATE_MATRIX=1 writes it anew.

use crate::database::{self, Rows};
use crate::stage::text;
use crate::table::{World, routes};
use keyway::relay::Route;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use testkit::{Response, json};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/routes/matrix.txt");
const NOBODY: &str = "01m7y800000000000000000000";

/// What the door said: the answer's own doing (200, a body that is no good, a thing that is not there) is
/// "in".
fn decision(answer: &Response) -> &'static str {
    let code = if answer.status >= 400 { answer.code() } else { String::new() };
    match (answer.status, code.as_str()) {
        (401, "invalid_api_key") => "401",
        (403, "wrong_key_type") => "kind",
        (403, "missing_scope") => "scope",
        (403, "model_not_allowed") => "model",
        (404, _) if answer.text().contains("There is no such project.") => "hidden",
        (401 | 403, other) => panic!("{other}: {}", answer.text()),
        _ => "in",
    }
}

/// A call that changes nothing when it is let in: its body is no good, its things are nobody's.
fn call(world: &World, route: &Route, secret: &str) -> Response {
    call_at(world, route, &harmless(world, route), secret)
}

fn harmless(world: &World, route: &Route) -> String {
    let parts = route.path.split('/').map(|part| match part {
        "{project}" => world.ids["project"].clone(),
        "{*id}" if route.path.contains("/models/") => world.ids["*id"].clone(),
        "{*id}" => "rl-all".to_owned(),
        "{key}" => format!("key_{NOBODY}"),
        "{budget}" => format!("bud_{NOBODY}"),
        "{invite}" => format!("invite_{NOBODY}"),
        "{account}" => format!("sa_{NOBODY}"),
        "{request}" => format!("req_{NOBODY}"),
        "{organization}" => format!("org_{NOBODY}"),
        part if part.starts_with('{') => format!("{}_{NOBODY}", part.trim_matches(['{', '}'])),
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn call_at(world: &World, route: &Route, path: &str, secret: &str) -> Response {
    let bearer = format!("Bearer {secret}");
    let headers = [("authorization", bearer.as_str())];
    let body = match route.name {
        "chat_completions" | "explain" => world.body(route).to_string(),
        _ if route.method == "POST" => r#"{"matrix":1}"#.to_owned(),
        _ => String::new(),
    };
    let headers = if secret.is_empty() { &[][..] } else { &headers[..] };
    world.scene.keyway.request(route.method.as_str(), path, headers, body.as_bytes())
}

/// Every kind of credential: its name in the table, and one of it.
fn credentials(world: &World) -> Vec<(&'static str, String)> {
    let scene = &world.scene;
    const ORG: &str = "/v1/organization";
    let make = |path: &str, body| scene.post(path, &body).expect_status(200).json();
    let key = |body| text(&scene.create_key(&body)["value"]);
    let admin = |body| text(&make(&format!("{ORG}/admin_api_keys"), body)["value"]);
    let token = |body| {
        let made = scene.keyway.post_json("/v1/tokens", &world.live, &body).expect_status(200).json();
        text(&made["value"])
    };
    let other = text(&make(&format!("{ORG}/projects"), json!({"name": "Other"}))["id"]);
    let mut all = vec![
        ("nothing", String::new()),
        ("test", key(json!({"name": "t", "mode": "test"}))),
        ("live", world.live.clone()),
        ("live -", key(json!({"name": "l", "scopes": []}))),
        ("live reads", key(json!({"name": "r", "read_only": true}))),
        ("token", token(json!({"expires_in_seconds": 900}))),
        ("token -", token(json!({"expires_in_seconds": 900, "scopes": []}))),
        ("token jwt", token(json!({"expires_in_seconds": 900, "format": "jwt"}))),
        ("admin -", admin(json!({"name": "a", "scopes": []}))),
        ("admin reads", admin(json!({"name": "ar", "read_only": true}))),
        ("admin else", admin(json!({"name": "b", "projects": [other]}))),
        ("operator", scene.admin.clone()),
    ];
    // Role in the organisation, role in the project.
    for (name, role, place) in [
        ("owner", "owner", ""),
        ("admin", "admin", ""),
        ("developer", "developer", ""),
        ("dev here", "developer", "member"),
        ("billing", "billing", ""),
        ("auditor", "auditor", ""),
        ("viewer", "viewer", ""),
        ("viewer here", "viewer", "member"),
        ("proj owner", "viewer", "owner"),
    ] {
        let email = format!("{}@matrix.example", name.replace(' ', "."));
        let user = text(&make(&format!("{ORG}/users"), json!({"email": email, "role": role}))["id"]);
        if !place.is_empty() {
            make(&format!("{}/users", scene.project_path), json!({"user_id": user, "role": place}));
        }
        all.push((name, admin(json!({"name": name, "owner": user}))));
    }
    all
}

/// Everything but the log: to let a project call every model is recorded, also when it may already.
fn state(world: &World) -> BTreeMap<String, Rows> {
    let mut all = database::everything(&world.scene.keyway);
    all.retain(|table, _| !["audit_log", "changes", "change_head"].contains(&table.as_str()));
    all
}

#[test]
fn every_route_decides_as_the_table_says() {
    let world = World::start();
    let credentials = credentials(&world);
    let before = state(&world);
    let mut table = String::from("What the door says to each credential.\n");
    for (name, _) in &credentials {
        let _ = write!(table, "| {name} ");
    }
    table.push('\n');
    let mut reached = 0_u64;
    for route in routes() {
        let _ = writeln!(table, "\n{} {}", route.method, route.path);
        for (name, secret) in &credentials {
            let answer = call(&world, route, secret);
            let decided = decision(&answer);
            // A test key comes in, and no further than the sandbox.
            reached += u64::from(route.name == "chat_completions" && answer.status == 200);
            let _ = write!(table, "| {decided:<width$} ", width = name.len());
        }
        table.push('\n');
    }
    assert_eq!(world.upstream.count(), reached, "a refused request reached the provider");
    assert!(state(&world) == before, "a harmless call changed something");
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        std::fs::write(TABLE, &table).unwrap();
    }
    let kept = std::fs::read_to_string(TABLE).unwrap_or_default();
    for (line, (is, was)) in table.lines().zip(kept.lines()).enumerate() {
        assert_eq!(is, was, "line {} of matrix.txt", line + 1);
    }
    assert_eq!(table.lines().count(), kept.lines().count());
}

/// Other ways to write a path, none of which is the path.
fn mutations(path: &str) -> Vec<String> {
    let (head, last) = path.rsplit_once('/').unwrap_or(("", path));
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let rest = &path[first.len() + 1..];
    vec![
        format!("/{path}"),
        format!("{head}//{last}"),
        format!("{head}/./{last}"),
        format!("{head}/x/../{last}"),
        format!("{head}/%2e/{last}"),
        format!("{head}/x/%2e%2e/{last}"),
        format!("{head}%2f{last}"),
        format!("{head}%2F{last}"),
        format!("{path};x"),
        format!("{path};x=1"),
        format!("/{first};x{rest}"),
        format!("{path}/"),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{}{rest}", format!("/{first}").to_ascii_uppercase()),
    ]
}

/// Not there, no path, or another route's that does not take the method: nobody has decided anything.
const SPARED: [u16; 3] = [400, 404, 405];

#[test]
fn another_way_to_write_a_path_decides_the_same_or_is_not_there() {
    let world = World::start();
    let token = world.scene.keyway.post_json("/v1/tokens", &world.live, &json!({"expires_in_seconds": 900}));
    let token = text(&token.expect_status(200).json()["value"]);
    let before = state(&world);
    for route in routes().filter(|route| route.name != "chat_completions") {
        let path = harmless(&world, route);
        for secret in ["", &world.live, &token, &world.scene.admin] {
            let plain = call_at(&world, route, &path, secret).status;
            for other in mutations(&path) {
                let status = call_at(&world, route, &other, secret).status;
                assert!(
                    status == plain || SPARED.contains(&status),
                    "{} {other}: {status}, not {plain}",
                    route.method
                );
            }
        }
    }
    let chat = routes().find(|route| route.name == "chat_completions").unwrap();
    for other in mutations(chat.path) {
        for secret in [&world.live, &token] {
            let status = call_at(&world, chat, &other, secret).status;
            assert!([400, 404].contains(&status), "{other}: {status}");
        }
    }
    assert_eq!(world.upstream.count(), 0);
    assert!(state(&world) == before, "a harmless call changed something");
}

#[test]
fn absolute_targets_and_odd_hosts_decide_the_same_or_are_refused() {
    let world = World::start();
    for route in routes().filter(|route| route.method == "GET") {
        let path = harmless(&world, route);
        for secret in ["", world.live.as_str(), &world.scene.admin] {
            let plain = call_at(&world, route, &path, secret).status;
            let auth =
                if secret.is_empty() { String::new() } else { format!("authorization: Bearer {secret}\r\n") };
            for (target, hosts) in [
                (format!("http://elsewhere.example{path}"), "host: elsewhere.example\r\n"),
                (format!("http://127.0.0.1{path}"), "host: elsewhere.example\r\n"),
                (path.clone(), "host: elsewhere.example:99\r\n"),
                (path.clone(), "host: localhost\r\nhost: elsewhere.example\r\n"),
                (path.clone(), "host: a b\r\n"),
                (path.clone(), "host: \r\n"),
                (path.clone(), ""),
            ] {
                let mut connection = world.scene.keyway.connect();
                let text = format!("GET {target} HTTP/1.1\r\n{hosts}{auth}connection: close\r\n\r\n");
                connection.raw().write_all(text.as_bytes()).unwrap();
                let status = connection.response().map(|answer| answer.status).unwrap_or(400);
                assert!(
                    status == plain || [400, 404].contains(&status),
                    "{target} {hosts:?}: {status}, not {plain}"
                );
            }
        }
    }
    assert_eq!(world.upstream.count(), 0);
}
