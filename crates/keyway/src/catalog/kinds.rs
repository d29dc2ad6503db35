//! The closed lists a row may choose from, and the words that name them in a file.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $( $(#[$item_doc:meta])* $item:ident = $text:literal, $built:literal; )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$item_doc])* $item, )* }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$( Self::$item, )*];
            /// The words of [`Self::ALL`], in the same order.
            pub const WORDS: &'static [&'static str] = &[$( $text, )*];

            /// The word that names it in a file.
            #[must_use]
            pub fn word(self) -> &'static str { match self { $( Self::$item => $text, )* } }

            /// What a word names; `None` when it names nothing.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $( $text => Some(Self::$item), )* _ => None }
            }

            /// Whether this build can serve it. A row of the operator's that needs what is not
            /// built is refused, never ignored.
            #[must_use]
            pub fn is_built(self) -> bool { match self { $( Self::$item => $built, )* } }
        }
    };
}

words! {
    /// A wire format. Names as in `speaks` and in the table form of `base_url`.
    Dialect {
        /// `POST {base_url}/chat/completions`.
        OpenaiChat = "openai-chat", true;
        /// `POST {base_url}/responses`.
        OpenaiResponses = "openai-responses", false;
        /// `POST {base_url}/messages`.
        AnthropicMessages = "anthropic-messages", false;
        /// `POST {base_url}/models/{model}:generateContent`.
        Gemini = "gemini", false;
        /// Bedrock's Converse operation.
        BedrockConverse = "bedrock-converse", false;
        /// `POST {base_url}/completions`.
        OpenaiCompletions = "openai-completions", true;
        /// `POST {base_url}/embeddings`.
        OpenaiEmbeddings = "openai-embeddings", true;
        /// `POST {base_url}/rerank`.
        CohereRerank = "cohere-rerank", true;
        /// `POST {base_url}/moderations`.
        OpenaiModerations = "openai-moderations", true;
    }
}

impl Dialect {
    /// Whether conversations are held in it: one such dialect can be translated to another.
    #[must_use]
    pub fn is_conversation(self) -> bool {
        matches!(
            self,
            Self::OpenaiChat
                | Self::OpenaiResponses
                | Self::AnthropicMessages
                | Self::Gemini
                | Self::BedrockConverse
        )
    }
}

words! {
    /// How a request to the provider proves who sends it.
    AuthStyle {
        /// `Authorization: Bearer ...`.
        Bearer = "bearer", true;
        /// `x-api-key: ...`.
        XApiKey = "x-api-key", true;
        /// `x-goog-api-key: ...`.
        XGoogApiKey = "x-goog-api-key", true;
        /// `?key=...`.
        Query = "query", false;
        /// `api-key: ...` on a resource of one's own.
        Azure = "azure", false;
        /// AWS signature version 4.
        Sigv4 = "sigv4", false;
        /// A token fetched with a Google service account.
        GoogleOauth = "google-oauth", false;
        /// Nothing is sent.
        None = "none", true;
    }
}

words! {
    /// A named deviation from the dialect. Each is one small function where requests are edited or
    /// usage is read; a row never contains code.
    Quirk {
        /// The host rejects or does not know `stream_options`: it is not sent. Usage is read
        /// wherever the host puts it by itself.
        NoStreamUsage = "no-stream-usage", true;
        /// `usage.completion_tokens` does not contain `reasoning_tokens`: they are added.
        ReasoningExcludedFromCompletion = "reasoning-excluded-from-completion", true;
        /// The host knows `max_tokens` only: an output cap of ours is written under that name.
        MaxTokensOnly = "max-tokens-only", true;
    }
}

words! {
    /// What a model is for.
    ModelKind {
        /// Answers conversations.
        Chat = "chat", true;
        /// Turns text into vectors.
        Embedding = "embedding", true;
    }
}

words! {
    /// An edit that an alias makes to a request: the old name meant a model in a certain mode.
    Edit {
        /// The name stood for answers without reasoning.
        ThinkingDisabled = "thinking-disabled", true;
        /// The name stood for answers with reasoning.
        ThinkingEnabled = "thinking-enabled", true;
    }
}

impl Edit {
    /// The top-level field it sets, and the JSON it is set to.
    #[must_use]
    pub fn field(self) -> (&'static str, &'static str) {
        match self {
            Self::ThinkingDisabled => ("thinking", r#"{"type":"disabled"}"#),
            Self::ThinkingEnabled => ("thinking", r#"{"type":"enabled"}"#),
        }
    }
}
