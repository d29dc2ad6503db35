//! Bad input on every row of the route table: 400 that names the field, and nothing is changed. What is bad
//! about a field follows from its type in the OpenAPI document.

use crate::database;
use crate::table::{World, routes};
use keyway::access::verify::Needs;
use keyway::relay::{Handler, Route};
use testkit::{Response, Value, json};

/// Longer than any text may be.
const LONG: usize = 10_000;

/// Rows that take a body, and what the document says of it.
fn with_body(document: &Value) -> Vec<(&'static Route, serde_json::Map<String, Value>)> {
    let managed =
        routes().filter(|route| matches!(route.handler, Handler::Control(_)) && route.method == "POST");
    managed
        .map(|route| {
            let path = route.path.replace("{*", "{");
            let body = &document["paths"][&path]["post"]["requestBody"];
            let name = body["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
            let name = name.rsplit('/').next().unwrap_or_default();
            let fields = document["components"]["schemas"][name]["properties"].as_object();
            (route, fields.cloned().unwrap_or_default())
        })
        .collect()
}

fn send(world: &World, route: &Route, body: &str) -> Response {
    let secret = if route.name == "token_create" { &world.live } else { &world.scene.admin };
    world.scene.keyway.post_bytes(&world.path(route), secret, body.as_bytes())
}

/// The answer is 400 and names the field, or a field in it.
fn refused(route: &Route, answer: &Response, field: &str, what: &str) -> Option<String> {
    let param = if answer.status == 400 { answer.json()["error"]["param"].clone() } else { Value::Null };
    let named = param.as_str().is_some_and(|param| param == field || param.starts_with(&format!("{field}.")));
    let text = answer.text();
    // Not a value of more than a few characters comes back.
    let short = text.len() < 2_000 && !text.contains(&"x".repeat(100));
    (!named || !short).then(|| format!("{} {}: {what}: {} {text}", route.method, route.path, answer.status))
}

/// Values that a field of this type and name cannot have.
fn bad_values(name: &str, schema: &Value) -> Vec<Value> {
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        kind => vec![kind.clone()],
    };
    let is = |kind: &str| kinds.iter().any(|it| it == kind);
    let mut bad = Vec::new();
    if schema["enum"].is_array() {
        bad.extend([json!("nothing of the kind"), json!(7)]);
    } else if is("string") {
        bad.extend([json!(7), json!(["a"]), json!({"a": "b"}), json!("x".repeat(LONG))]);
    } else if is("integer") {
        bad.extend([json!("1"), json!(1.5), json!(-1), json!(1_000_000_000_000_000_000_u64), json!(true)]);
    } else if is("number") {
        bad.extend([json!("a"), json!("1e3"), json!(-1), json!([1]), json!(true)]);
    } else if is("boolean") {
        bad.extend([json!(1), json!("true")]);
    } else if is("array") {
        bad.extend([json!("a"), json!({"a": 1}), json!([{"a": 1}])]);
        if schema["items"]["type"] != "integer" {
            bad.push(json!([7]));
        }
    } else {
        bad.extend([json!("a"), json!([1]), json!(7)]);
    }
    match name {
        "ip_allowlist" => {
            for entry in
                ["", "300.0.0.1", "10.0.0.0/33", "10.0.0.1/8", "::1/129", "everywhere", "10.0.0.0/8 "]
            {
                bad.push(json!([entry]));
            }
            bad.push(vec!["10.0.0.0/8"; 101].into());
        }
        "scopes" | "permissions" => {
            bad.extend([json!(["read:everything"]), json!([""]), json!(["READ:KEYS"]), json!(["%"])]);
        }
        "models" | "model_ids" => bad.extend([json!([""]), json!(["x".repeat(LONG)]), vec!["a"; 201].into()]),
        "endpoints" => bad.push(json!(["/v1/nothing"])),
        "expires_in_seconds" => bad.extend([json!(0), json!(1_000_000_000)]),
        "idle_expires_in_seconds" => bad.extend([json!(0), json!(1), json!(1_000_000_000)]),
        "overlap_seconds" => bad.push(json!(1_000_000_000)),
        "not_before" => bad.push(json!(1_000_000_000_000_i64)),
        "since" => bad.push(json!(100_000_000_000_i64)),
        "name" | "role_name" => bad.extend([json!(""), json!("  "), json!("a\nb"), json!("\u{1b}[31m")]),
        "email" => bad.extend([json!("nobody"), json!("a@b@c.d"), json!("%@%")]),
        "labels" | "metadata" => bad.extend([json!({"a": 1}), json!({"a": "x".repeat(LONG)})]),
        "rate_limits" => {
            bad.extend([json!({"requests_per_minute": 1_000_000_001}), json!({"requests_per_minute": 0})]);
            bad.extend([json!({"colour": 1}), json!({"tokens_per_minute": -1}), json!({"concurrency": "1"})]);
        }
        name if name.starts_with("max_") && name != "max_tokens" => {
            bad.extend([json!(0), json!(1_000_000_001)])
        }
        _ => {}
    }
    bad
}

