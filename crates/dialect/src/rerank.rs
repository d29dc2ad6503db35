//! Texts in order, between Cohere's shape (which Jina and most servers have) and Voyage's.

use crate::hub::Invalid;
use crate::hub::losses::{Losses, Reason};
use crate::json::{Kind, Node, Out};

/// Documents of one request.
pub const DOCUMENTS_MAX: usize = 10_000;
/// Documents that a search unit of Cohere's is good for, and tokens that one of them may have with its
/// question; a longer one counts as several.
const PER_SEARCH: u64 = 100;
const PER_CHUNK: u64 = 500;

/// Search units that a request asks for: as its documents are counted, and at the most, for no text has
/// more tokens than bytes.
#[must_use]
pub fn searches(body: &[u8]) -> (u64, u64) {
    let documents = Node::parse(body).ok().and_then(|root| root.members().take("documents"));
    let count = documents.map_or(0, |documents| documents.items().len() as u64);
    let chunks = count.saturating_add(body.len() as u64 / PER_CHUNK);
    (count.div_ceil(PER_SEARCH).max(1), chunks.div_ceil(PER_SEARCH).max(1))
}

/// Writes a request in Cohere's shape in Voyage's.
///
/// # Errors
/// What cannot be read.
pub fn to_voyage(body: &[u8], model: &str, losses: &mut Losses) -> Result<Vec<u8>, Invalid> {
    let mut members = Node::parse(body)?.members();
    let query = members.take_text("query").ok_or_else(|| Invalid::wrong("query", "a text"))?;
    let documents = members.take("documents").filter(|documents| documents.kind() == Kind::Array);
    let documents = documents.ok_or_else(|| Invalid::wrong("documents", "a list of texts"))?.items();
    if documents.is_empty() || documents.len() > DOCUMENTS_MAX {
        return Err(Invalid::wrong("documents", &format!("1 to {DOCUMENTS_MAX} texts")));
    }
    let mut texts = Vec::with_capacity(documents.len());
    for document in documents {
        let text = document.text().or_else(|| document.members().take_text("text"));
        texts.push(text.ok_or_else(|| Invalid::wrong("documents", "a list of texts"))?);
    }
    let top = members.take("top_n");
    let return_documents = members.take("return_documents").and_then(Node::bool);
    for (name, _) in members.rest().filter(|(name, _)| name != "model" && name != "keyway") {
        losses.note(name.into_owned(), Reason::Unsupported);
    }
    let mut out = Out::with_room(body.len() + 64);
    out.object(|out| {
        out.member("model", model);
        out.member("query", &query);
        out.key("documents").array(|out| texts.iter().for_each(|text| out.text(text)));
        out.maybe_raw("top_k", top.map(Node::raw));
        if let Some(wanted) = return_documents {
            out.key("return_documents").bool(wanted);
        }
    });
    Ok(out.into_bytes())
}

/// Tells an answer of Voyage's in Cohere's shape; `None` when it is none.
#[must_use]
pub fn from_voyage(body: &[u8], tokens: u64) -> Option<Vec<u8>> {
    let data = Node::parse(body).ok()?.members().take("data")?.items();
    let mut results = Vec::with_capacity(data.len());
    for item in data {
        let mut members = item.members();
        let (index, score) = members.take("index").zip(members.take("relevance_score"))?;
        results.push((index.raw(), score.raw(), members.take_text("document")));
    }
    let mut out = Out::with_room(body.len() + 64);
    out.object(|out| {
        out.key("results").array(|out| {
            for (index, score, document) in &results {
                out.object(|out| {
                    out.key("index").raw(index);
                    out.key("relevance_score").raw(score);
                    if let Some(text) = document {
                        out.key("document").object(|out| out.member("text", text));
                    }
                });
            }
        });
        out.key("meta").object(|out| {
            out.key("tokens").object(|out| out.key("input_tokens").whole(tokens));
        });
    });
    Some(out.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let mut losses = Losses::default();
        let body = r#"{"model":"m","query":"q","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true,"max_tokens_per_doc":9}"#;
        let written = to_voyage(body.as_bytes(), "rerank-2.5", &mut losses).unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            r#"{"model":"rerank-2.5","query":"q","documents":["a","b"],"top_k":1,"return_documents":true}"#
        );
        assert_eq!(losses.header(), "max_tokens_per_doc;unsupported");
        let answer = r#"{"object":"list","data":[{"relevance_score":0.43750,"index":1,"document":"b"},{"relevance_score":0.1,"index":0}],"usage":{"total_tokens":26}}"#;
        assert_eq!(
            String::from_utf8(from_voyage(answer.as_bytes(), 26).unwrap()).unwrap(),
            r#"{"results":[{"index":1,"relevance_score":0.43750,"document":{"text":"b"}},{"index":0,"relevance_score":0.1}],"meta":{"tokens":{"input_tokens":26}}}"#
        );
    }

    #[test]
    fn what_is_none() {
        for body in [
            "",
            "{}",
            r#"{"query":"q"}"#,
            r#"{"query":"q","documents":[]}"#,
            r#"{"query":"q","documents":[1]}"#,
            r#"{"documents":["a"]}"#,
        ] {
            assert!(to_voyage(body.as_bytes(), "m", &mut Losses::default()).is_err(), "{body}");
        }
        for body in ["", "{}", r#"{"data":[{}]}"#] {
            assert_eq!(from_voyage(body.as_bytes(), 0), None, "{body}");
        }
    }

    #[test]
    fn search_units() {
        let of = |documents: usize, bytes: usize| {
            let documents: Vec<String> =
                (0..documents).map(|_| format!("\"{}\"", "a".repeat(bytes))).collect();
            searches(format!(r#"{{"query":"q","documents":[{}]}}"#, documents.join(",")).as_bytes())
        };
        assert_eq!(of(1, 1), (1, 1));
        assert_eq!(of(100, 1), (1, 1));
        assert_eq!(of(101, 1), (2, 2));
        assert_eq!(of(100, 1_000), (1, 3));
        assert_eq!(searches(b"x"), (1, 1));
    }
}
