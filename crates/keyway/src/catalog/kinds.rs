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
        OpenaiResponses = "openai-responses", true;
        /// `POST {base_url}/messages`.
        AnthropicMessages = "anthropic-messages", true;
        /// `POST {base_url}/models/{model}:generateContent`.
        Gemini = "gemini", true;
        /// `POST {base_url}/model/{model}/converse`, Bedrock's.
        BedrockConverse = "bedrock-converse", true;
        /// `POST {base_url}/completions`.
        OpenaiCompletions = "openai-completions", true;
        /// `POST {base_url}/embeddings`.
        OpenaiEmbeddings = "openai-embeddings", true;
        /// Cohere's vectors: `POST {base_url}/embed`.
        CohereEmbed = "cohere-embed", true;
        /// Voyage's vectors: `POST {base_url}/embeddings`.
        VoyageEmbeddings = "voyage-embeddings", true;
        /// Jina's vectors: `POST {base_url}/embeddings`.
        JinaEmbeddings = "jina-embeddings", true;
        /// Google's vectors: `POST {base_url}/models/{model}:batchEmbedContents`.
        GeminiEmbeddings = "gemini-embeddings", true;
        /// `POST {base_url}/rerank`.
        CohereRerank = "cohere-rerank", true;
        /// Voyage's order of texts: `POST {base_url}/rerank`.
        VoyageRerank = "voyage-rerank", true;
        /// `POST {base_url}/images/generations`.
        OpenaiImages = "openai-images", true;
        /// `POST {base_url}/audio/speech`.
        OpenaiSpeech = "openai-speech", true;
        /// `POST {base_url}/audio/transcriptions`, a form.
        OpenaiTranscriptions = "openai-transcriptions", true;
        /// `POST {base_url}/moderations`.
        OpenaiModerations = "openai-moderations", true;
    }
}

impl Dialect {
    /// The dialect as translations know it: conversations in one can be held in another.
    #[must_use]
    pub fn conversation(self) -> Option<dialect::Dialect> {
        match self {
            Self::OpenaiChat => Some(dialect::Dialect::OpenAiChat),
            Self::OpenaiResponses => Some(dialect::Dialect::OpenAiResponses),
            Self::AnthropicMessages => Some(dialect::Dialect::Anthropic),
            Self::Gemini => Some(dialect::Dialect::Gemini),
            _ => None,
        }
    }

    /// Whether texts are turned into vectors in it.
    #[must_use]
    pub fn is_vectors(self) -> bool {
        matches!(
            self,
            Self::OpenaiEmbeddings
                | Self::CohereEmbed
                | Self::VoyageEmbeddings
                | Self::JinaEmbeddings
                | Self::GeminiEmbeddings
        )
    }

    /// Whether texts are put in order in it.
    #[must_use]
    pub fn is_order(self) -> bool {
        matches!(self, Self::CohereRerank | Self::VoyageRerank)
    }

    /// Whether it is about images or sound: counted by the piece, and passed on as they are.
    #[must_use]
    pub fn is_media(self) -> bool {
        matches!(self, Self::OpenaiImages | Self::OpenaiSpeech | Self::OpenaiTranscriptions)
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
        Query = "query", true;
        /// `api-key: ...` on a resource of one's own.
        Azure = "azure", true;
        /// AWS signature version 4.
        Sigv4 = "sigv4", true;
        /// A token fetched with a Google service account.
        GoogleOauth = "google-oauth", true;
        /// Nothing is sent.
        None = "none", true;
    }
}

