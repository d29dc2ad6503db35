//! Which fields a row has: the readers refuse every other, the JSON Schema and the documentation
//! are made from the same tables.

use super::kinds::{AuthStyle, Dialect, Edit, Effort, ModelKind, Need, Quirk, Strategy, Thinking};
use super::price::TOKENS_MAX;
use super::written::{Field, FieldKind};

macro_rules! rate_fields {
    ($($more:expr),* $(,)?) => {
        &[
            Field { name: "input", kind: FieldKind::Usd, doc: "Uncached prompt tokens, USD per million." },
            Field { name: "output", kind: FieldKind::Usd, doc: "Answer tokens, USD per million." },
            Field { name: "cache_read", kind: FieldKind::Usd, doc: "Prompt tokens read from the provider's cache, USD per million; untold: as input." },
            Field { name: "cache_write", kind: FieldKind::Usd, doc: "Prompt tokens written to the provider's cache, USD per million; untold: as input." },
            Field { name: "cache_write_1h", kind: FieldKind::Usd, doc: "Cache writes that live an hour, USD per million; untold: as cache_write." },
            Field { name: "reasoning", kind: FieldKind::Usd, doc: "Reasoning tokens, USD per million; untold: as output." },
            Field { name: "input_audio", kind: FieldKind::Usd, doc: "Audio in, USD per million tokens; untold: as input." },
            Field { name: "input_image", kind: FieldKind::Usd, doc: "Images in, USD per million tokens; untold: as input." },
            Field { name: "output_audio", kind: FieldKind::Usd, doc: "Audio out, USD per million tokens; untold: as output." },
            $($more,)*
        ]
    };
}

/// The fields of an entry of `tiers`.
pub const TIER_FIELDS: &[Field] = rate_fields![Field {
    name: "above_input_tokens",
    kind: FieldKind::Number(1, TOKENS_MAX),
    doc: "Above so many prompt tokens the whole request costs these rates.",
}];

/// The fields of an entry of `hours`.
pub const HOURS_FIELDS: &[Field] = rate_fields![
    Field {
        name: "weekdays",
        kind: FieldKind::Weekdays,
        doc: "Days it holds on, 1 = Monday to 7 = Sunday; untold: all."
    },
    Field {
        name: "except",
        kind: FieldKind::Texts,
        doc: "Days it does not hold on, such as public holidays: \"YYYY-MM-DD\"."
    },
    Field { name: "from", kind: FieldKind::Text, doc: "First minute, \"HH:MM\" in UTC." },
    Field {
        name: "to",
        kind: FieldKind::Text,
        doc: "First minute after it, \"HH:MM\" in UTC, up to \"24:00\"."
    },
];

/// The fields of `price` and of an entry of `prices`.
pub const PRICE_FIELDS: &[Field] = rate_fields![
    Field { name: "search", kind: FieldKind::Usd, doc: "USD per search of texts that are put in order." },
    Field { name: "image", kind: FieldKind::Usd, doc: "USD per image." },
    Field { name: "characters", kind: FieldKind::Usd, doc: "What is spoken, USD per million characters." },
    Field { name: "minute", kind: FieldKind::Usd, doc: "What is heard, USD per minute." },
    Field { name: "per_request", kind: FieldKind::Usd, doc: "A fixed amount per request, USD." },
    Field { name: "from", kind: FieldKind::Date, doc: "First day it holds, UTC; untold: always." },
    Field { name: "as_of", kind: FieldKind::Date, doc: "The day the numbers were read." },
    Field { name: "source", kind: FieldKind::Text, doc: "Where the numbers come from." },
    Field {
        name: "tiers",
        kind: FieldKind::Tables(TIER_FIELDS),
        doc: "Rates for long prompts; what an entry does not tell is as above it."
    },
    Field {
        name: "hours",
        kind: FieldKind::Tables(HOURS_FIELDS),
        doc: "Rates at times of the week; what an entry does not tell is as above it."
    },
];

