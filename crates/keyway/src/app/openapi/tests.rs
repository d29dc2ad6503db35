//! The document, whole.

use super::*;

/// Where the document is kept, so that a change of the API is seen in review.
const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/app/openapi/openapi.json");

#[test]
fn the_document_is_the_one_that_was_reviewed() {
    let document = document().unwrap();
    let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(SNAPSHOT, &text).unwrap();
    }
    let kept = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
    assert!(kept == text, "the API changed: UPDATE_OPENAPI=1 writes the document anew; look at its diff");
}

#[test]
fn every_row_is_in_it_once_and_every_reference_is_there() {
    let document = document().unwrap();
    let rows = ROUTES.iter().copied().flatten().filter(|route| route.shape != Shape::Page).count();
    let paths = document["paths"].as_object().unwrap();
    let operations: usize = paths.values().filter_map(Value::as_object).map(Map::len).sum();
    assert_eq!(operations, rows);
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("#/components/schemas/{name}\"")), "{name} is used by nobody");
    }
}

#[test]
fn types_are_read_as_they_are_written() {
    let table = [
        ("string", json!({"type": "string"})),
        ("integer?", json!({"type": ["integer", "null"]})),
        ("[string]", json!({"type": "array", "items": {"type": "string"}})),
        ("live|test", json!({"type": "string", "enum": ["live", "test"]})),
        ("any", json!({})),
        ("Error", json!({"$ref": "#/components/schemas/Error"})),
        ("Error?", json!({"anyOf": [{"$ref": "#/components/schemas/Error"}, {"type": "null"}]})),
    ];
    for (text, expected) in table {
        assert_eq!(schemas::of_type(text).unwrap(), expected, "{text}");
    }
    assert!(schemas::of_type("strin").is_err() && schemas::fields("a b").is_err());
    let fields = schemas::fields("a: string, b*: [integer]").unwrap();
    assert!(
        !fields[0].required && fields[1].required && fields[1].name == "b" && fields[1].of == "[integer]"
    );
}
