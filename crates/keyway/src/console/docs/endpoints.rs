//! What can be called, as data: every page of an endpoint and every sample is made from a row here.

use crate::catalog::{Catalog, Dialect, ModelKind};

/// How a key is shown to an endpoint, where its own clients show it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer`
    Bearer,
    /// `x-api-key`, and the version of the API.
    Anthropic,
    /// `x-goog-api-key`
    Google,
}

/// What comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// JSON.
    Object,
    /// Server-sent events.
    Events,
    /// A file, kept under this name.
    File(&'static str),
}

/// An endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// Its place in addresses.
    pub slug: &'static str,
    /// The name of its row in the route table.
    pub route: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// GET or POST.
    pub method: &'static str,
    /// Its path; `{model}` is the model.
    pub path: &'static str,
    /// What it does.
    pub about: &'static str,
    /// How the key is shown.
    pub auth: Auth,
    /// What kind of model it asks; `None`: none.
    pub asks: Option<ModelKind>,
    /// What the model has to be asked in, where others of its kind are not asked here.
    pub speaks: Option<Dialect>,
    /// The body, JSON with `{model}` for the model; empty: none.
    pub body: &'static str,
    /// What comes back.
    pub answer: Answer,
}

const CHAT: Endpoint = Endpoint {
    slug: "chat-completions",
    route: "chat_completions",
    title: "Chat completions",
    method: "POST",
    path: "/v1/chat/completions",
    about: "An answer to a conversation, in OpenAI's shape. Every model that can chat is asked here, whatever its provider speaks.",
    auth: Auth::Bearer,
    asks: Some(ModelKind::Chat),
    speaks: None,
    body: r#"{
  "model": "{model}",
  "messages": [
    { "role": "user", "content": "Hello!" }
  ]
}"#,
    answer: Answer::Object,
};

/// Every endpoint, in the order of the documentation.
pub static ENDPOINTS: &[Endpoint] = &[
    CHAT,
    Endpoint {
        slug: "chat-completions-stream",
        title: "Chat completions, streamed",
        about: "The same, event by event as it is made. The last event before [DONE] has the usage, and what it cost.",
        body: r#"{
  "model": "{model}",
  "messages": [
    { "role": "user", "content": "Hello!" }
  ],
  "stream": true,
  "stream_options": { "include_usage": true }
}"#,
        answer: Answer::Events,
        ..CHAT
    },
    Endpoint {
        slug: "responses",
        route: "responses",
        title: "Responses",
        path: "/v1/responses",
        about: "An answer in the shape of OpenAI's Responses API.",
        body: r#"{
  "model": "{model}",
  "input": "Hello!"
}"#,
        ..CHAT
    },
    Endpoint {
        slug: "messages",
        route: "messages",
        title: "Messages",
        path: "/v1/messages",
        about: "An answer in Anthropic's shape: what Claude Code and Anthropic's SDKs call.",
        auth: Auth::Anthropic,
        body: r#"{
  "model": "{model}",
  "max_tokens": 256,
  "messages": [
    { "role": "user", "content": "Hello!" }
  ]
}"#,
        ..CHAT
    },
    Endpoint {
        slug: "generate-content",
        route: "generate_content",
        title: "Generate content",
        path: "/v1beta/models/{model}:generateContent",
        about: "An answer in Gemini's shape.",
        auth: Auth::Google,
        body: r#"{
  "contents": [
    { "role": "user", "parts": [{ "text": "Hello!" }] }
  ]
}"#,
        ..CHAT
    },
    Endpoint {
        slug: "completions",
        route: "completions",
        title: "Completions",
        path: "/v1/completions",
        about: "A text that goes on, in OpenAI's older shape, by models whose provider has it.",
        speaks: Some(Dialect::OpenaiCompletions),
        body: r#"{
  "model": "{model}",
  "prompt": "Once upon a time",
  "max_tokens": 64
}"#,
        ..CHAT
    },
    Endpoint {
        slug: "embeddings",
        route: "embeddings",
        title: "Embeddings",
        path: "/v1/embeddings",
        about: "A vector for each text.",
        asks: Some(ModelKind::Embedding),
        body: r#"{
  "model": "{model}",
  "input": ["The first text", "The second text"]
}"#,
        ..CHAT
    },
    Endpoint {
        slug: "rerank",
        route: "rerank",
        title: "Rerank",
        path: "/v1/rerank",
        about: "Puts texts in the order of how well they answer a question.",
        asks: Some(ModelKind::Rerank),
        body: r#"{
  "model": "{model}",
  "query": "Which animal barks?",
  "documents": ["The cat sleeps.", "The dog barks."]
}"#,
        ..CHAT
    },
    Endpoint {
        slug: "images",
        route: "images_generations",
        title: "Images",
        path: "/v1/images/generations",
        about: "Draws a picture from a text.",
        asks: Some(ModelKind::Image),
        body: r#"{
  "model": "{model}",
  "prompt": "A lighthouse in the fog",
  "size": "1024x1024"
}"#,
        ..CHAT
    },
    Endpoint {
        slug: "speech",
        route: "audio_speech",
        title: "Speech",
        path: "/v1/audio/speech",
        about: "Reads a text aloud.",
        asks: Some(ModelKind::Speech),
        body: r#"{
  "model": "{model}",
  "input": "Hello!",
  "voice": "alloy"
}"#,
        answer: Answer::File("speech.mp3"),
        ..CHAT
    },
    Endpoint {
        slug: "models",
        route: "models",
        title: "Models",
        method: "GET",
        path: "/v1/models",
        about: "The models that this key may call. It is answered from memory; no provider is asked.",
        asks: None,
        body: "",
        ..CHAT
    },
    Endpoint {
        slug: "key",
        route: "own_key",
        title: "Your key",
        method: "GET",
        path: "/v1/key",
        about: "What this key may do, its limits, and what is left of its budgets.",
        asks: None,
        body: "",
        ..CHAT
    },
];

/// The endpoint of a place in addresses.
#[must_use]
pub fn named(slug: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.slug == slug)
}

/// A model for the samples of an endpoint: for chat the one that every installation has, else the first of
/// the catalogue that everybody may call, else one that stands for it.
#[must_use]
pub fn model(endpoint: &Endpoint, catalog: &Catalog) -> String {
    let (wanted, dialect) = match (endpoint.asks, endpoint.speaks) {
        (None, _) | (Some(ModelKind::Chat), None) => return "sandbox/echo".to_owned(),
        (Some(kind), dialect) => (kind, dialect),
    };
    let open = |provider: &str| catalog.provider(provider).is_some_and(|row| row.serves(""));
    let mut fitting = catalog.models().iter().filter(|model| {
        model.kind == wanted && dialect.is_none_or(|dialect| model.speaks.contains(&dialect))
    });
    let found = fitting.find(|model| open(&model.provider));
    found.map_or_else(|| format!("provider/{}-model", wanted.word()), |model| model.id.to_string())
}