words! {
    /// A named deviation from openai-chat. Each is one small function where requests are edited
    /// (`relay/quirks.rs`) or usage is read; a row never contains code.
    Quirk {
        /// The host rejects or does not know `stream_options`: it is not sent. Usage is read
        /// wherever the host puts it by itself.
        NoStreamUsage = "no-stream-usage", true;
        /// `usage.completion_tokens` does not contain `reasoning_tokens`: they are added.
        ReasoningExcludedFromCompletion = "reasoning-excluded-from-completion", true;
        /// The host knows `max_tokens` only: `max_completion_tokens` is sent under that name.
        MaxTokensOnly = "max-tokens-only", true;
        /// The host refuses `max_tokens`, at least for models that reason: it is sent as
        /// `max_completion_tokens`.
        MaxCompletionTokensOnly = "max-completion-tokens-only", true;
        /// The host refuses `max_tokens` beside `max_completion_tokens`: the latter alone is sent.
        OneOutputCap = "one-output-cap", true;
        /// The host does not know the role `developer`: it is sent as `system`.
        NoDeveloperRole = "no-developer-role", true;
        /// Models think unless told otherwise, and then refuse a tool choice that forces a call: such
        /// a request that does not speak of thinking is sent with `thinking: {type: disabled}`.
        ForcedToolsEndThinking = "forced-tools-end-thinking", true;
        /// The same, where the member is `enable_thinking: false`.
        ForcedToolsEndEnableThinking = "forced-tools-end-enable-thinking", true;
        /// Models that think want the reasoning of turns with tool calls back (`reasoning_content`), or
        /// refuse the request. Where the client has not brought it, it is put back.
        ReasoningReplayed = "reasoning-replayed", true;
        /// `user_id` keeps the provider's cache, safety and scheduling of one tenant apart from
        /// another's: it is always a keyed hash of the organisation and of the client's own `user_id`.
        TenantUserId = "tenant-user-id", true;
        /// Requests that continue an answer (`prefix`) or hold every tool to its schema (`strict`) are
        /// served below `/beta` alone.
        BetaPath = "beta-path", true;
        /// The host calls `seed` `random_seed`.
        RandomSeed = "random-seed", true;
        /// Contents that are lists of text parts are sent as one string.
        PlainTextContent = "plain-text-content", true;
        /// The same, of tool results alone.
        PlainTextToolResults = "plain-text-tool-results", true;
        /// Anthropic's models are asked as Vertex has it: `POST {base_url}/models/{model}:rawPredict`, with
        /// `anthropic_version` in the body instead of `model`.
        RawPredict = "raw-predict", true;
        /// The host refuses to store: `store` is always sent as `false`.
        StoreFalse = "store-false", true;
        /// Tool calls are answered in the usual form only when `tool_calls_switch` is true.
        ToolCallsSwitch = "tool-calls-switch", true;
    }
}

words! {
    /// How a model that reasons is told to, beyond an effort.
    Thinking {
        /// It always thinks, and refuses to be told not to.
        Always = "always", true;
        /// It decides by itself how much.
        Adaptive = "adaptive", true;
    }
}

words! {
    /// An effort that a model can be asked for.
    Effort {
        /// No reasoning.
        None = "none", true;
        /// The least there is.
        Minimal = "minimal", true;
        /// Little.
        Low = "low", true;
        /// Some.
        Medium = "medium", true;
        /// Much.
        High = "high", true;
        /// More.
        Xhigh = "xhigh", true;
        /// All there is.
        Max = "max", true;
    }
}

words! {
    /// What a model is for.
    ModelKind {
        /// Answers conversations.
        Chat = "chat", true;
        /// Turns text into vectors.
        Embedding = "embedding", true;
        /// Puts texts in order.
        Rerank = "rerank", true;
        /// Makes images.
        Image = "image", true;
        /// Speaks.
        Speech = "speech", true;
        /// Writes down what is said.
        Transcription = "transcription", true;
    }
}

words! {
    /// How the targets of a route are put in order.
    Strategy {
        /// As they are written.
        Priority = "priority", true;
        /// At random, by weight.
        Weight = "weight", true;
        /// The quicker of two that are drawn.
        Latency = "latency", true;
        /// What this request is expected to cost now.
        Cost = "cost", true;
        /// What they were measured to be worth.
        Quality = "quality", true;
    }
}

words! {
    /// What a request can need of a model besides text.
    Need {
        /// It offers tools.
        Tools = "tools", true;
        /// It has images.
        Vision = "vision", true;
        /// It has sound.
        Audio = "audio", true;
        /// It has files.
        Documents = "documents", true;
        /// It wants an answer by a JSON schema.
        StructuredOutput = "structured_output", true;
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

impl Dialect {
    /// Whether models of a kind are asked in it.
    #[must_use]
    pub fn serves(self, kind: ModelKind) -> bool {
        match self {
            Self::OpenaiImages => kind == ModelKind::Image,
            Self::OpenaiSpeech => kind == ModelKind::Speech,
            Self::OpenaiTranscriptions => kind == ModelKind::Transcription,
            dialect if dialect.is_vectors() => kind == ModelKind::Embedding,
            dialect if dialect.is_order() => kind == ModelKind::Rerank,
            _ => kind == ModelKind::Chat,
        }
    }
}

impl ModelKind {
    /// What models of the kind are asked in at a host that is like OpenAI.
    #[must_use]
    pub fn usual(self) -> &'static [Dialect] {
        match self {
            Self::Chat => &[Dialect::OpenaiChat],
            Self::Embedding => &[Dialect::OpenaiEmbeddings],
            Self::Rerank => &[Dialect::CohereRerank],
            Self::Image => &[Dialect::OpenaiImages],
            Self::Speech => &[Dialect::OpenaiSpeech],
            Self::Transcription => &[Dialect::OpenaiTranscriptions],
        }
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
