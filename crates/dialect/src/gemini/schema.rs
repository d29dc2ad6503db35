//! Google's `Schema`, a part of OpenAPI's with words of its own, as a JSON schema.

use crate::json::{Kind, Node, Out};

/// Whole numbers, which JSON of protocol buffers writes as strings.
const COUNTS: [&str; 6] =
    ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"];

/// `node` as the text of a JSON schema.
pub(super) fn to_json_schema(node: Node<'_>) -> String {
    let mut out = Out::with_room(node.raw().len());
    schema(node, &mut out);
    String::from_utf8(out.into_bytes()).unwrap_or_default()
}

fn schema(node: Node<'_>, out: &mut Out) {
    if node.kind() != Kind::Object {
        return out.raw(node.raw());
    }
    let mut members = node.members().camel();
    let nullable = members.take("nullable").and_then(Node::bool).unwrap_or(false);
    out.object(|out| {
        for (name, node) in members.rest() {
            match &*name {
                "type" => {
                    let Some(word) = node.text().map(|word| word.to_ascii_lowercase()) else {
                        out.key("type").raw(node.raw());
                        continue;
                    };
                    if word == "type_unspecified" {
                        continue;
                    }
                    out.key("type");
                    if !nullable {
                        out.text(&word);
                        continue;
                    }
                    out.array(|out| [&*word, "null"].iter().for_each(|word| out.text(word)));
                }
                "enum" if nullable => out.key("enum").array(|out| {
                    node.items().iter().for_each(|item| out.raw(item.raw()));
                    out.null();
                }),
                "properties" | "defs" | "$defs" => {
                    let name = if name == "properties" { "properties" } else { "$defs" };
                    out.key(name).object(|out| {
                        for (name, node) in node.members().rest() {
                            out.key(&name);
                            schema(node, out);
                        }
                    });
                }
                "items" | "additionalProperties" => {
                    out.key(&name);
                    schema(node, out);
                }
                "anyOf" | "prefixItems" => {
                    out.key(&name).array(|out| node.items().into_iter().for_each(|node| schema(node, out)));
                }
                "ref" => out.key("$ref").raw(node.raw()),
                name => {
                    let count =
                        node.text().filter(|_| COUNTS.contains(&name)).and_then(|text| text.parse().ok());
                    match count {
                        Some(count) => out.key(name).whole(count),
                        None => out.key(name).raw(node.raw()),
                    }
                }
            }
        }
    });
}