/// The fields of `balance`.
pub const BALANCE_FIELDS: &[Field] = &[
    Field {
        name: "path",
        kind: FieldKind::Text,
        doc: "Where it is told, below the base URL that is written first.",
    },
    Field {
        name: "usable",
        kind: FieldKind::Text,
        doc: "JSON pointer to whether requests are still served.",
    },
    Field {
        name: "list",
        kind: FieldKind::Text,
        doc: "JSON pointer to a list with an entry for each currency; untold: the answer is the one entry.",
    },
    Field { name: "currency", kind: FieldKind::Text, doc: "A currency's code, or a JSON pointer to it." },
    Field { name: "total", kind: FieldKind::Text, doc: "JSON pointer to what is left." },
    Field { name: "granted", kind: FieldKind::Text, doc: "JSON pointer to what of it was given." },
    Field { name: "topped_up", kind: FieldKind::Text, doc: "JSON pointer to what of it was paid." },
];

/// The fields of a provider row.
pub const PROVIDER_FIELDS: &[Field] = &[
    Field { name: "display_name", kind: FieldKind::Text, doc: "What people call it." },
    Field {
        name: "base_url",
        kind: FieldKind::TextByDialect,
        doc: "Base URL with its version segment, a string or a table by dialect; ${NAME} in it is filled from the environment.",
    },
    Field {
        name: "auth",
        kind: FieldKind::WordByDialect(AuthStyle::WORDS),
        doc: "How requests are authenticated, a word or a table by dialect; default bearer.",
    },
    Field {
        name: "speaks",
        kind: FieldKind::Words(Dialect::WORDS),
        doc: "The dialects it speaks; default openai-chat.",
    },
    Field {
        name: "credential",
        kind: FieldKind::Text,
        doc: "Where its key is found: env:NAME or file:/path.",
    },
    Field { name: "credential_optional", kind: FieldKind::Flag, doc: "It works without a credential too." },
    Field {
        name: "env",
        kind: FieldKind::Texts,
        doc: "Environment variables that usually hold its key; one that is set turns it on.",
    },
    Field {
        name: "region",
        kind: FieldKind::Text,
        doc: "Where it works, for routes by region; with sigv4 the AWS region signed for (untold: the host's).",
    },
    Field {
        name: "token_url",
        kind: FieldKind::Text,
        doc: "Where access tokens are asked for (auth google-oauth); untold: at Google.",
    },
    Field {
        name: "api_version",
        kind: FieldKind::Text,
        doc: "Asks Azure's classic addresses: {base_url}/openai/deployments/{model}/...?api-version= this.",
    },
    Field {
        name: "host_env",
        kind: FieldKind::Text,
        doc: "Environment variable that names its host; when set, it turns it on.",
    },
    Field {
        name: "host_port",
        kind: FieldKind::Number(1, 65_535),
        doc: "The port where host_env names none.",
    },
    Field {
        name: "priority",
        kind: FieldKind::Number(0, 1_000_000),
        doc: "Lower is asked first where several serve one name; default 100.",
    },
    Field {
        name: "concurrency_max",
        kind: FieldKind::Number(1, 1_000_000),
        doc: "Requests at a time the account allows.",
    },
    Field {
        name: "lists",
        kind: FieldKind::Texts,
        doc: "What public price lists call it, where that is not its name.",
    },
    Field {
        name: "models_any",
        kind: FieldKind::Flag,
        doc: "Pass on models that are not listed; they are unpriced.",
    },
    Field {
        name: "enabled",
        kind: FieldKind::Flag,
        doc: "false turns it off even when its variable is set.",
    },
    Field { name: "quirks", kind: FieldKind::Words(Quirk::WORDS), doc: "Named deviations from the dialect." },
    Field {
        name: "balance",
        kind: FieldKind::Table(BALANCE_FIELDS),
        doc: "Where it tells what is left on the account.",
    },
    Field {
        name: "zero_retention",
        kind: FieldKind::Flag,
        doc: "It keeps nothing of requests, by contract: for routes that ask for it.",
    },
];

/// The fields of `quality`.
pub const QUALITY_FIELDS: &[Field] = &[
    Field { name: "score", kind: FieldKind::Usd, doc: "Higher is better; scores of one source compare." },
    Field { name: "as_of", kind: FieldKind::Date, doc: "The day it was read." },
    Field { name: "source", kind: FieldKind::Text, doc: "Who measured." },
];

