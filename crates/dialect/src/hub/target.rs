//! What a translated request is for: the provider's dialect and what its model can do. The
//! figures are data of the catalogue; here are the defaults of each dialect.

use super::Dialect;
use super::reasoning::Effort;

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The dialect spoken there.
    pub dialect: Dialect,
    /// Model as the provider names it.
    pub model: &'a str,
    /// Whose reasoning state the model can read: the provider's name, without a dot. State of
    /// any other origin is not sent. State of a client that came straight from a provider of
    /// this dialect has [`Dialect::name`] as its origin and is sent too.
    pub origin: &'a str,
    /// What the model can do.
    pub can: Abilities,
}

/// What a model can do and how much it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// Sees images.
    pub images: bool,
    /// Fetches images and documents itself; otherwise the bytes must be in the request.
    pub media_by_url: bool,
    /// Reads documents.
    pub documents: bool,
    /// Hears audio.
    pub audio: bool,
    /// Sees video.
    pub video: bool,
    /// Takes marks of what is to be cached.
    pub cache_marks: bool,
    /// Calls tools.
    pub tools: bool,
    /// Takes tools whose arguments are free text.
    pub custom_tools: bool,
    /// Can be told a list of which tools are allowed.
    pub allowed_tools: bool,
    /// A tool can be forced (`required`, or one by name).
    pub forced_tools: bool,
    /// A tool can be forced while the model reasons.
    pub forced_tools_while_reasoning: bool,
    /// Whether several tools are called at once can be chosen.
    pub parallel_tools_switch: bool,
    /// Takes `strict` of a tool.
    pub strict_tools: bool,
    /// Longest name of a tool, in bytes.
    pub tool_name_bytes_max: usize,
    /// Answers in JSON when told so.
    pub json: bool,
    /// Answers by a JSON schema.
    pub json_schema: bool,
    /// Can be told how much to reason.
    pub reasoning: ReasoningControl,
    /// Efforts it knows, when it is told by effort.
    pub efforts: &'static [Effort],
    /// Reasoning can be turned off.
    pub reasoning_off: bool,
    /// Reasons when nothing is said.
    pub reasons_by_default: bool,
    /// Wants the reasoning of turns with tool calls back (`reasoning_content`; DeepSeek, Kimi).
    pub reasoning_replayed: bool,
    /// Takes temperature, top_p and top_k.
    pub sampling: bool,
    /// Greatest temperature, in hundredths.
    pub temperature_hundredths_max: u32,
    /// Most stop words.
    pub stop_max: usize,
    /// Gives several answers.
    pub several: bool,
    /// Gives probabilities of tokens.
    pub logprobs: bool,
    /// Takes system messages within the conversation.
    pub system_anywhere: bool,
    /// Knows the role `developer`.
    pub developer_role: bool,
    /// Most tokens of output; what is sent where a dialect demands a cap and the caller gave none.
    pub output_tokens_max: u64,
    /// The cap is called `max_completion_tokens` (OpenAI), not `max_tokens` (everybody else).
    pub completion_cap: bool,
    /// Takes `stream_options.include_usage`.
    pub stream_usage: bool,
}

/// How a model is told how much to reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasoningControl {
    /// Not at all.
    None,
    /// By an effort's name.
    Effort,
    /// By a budget in tokens.
    Budget,
    /// Anthropic's newer models: on as the model sees fit, by an effort's name.
    Adaptive,
    /// DeepSeek, Kimi, GLM: `thinking: {type}` beside the effort.
    Switch,
}

const EFFORTS: &[Effort] = &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];

/// What is true of a good model behind the chat dialect; the others say how they differ.
const CHAT: Abilities = Abilities {
    images: true,
    media_by_url: true,
    documents: true,
    audio: true,
    video: false,
    cache_marks: false,
    tools: true,
    custom_tools: false,
    allowed_tools: false,
    forced_tools: true,
    forced_tools_while_reasoning: true,
    parallel_tools_switch: true,
    strict_tools: true,
    tool_name_bytes_max: 64,
    json: true,
    json_schema: true,
    reasoning: ReasoningControl::Effort,
    efforts: EFFORTS,
    reasoning_off: false,
    reasons_by_default: false,
    reasoning_replayed: false,
    sampling: true,
    temperature_hundredths_max: 200,
    stop_max: 4,
    several: true,
    logprobs: true,
    system_anywhere: true,
    developer_role: false,
    output_tokens_max: 4096,
    completion_cap: false,
    stream_usage: true,
};

impl Abilities {
    /// What is true of a good model behind this dialect, when the catalogue says nothing else.
    #[must_use]
    pub fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenAiChat => CHAT,
            Dialect::OpenAiResponses => Self {
                audio: false,
                custom_tools: true,
                allowed_tools: true,
                stop_max: 0,
                several: false,
                developer_role: true,
                ..CHAT
            },
            Dialect::Anthropic => Self {
                audio: false,
                cache_marks: true,
                forced_tools_while_reasoning: false,
                tool_name_bytes_max: 128,
                json: false,
                reasoning: ReasoningControl::Budget,
                reasoning_off: true,
                temperature_hundredths_max: 100,
                stop_max: usize::MAX,
                several: false,
                logprobs: false,
                system_anywhere: false,
                ..CHAT
            },
            Dialect::Gemini => Self {
                media_by_url: false,
                video: true,
                allowed_tools: true,
                parallel_tools_switch: false,
                strict_tools: false,
                reasoning: ReasoningControl::Budget,
                reasoning_off: true,
                stop_max: 5,
                system_anywhere: false,
                ..CHAT
            },
        }
    }
}

impl<'a> Target<'a> {
    /// A target with the abilities of its dialect, and its own state.
    #[must_use]
    pub fn new(dialect: Dialect, model: &'a str) -> Self {
        Self { dialect, model, origin: dialect.name(), can: Abilities::of(dialect) }
    }

    /// Whether the model can read state of this origin.
    #[must_use]
    pub fn reads_state_of(&self, origin: &str) -> bool {
        origin == self.origin || origin == self.dialect.name()
    }
}
