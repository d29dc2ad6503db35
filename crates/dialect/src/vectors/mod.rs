//! Texts to vectors between the shapes of vendors: a request of any client shape is written for any provider
//! shape, and the provider's answer is told as the client's shape has it. Numbers stay as they were written,
//! but where one side has them as base64 (little-endian `f32`, as at OpenAI).

mod answer;
mod request;

#[cfg(test)]
mod tests;

pub use answer::{Retold, Unreadable};
pub use request::{Wanted, named, write};

use crate::hub::Invalid;
use std::borrow::Cow;

/// Texts of one request.
pub const TEXTS_MAX: usize = 4_096;

/// How vectors are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{input, dimensions, encoding_format}` to `/embeddings`.
    OpenAi,
    /// `{texts, input_type, embedding_types, output_dimension}` to `/embed`.
    Cohere,
    /// `{input, input_type, output_dimension}` to `/embeddings`.
    Voyage,
    /// `{input, task, dimensions}` to `/embeddings`.
    Jina,
    /// `{requests: [{model, content, taskType, outputDimensionality}]}` to `:batchEmbedContents`.
    Gemini,
    /// The same for one text, `:embedContent`: asked by clients alone.
    GeminiOne,
}

/// What the vectors are for, in the words of each vendor; the first of a row is our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Purpose {
    pub cohere: &'static str,
    pub voyage: Option<&'static str>,
    pub jina: Option<&'static str>,
    pub gemini: &'static str,
}

const PURPOSES: [Purpose; 4] = [
    Purpose {
        cohere: "search_query",
        voyage: Some("query"),
        jina: Some("retrieval.query"),
        gemini: "RETRIEVAL_QUERY",
    },
    Purpose {
        cohere: "search_document",
        voyage: Some("document"),
        jina: Some("retrieval.passage"),
        gemini: "RETRIEVAL_DOCUMENT",
    },
    Purpose {
        cohere: "classification",
        voyage: None,
        jina: Some("classification"),
        gemini: "CLASSIFICATION",
    },
    Purpose { cohere: "clustering", voyage: None, jina: Some("separation"), gemini: "CLUSTERING" },
];
/// Cohere must be told: what texts usually are.
const COHERE_USUAL: &str = "search_document";

impl Purpose {
    /// The one of any vendor's word.
    fn named(word: &str) -> Option<&'static Self> {
        PURPOSES.iter().find(|purpose| {
            [Some(purpose.cohere), purpose.voyage, purpose.jina, Some(purpose.gemini)].contains(&Some(word))
        })
    }
}

/// A request of any shape.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a> {
    pub texts: Vec<Cow<'a, str>>,
    pub dimensions: Option<u64>,
    pub purpose: Option<&'static Purpose>,
    /// Vectors as base64.
    pub base64: bool,
}

fn too_many() -> Invalid {
    Invalid::wrong("input", &format!("at most {TEXTS_MAX} texts"))
}
