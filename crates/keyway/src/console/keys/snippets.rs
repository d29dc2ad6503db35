//! Samples that work as they stand: a key, an address and a model filled in.

use crate::console::parts::snippet;
use crate::console::parts::tabs::tabs;
use maud::{Markup, html};

/// What a sample is filled in with.
pub struct Filled<'a> {
    /// Where the server is, without `/v1`.
    pub base_url: &'a str,
    /// The key, or a name to put it in place of.
    pub key: &'a str,
    /// A model the key may call.
    pub model: &'a str,
}

/// A sample: its tab, its id, and its text with `{base}`, `{key}` and `{model}` to fill in.
struct Sample {
    title: &'static str,
    id: &'static str,
    text: &'static str,
    about: &'static str,
}

const SAMPLES: &[Sample] = &[
    Sample { title: "curl", id: "sample-curl", text: include_str!("samples/curl.sh"), about: "" },
    Sample {
        title: "Python",
        id: "sample-python",
        text: include_str!("samples/python.py"),
        about: "pip install openai",
    },
    Sample {
        title: "Node",
        id: "sample-node",
        text: include_str!("samples/node.mjs"),
        about: "npm install openai",
    },
    Sample {
        title: "Java",
        id: "sample-java",
        text: include_str!("samples/Sample.java"),
        about: "Java 17 and later, nothing to install",
    },
    Sample {
        title: "Go",
        id: "sample-go",
        text: include_str!("samples/sample.go"),
        about: "Nothing to install",
    },
    Sample {
        title: "C#",
        id: "sample-csharp",
        text: include_str!("samples/Sample.cs"),
        about: ".NET 6 and later, nothing to install",
    },
    Sample {
        title: "Claude Code",
        id: "sample-claude-code",
        text: include_str!("samples/claude-code.sh"),
        about: "Its address has no /v1.",
    },
    Sample {
        title: "Codex",
        id: "sample-codex",
        text: include_str!("samples/codex.sh"),
        about: "Codex reads its provider from a file.",
    },
    Sample {
        title: "opencode",
        id: "sample-opencode",
        text: include_str!("samples/opencode.json"),
        about: "opencode.json; it reads the key from KEYWAY_API_KEY, which the .env file above sets.",
    },
    Sample { title: "aider", id: "sample-aider", text: include_str!("samples/aider.sh"), about: "" },
    Sample {
        title: "llm",
        id: "sample-llm",
        text: include_str!("samples/llm.sh"),
        about: "It asks for the key and keeps it.",
    },
    Sample {
        title: "LangChain",
        id: "sample-langchain",
        text: include_str!("samples/langchain.py"),
        about: "pip install langchain-openai",
    },
];

/// The samples, one shown at a time.
#[must_use]
pub fn samples(filled: &Filled<'_>) -> Markup {
    let panels: Vec<(&str, Markup)> = SAMPLES
        .iter()
        .map(|sample| {
            let panel = html! {
                @if !sample.about.is_empty() { p .faint { (sample.about) } }
                (snippet(sample.id, sample.title, &fill(sample.text, filled)))
            };
            (sample.title, panel)
        })
        .collect();
    tabs("sample", "Program or language", &panels)
}

fn fill(text: &str, filled: &Filled<'_>) -> String {
    text.trim_end()
        .replace("{base}", filled.base_url)
        .replace("{key}", filled.key)
        .replace("{model}", filled.model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_address_and_key() {
        let filled = Filled { base_url: "https://keys.example", key: "sk-kw-test-x", model: "sandbox/echo" };
        for sample in SAMPLES {
            let text = fill(sample.text, &filled);
            // These two ask for the key themselves.
            let keyed = ["opencode", "llm"].contains(&sample.title) || text.contains("sk-kw-test-x");
            assert!(text.contains("https://keys.example") && keyed, "{}", sample.title);
            for name in ["{base}", "{key}", "{model}"] {
                assert!(!text.contains(name), "{}: {name}", sample.title);
            }
        }
        assert!(SAMPLES.len() <= crate::console::parts::tabs::TABS_MAX);
    }
}