#[test]
fn bad_input_is_400_with_the_field_named_and_nothing_changed() {
    let world = World::start();
    let document = world.scene.keyway.get("/openapi.json", "").expect_status(200).json();
    let before = database::everything(&world.scene.keyway);
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for (route, fields) in with_body(&document) {
        let good = world.body(route);
        let mut check = |body: &str, field: &str, what: &str| {
            asked += 1;
            wrong.extend(refused(route, &send(&world, route, body), field, what));
        };
        let with = |name: &str, value: &Value| {
            let mut body = good.clone();
            if name == "email" {
                // The one or the other.
                body.as_object_mut().unwrap().remove("user_id");
            }
            body[name] = value.clone();
            body.to_string()
        };
        check(&with("colour", &json!(1)), "colour", "a field that there is not");
        let (name, value) = good.as_object().and_then(|it| it.iter().next()).unzip();
        let (name, value) = (name.map_or("any", String::as_str), value.cloned().unwrap_or_default());
        check(&format!(r#"{{"{name}":{value},"{name}":{value}}}"#), name, "a field twice");
        for (name, schema) in &fields {
            for value in bad_values(name, schema) {
                // A text that names nobody's thing is answered like one that does.
                let asks = route.name != "alert_create";
                if asks
                    && ["token", "api_key_id"].contains(&name.as_str())
                    && value == json!("x".repeat(LONG))
                {
                    assert_eq!(send(&world, route, &with(name, &value)).status, 404, "{}", route.path);
                    continue;
                }
                check(
                    &with(name, &value),
                    name,
                    &format!("{name}={}", &value.to_string()[..value.to_string().len().min(60)]),
                );
            }
        }
        for body in ["{", "[1]", "7", "\"a\"", "{\"a\":1}}", "\u{0}"] {
            let answer = send(&world, route, body);
            asked += 1;
            if answer.status != 400 {
                wrong.push(format!("{}: {body}: {}", route.path, answer.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 1_000, "{asked}");
    assert!(database::everything(&world.scene.keyway) == before, "bad input changed something");
}

#[test]
fn bad_queries_are_400_with_the_parameter_named() {
    let world = World::start();
    let document = world.scene.keyway.get("/openapi.json", "").expect_status(200).json();
    let mut wrong = Vec::new();
    // What a project key asks of itself takes no admin key.
    let managed = |route: &&Route| {
        matches!(route.handler, Handler::Control(_))
            && matches!(route.needs, Needs::Admin(..) | Needs::Nothing)
    };
    for route in routes().filter(managed).filter(|route| route.method == "GET") {
        let operation = &document["paths"][route.path.replace("{*", "{")]["get"];
        let takes = |name: &str| {
            operation["parameters"].as_array().is_some_and(|all| all.iter().any(|it| it["name"] == name))
        };
        let mut bad = vec![("colour", "1")];
        if takes("limit") {
            bad.extend([("limit", "0"), ("limit", "1000000000"), ("limit", "-1"), ("limit", "%")]);
        }
        if takes("after") {
            bad.extend([("after", "nonsense"), ("after", "%25"), ("after", "x_01m7y800000000000000000000")]);
        }
        if takes("order") {
            bad.push(("order", "sideways"));
        }
        let start = if takes("start_time") { "&start_time=1" } else { "" };
        for (name, value) in bad {
            let path = format!("{}?{name}={value}{start}", world.path(route));
            let answer = world.scene.get(&path);
            wrong.extend(refused(route, &answer, name, &path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn signs_of_searches_stand_for_themselves() {
    let world = World::start();
    world.scene.chat(&world.live).expect_status(200);
    testkit::eventually("a line of the log", || world.scene.requests().first().cloned());
    const ORG: &str = "/v1/organization";
    let all = world.scene.get_json(&format!("{ORG}/users"));
    assert!(all["data"].as_array().is_some_and(|users| users.len() > 1));
    for path in [
        "users?emails=%25",
        "users?emails=%25@example.com",
        "users?emails=_ne@example.com",
        "requests?models=%25",
        "requests?models=mine/%25",
        "requests?api_key_ids=key_%25",
        "requests?project_ids=_",
        "audit_logs?event_types=api_key.%25",
        "audit_logs?actor_ids=%25",
        "audit_logs?actor_emails=%25",
        "audit_logs?resource_ids=key_%25",
    ] {
        let list = world.scene.get_json(&format!("{ORG}/{path}"));
        assert_eq!(list["data"], json!([]), "{path}");
    }
}
