//! GET `/openapi.json`: the document, and that answers are what it says.

use crate::table::{World, is_write, routes};
use testkit::Value;

/// Where a value is not what its schema says.
fn mismatch(schema: &Value, value: &Value, all: &Value, at: &str) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return mismatch(&all[name], value, all, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let all_wrong = any.iter().all(|schema| mismatch(schema, value, all, at).is_some());
        return all_wrong.then(|| format!("{at}: {value} is none of {schema}"));
    }
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = |kind: &Value| kind == is || (kind == "number" && is == "integer");
    let kinds = &schema["type"];
    if !(kinds.is_null() || fits(kinds) || kinds.as_array().is_some_and(|kinds| kinds.iter().any(fits))) {
        return Some(format!("{at}: {value} is no {kinds}"));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return Some(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    if let Value::Array(items) = value {
        let mut places = items.iter().enumerate();
        return places
            .find_map(|(place, item)| mismatch(&schema["items"], item, all, &format!("{at}[{place}]")));
    }
    let Value::Object(fields) = value else { return None };
    let known = schema["properties"].as_object()?;
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            return Some(format!("{at} lacks `{name}`"));
        }
    }
    fields.iter().find_map(|(name, value)| match known.get(name) {
        Some(schema) => mismatch(schema, value, all, &format!("{at}.{name}")),
        None => {
            (schema["additionalProperties"] == false).then(|| format!("{at}.{name} is not in the document"))
        }
    })
}

#[test]
fn every_answer_is_what_the_document_says() {
    let world = World::start();
    let scene = &world.scene;
    let document = scene.keyway.get("/openapi.json", "").expect_status(200);
    assert_eq!(document.header("content-type"), Some("application/json"));
    let document = document.json();
    let schemas = &document["components"]["schemas"];
    let scopes =
        ["chat_completions", "completions", "embeddings", "rerank", "moderations", "images", "audio"];
    let scopes: Vec<String> =
        scopes.iter().map(|name| format!("create:{name}")).chain(["read:models".into()]).collect();
    let wide = scene.create_key(&testkit::json!({"name": "wide", "scopes": scopes}));
    let wide = crate::stage::text(&wide["value"]);
    scene.chat(&wide).expect_status(200);
    let line = testkit::eventually("a line of the log", || scene.requests().first().cloned());
    let request = crate::stage::text(&line["id"]);
    let mut seen = 0;
    // What reads, then what makes, then what changes, then what ends: each finds what it needs.
    let order = |name: &str| {
        [
            name.ends_with("_create"),
            name.ends_with("archive"),
            name.ends_with("remove") || name.ends_with("revoke"),
        ]
        .iter()
        .rposition(|is| *is)
        .map_or(1, |place| [1, 4, 3][place])
    };
    // Text is what it is.
    let mut rows: Vec<_> = routes()
        .filter(|route| !["metrics", "usage_export", "stream_generate_content"].contains(&route.name))
        .collect();
    rows.sort_by_key(|route| if is_write(route) { order(route.name) } else { 0 });
    for route in rows {
        let path = route.path.replace("{*", "{");
        let operation = &document["paths"][&path][route.method.as_str().to_ascii_lowercase()];
        assert_eq!(operation["operationId"], route.name);
        let secret = if operation["security"][0].get("adminKey").is_some() { &scene.admin } else { &wide };
        let at = world.path(route).replace(&world.ids["request"], &request);
        let answer = world.call_at(route, &at, secret);
        if let Some(body) = operation["requestBody"]["content"]["application/json"].get("schema") {
            let wrong = mismatch(body, &world.body(route), schemas, route.name);
            assert_eq!(wrong, None, "what {} takes", route.name);
        }
        let said = if answer.status == 200 { "200" } else { "default" };
        let schema = &operation["responses"][said]["content"]["application/json"]["schema"];
        let wrong = mismatch(schema, &answer.json(), schemas, route.name);
        assert_eq!(wrong, None, "{}: {}", route.name, answer.text());
        assert!(
            answer.status == 200 || [404, 409].contains(&answer.status),
            "{}: {}",
            route.name,
            answer.text()
        );
        seen += usize::from(answer.status == 200);
    }
    assert!(seen * 10 >= routes().count() * 9, "{seen} of {}", routes().count());
}

#[test]
fn a_value_that_does_not_fit_is_seen() {
    let all = testkit::json!({"A": {"type": "object", "properties": {"a": {"type": ["integer", "null"]}, "b": {"enum": ["x"]}},
        "required": ["a"], "additionalProperties": false}});
    let schema = testkit::json!({"$ref": "#/components/schemas/A"});
    let wrong = |value: Value| mismatch(&schema, &value, &all, "A").is_some();
    assert!(!wrong(testkit::json!({"a": 1})) && !wrong(testkit::json!({"a": null, "b": "x"})));
    for value in [
        testkit::json!({}),
        testkit::json!({"a": "1"}),
        testkit::json!({"a": 1.5}),
        testkit::json!({"a": 1, "b": "y"}),
        testkit::json!({"a": 1, "c": 1}),
        testkit::json!([]),
    ] {
        assert!(wrong(value.clone()), "{value}");
    }
}
