//! Vectors on their way back: read in a provider's shape, told in the client's.

use super::Shape;
use crate::json::{Kind, Node, Out};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// How an answer is to be told anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retold {
    /// The provider's shape.
    pub from: Shape,
    /// The client's.
    pub to: Shape,
    /// The client wants its numbers as base64.
    pub base64: bool,
}

/// It holds no vectors, or not as its shape has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl Retold {
    /// Tells an answer anew; `model` is what the client called it, `tokens` what was used.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn tell(&self, body: &[u8], model: &str, tokens: u64) -> Result<Vec<u8>, Unreadable> {
        let root = Node::parse(body).map_err(|_| Unreadable)?;
        let vectors = self.vectors(root)?;
        let mut told = Vec::with_capacity(vectors.len());
        for vector in vectors {
            told.push(match (vector.kind(), self.base64) {
                (Kind::Array, false) => Cow::Borrowed(vector.raw()),
                (Kind::Array, true) => Cow::Owned(packed(vector)?),
                (Kind::Text, true) => Cow::Borrowed(vector.raw()),
                (Kind::Text, false) => Cow::Owned(unpacked(&vector.text().unwrap_or_default())?),
                _ => return Err(Unreadable),
            });
        }
        let mut out = Out::with_room(told.iter().map(|vector| vector.len() + 48).sum::<usize>() + 128);
        out.object(|out| match self.to {
            Shape::Gemini => out.key("embeddings").array(|out| {
                told.iter().for_each(|vector| out.object(|out| out.key("values").raw(vector)));
            }),
            Shape::GeminiOne => out.key("embedding").object(|out| {
                out.key("values").raw(told.first().map_or("[]", |vector| &**vector));
            }),
            _ => openai(out, &told, model, tokens),
        });
        Ok(out.into_bytes())
    }

    /// The vectors in the order of their texts.
    fn vectors<'a>(&self, root: Node<'a>) -> Result<Vec<Node<'a>>, Unreadable> {
        let mut members = root.members();
        let named = |item: Node<'a>, name| item.members().take(name);
        let found: Option<Vec<Node<'a>>> = match self.from {
            Shape::Cohere => {
                members.take("embeddings").and_then(|by| by.members().take("float")).map(Node::items)
            }
            Shape::Gemini | Shape::GeminiOne => {
                let items = members.take("embeddings").ok_or(Unreadable)?.items();
                items.into_iter().map(|item| named(item, "values")).collect()
            }
            _ => {
                let mut items = members.take("data").ok_or(Unreadable)?.items();
                let index = |item: &Node<'a>| item.members().take("index").and_then(Node::whole);
                items.sort_by_key(|item| index(item).unwrap_or(u64::MAX));
                items.into_iter().map(|item| named(item, "embedding")).collect()
            }
        };
        found.filter(|found| !found.is_empty()).ok_or(Unreadable)
    }
}

fn openai(out: &mut Out, vectors: &[Cow<'_, str>], model: &str, tokens: u64) {
    out.member("object", "list");
    out.key("data").array(|out| {
        for (index, vector) in vectors.iter().enumerate() {
            out.object(|out| {
                out.member("object", "embedding");
                out.key("index").whole(index as u64);
                out.key("embedding").raw(vector);
            });
        }
    });
    out.member("model", model);
    out.key("usage").object(|out| {
        out.key("prompt_tokens").whole(tokens);
        out.key("total_tokens").whole(tokens);
    });
}

/// Numbers as base64, in quotes.
fn packed(vector: Node<'_>) -> Result<String, Unreadable> {
    let items = vector.items();
    let mut bytes = Vec::with_capacity(items.len() * 4);
    for item in items {
        let number: f32 = item.raw().parse().map_err(|_| Unreadable)?;
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    Ok(format!("\"{}\"", STANDARD.encode(bytes)))
}

/// Numbers out of base64.
fn unpacked(text: &str) -> Result<String, Unreadable> {
    let bytes = STANDARD.decode(text).map_err(|_| Unreadable)?;
    let mut numbers = Vec::with_capacity(bytes.len() / 4);
    for four in bytes.chunks(4) {
        let number = f32::from_le_bytes(four.try_into().map_err(|_| Unreadable)?);
        if !number.is_finite() {
            return Err(Unreadable);
        }
        numbers.push(number.to_string());
    }
    Ok(format!("[{}]", numbers.join(",")))
}
