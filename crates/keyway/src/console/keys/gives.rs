//! What a key of a project can be given: the rows of its matrix.

use crate::console::parts::matrix::Row;

const fn calls(name: &'static str, label: &'static str, hint: &'static str, write: &'static str) -> Row {
    Row { name, label, hint, read: "", write }
}

/// The rows, in the order of the scopes' table.
pub const ROWS: &[Row] = &[
    calls("chat", "Chat", "Chat completions, responses and messages", "create:chat_completions"),
    calls("completions", "Completions", "The older form of text completion", "create:completions"),
    calls("embeddings", "Embeddings", "", "create:embeddings"),
    Row { name: "models", label: "List of models", hint: "", read: "read:models", write: "" },
    calls("rerank", "Rerank", "", "create:rerank"),
    calls("moderations", "Moderations", "", "create:moderations"),
    calls("images", "Images", "", "create:images"),
    calls("audio", "Audio", "Speech and transcription", "create:audio"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Scopes;

    #[test]
    fn every_scope_of_a_project_key_has_its_row() {
        let named: Vec<&str> =
            ROWS.iter().map(|row| if row.write.is_empty() { row.read } else { row.write }).collect();
        assert_eq!(named, Scopes::INFERENCE.names());
    }
}