/// The fields of a model row.
pub const MODEL_FIELDS: &[Field] = &[
    Field {
        name: "upstream",
        kind: FieldKind::Text,
        doc: "The name sent to the provider; default: what follows the provider's name.",
    },
    Field { name: "context_tokens", kind: FieldKind::Number(1, TOKENS_MAX), doc: "Window, tokens." },
    Field {
        name: "output_tokens_max",
        kind: FieldKind::Number(1, TOKENS_MAX),
        doc: "Longest answer, tokens.",
    },
    Field { name: "tools", kind: FieldKind::Flag, doc: "Takes tools." },
    Field { name: "vision", kind: FieldKind::Flag, doc: "Takes images." },
    Field { name: "documents", kind: FieldKind::Flag, doc: "Takes documents (PDF)." },
    Field { name: "audio", kind: FieldKind::Flag, doc: "Takes audio." },
    Field { name: "reasoning", kind: FieldKind::Flag, doc: "Reasons before it answers." },
    Field { name: "structured_output", kind: FieldKind::Flag, doc: "Obeys a JSON schema." },
    Field {
        name: "hidden_reasoning",
        kind: FieldKind::Flag,
        doc: "Bills reasoning that it does not stream.",
    },
    Field {
        name: "thinking",
        kind: FieldKind::Word(Thinking::WORDS),
        doc: "How it thinks: always, or adaptive (as much as it decides).",
    },
    Field {
        name: "efforts",
        kind: FieldKind::Words(Effort::WORDS),
        doc: "The efforts of reasoning it can be asked for.",
    },
    Field { name: "sampling", kind: FieldKind::Flag, doc: "Takes temperature, top_p and the like." },
    Field { name: "forced_tools", kind: FieldKind::Flag, doc: "Takes a tool choice that forces a call." },
    Field {
        name: "speaks",
        kind: FieldKind::Words(Dialect::WORDS),
        doc: "The dialects it is asked in; default: all of its provider's that fit its kind.",
    },
    Field {
        name: "quality",
        kind: FieldKind::Table(QUALITY_FIELDS),
        doc: "What it was measured to be worth, for routing by quality.",
    },
    Field { name: "released", kind: FieldKind::Date, doc: "Release day." },
    Field { name: "kind", kind: FieldKind::Word(ModelKind::WORDS), doc: "What it is for; default chat." },
    Field {
        name: "price",
        kind: FieldKind::Price,
        doc: "Its price, USD per million tokens; untold: unpriced.",
    },
    Field { name: "prices", kind: FieldKind::Prices, doc: "Its prices by day, ascending." },
];

/// The fields of an alias row.
pub const ALIAS_FIELDS: &[Field] = &[
    Field { name: "target", kind: FieldKind::Text, doc: "The provider/name it stands for." },
    Field { name: "notice", kind: FieldKind::Text, doc: "What the client is told in x-keyway-notice." },
    Field { name: "set", kind: FieldKind::Words(Edit::WORDS), doc: "Edits to the request." },
];

/// The fields of an entry of `targets`.
pub const TARGET_FIELDS: &[Field] = &[
    Field {
        name: "model",
        kind: FieldKind::Text,
        doc: "The provider/name, or a name that several providers serve.",
    },
    Field {
        name: "weight",
        kind: FieldKind::Number(1, WEIGHT_MAX),
        doc: "Its share, for the strategy weight; default 1.",
    },
    Field {
        name: "labels",
        kind: FieldKind::Texts,
        doc: "Only for requests with all of these labels, each name=value.",
    },
    Field {
        name: "needs",
        kind: FieldKind::Words(Need::WORDS),
        doc: "Only for requests that need one of these.",
    },
    Field {
        name: "prompt_tokens_max",
        kind: FieldKind::Number(1, TOKENS_MAX),
        doc: "Only for prompts of at most so many tokens, by estimate.",
    },
];

/// Largest weight of a target.
pub const WEIGHT_MAX: u64 = 1_000_000;

/// The fields of a route row.
pub const ROUTE_FIELDS: &[Field] = &[
    Field {
        name: "strategy",
        kind: FieldKind::Word(Strategy::WORDS),
        doc: "How its targets are put in order; default priority.",
    },
    Field {
        name: "targets",
        kind: FieldKind::Tables(TARGET_FIELDS),
        doc: "Who may be asked, each { model = \"provider/name\" }.",
    },
    Field { name: "regions", kind: FieldKind::Texts, doc: "Only providers whose region is one of these." },
    Field {
        name: "zero_retention",
        kind: FieldKind::Flag,
        doc: "true: only providers that keep nothing of requests.",
    },
    Field {
        name: "affinity",
        kind: FieldKind::Flag,
        doc: "false: requests of one session do not stay with one target; default true.",
    },
];
