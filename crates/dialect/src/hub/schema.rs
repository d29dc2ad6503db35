//! JSON schemas for targets that take only a part of the language. What is not taken moves into the
//! description, where the model still reads it; the order and the spelling of everything else stay.

use crate::json::{Kind, Node, Out};
use std::borrow::Cow;

/// Keywords whose members are schemas by name.
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];
/// Keywords whose value is a schema or a list of them.
const NESTED: [&str; 5] = ["items", "anyOf", "oneOf", "allOf", "additionalProperties"];

/// `schema` without the keywords in `dropped`, objects closed, and `anyOf` for `oneOf`; the same
/// text when nothing changes.
#[must_use]
pub fn fitted<'a>(schema: &'a str, dropped: &[&str]) -> Cow<'a, str> {
    let Ok(node) = Node::parse(schema.as_bytes()) else {
        return Cow::Borrowed(schema);
    };
    let mut changed = false;
    let mut out = Out::with_room(schema.len() + 64);
    write(node, dropped, &mut changed, &mut out);
    match String::from_utf8(out.into_bytes()) {
        Ok(text) if changed => Cow::Owned(text),
        _ => Cow::Borrowed(schema),
    }
}

fn write(node: Node<'_>, dropped: &[&str], changed: &mut bool, out: &mut Out) {
    match node.kind() {
        Kind::Array => out.array(|out| {
            node.items().into_iter().for_each(|item| write(item, dropped, changed, out));
        }),
        Kind::Object => out.object(|out| object(node, dropped, changed, out)),
        _ => out.raw(node.raw()),
    }
}

fn object(node: Node<'_>, dropped: &[&str], changed: &mut bool, out: &mut Out) {
    let mut members = node.members();
    let is_object = members.get("type").and_then(Node::text).as_deref() == Some("object");
    let open = members.get("additionalProperties").is_none();
    let mut description = members.take_text("description").unwrap_or_default().into_owned();
    for (name, value) in members.rest() {
        if dropped.contains(&&*name) {
            *changed = true;
            let gap = if description.is_empty() { "" } else { " " };
            description.push_str(&format!("{gap}({name}: {})", value.raw()));
        } else if NAMED.contains(&&*name) && value.kind() == Kind::Object {
            out.key(&name).object(|out| {
                for (name, schema) in value.members().rest() {
                    out.key(&name);
                    write(schema, dropped, changed, out);
                }
            });
        } else if NESTED.contains(&&*name) {
            let renamed = name == "oneOf";
            *changed |= renamed;
            out.key(if renamed { "anyOf" } else { &name });
            write(value, dropped, changed, out);
        } else {
            out.key(&name).raw(value.raw());
        }
    }
    if !description.is_empty() {
        out.member("description", &description);
    }
    if is_object && open {
        *changed = true;
        out.key("additionalProperties").bool(false);
    }
}

#[cfg(test)]
mod tests {
    use super::fitted;

    #[test]
    fn what_is_not_taken_moves_into_the_description() {
        let drop = ["minimum", "maxItems", "not"];
        for (schema, expected) in [
            (
                r#"{"type":"number","minimum":1.50,"description":"How many."}"#,
                r#"{"type":"number","description":"How many. (minimum: 1.50)"}"#,
            ),
            (
                r#"{"type":"object","properties":{"minimum":{"type":"array","maxItems":3,"items":{"minimum":1}}}}"#,
                r#"{"type":"object","properties":{"minimum":{"type":"array","items":{"description":"(minimum: 1)"},"description":"(maxItems: 3)"}},"additionalProperties":false}"#,
            ),
            (r#"{"oneOf":[{"const":1.0}]}"#, r#"{"anyOf":[{"const":1.0}]}"#),
            (r#"{"type":"string" }"#, r#"{"type":"string" }"#),
            ("not json", "not json"),
        ] {
            assert_eq!(fitted(schema, &drop), expected);
        }
    }
}
