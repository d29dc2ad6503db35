//! How a target is asked: in which dialect, at which address. The client's own dialect first, for then
//! nothing needs to be translated.

use crate::catalog::{Dialect, Quirk, Target};
use std::borrow::Cow;

/// How a target is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The dialect it is asked in.
    pub dialect: Dialect,
    /// Whose base URL it is asked at.
    pub place: Dialect,
    /// Path below that.
    pub path: Cow<'static, str>,
    /// Query without the question mark.
    pub query: Option<Cow<'static, str>>,
}

/// Paths below a base URL.
const PATHS: &[(Dialect, &str)] = &[
    (Dialect::OpenaiChat, "/chat/completions"),
    (Dialect::OpenaiResponses, "/responses"),
    (Dialect::AnthropicMessages, "/messages"),
    (Dialect::OpenaiCompletions, "/completions"),
    (Dialect::OpenaiEmbeddings, "/embeddings"),
    (Dialect::CohereEmbed, "/embed"),
    (Dialect::VoyageEmbeddings, "/embeddings"),
    (Dialect::JinaEmbeddings, "/embeddings"),
    (Dialect::CohereRerank, "/rerank"),
    (Dialect::VoyageRerank, "/rerank"),
    (Dialect::OpenaiModerations, "/moderations"),
    (Dialect::OpenaiImages, "/images/generations"),
    (Dialect::OpenaiSpeech, "/audio/speech"),
    (Dialect::OpenaiTranscriptions, "/audio/transcriptions"),
];

/// What an address below a base URL is like.
enum Address {
    /// The model, and how it is to answer in Bedrock's own words.
    Converse,
    /// The model, and whether it is to go on in a stream.
    Generate,
    /// The model, and that vectors are wanted.
    Embed,
    /// A path that is the same for every model.
    Path(&'static str),
}

/// Where a dialect is spoken at a place; `None` where nobody does.
fn address((dialect, place): (Dialect, Dialect)) -> Option<Address> {
    Some(match dialect {
        _ if place == Dialect::BedrockConverse => Address::Converse,
        Dialect::Gemini => Address::Generate,
        Dialect::GeminiEmbeddings => Address::Embed,
        dialect => Address::Path(PATHS.iter().find(|(of, _)| *of == dialect)?.1),
    })
}

/// Whether `target` is asked by clients of `dialect` in any way.
#[must_use]
pub fn has_way(target: &Target, dialect: Dialect) -> bool {
    spoken(target, dialect).and_then(address).is_some()
}

/// How `target` is asked by a client of `dialect`; `None` when it speaks nothing that would do.
#[must_use]
pub fn way(target: &Target, dialect: Dialect, stream: bool) -> Option<Way> {
    let (dialect, place) = spoken(target, dialect)?;
    let (path, query) = match address((dialect, place))? {
        Address::Converse => (converse(target, stream), None),
        Address::Generate if stream => (verb(target, "streamGenerateContent"), Some("alt=sse".into())),
        Address::Generate => (verb(target, "generateContent"), None),
        Address::Embed => (verb(target, "batchEmbedContents"), None),
        Address::Path(_)
            if dialect == Dialect::AnthropicMessages && target.provider.has(Quirk::RawPredict) =>
        {
            (verb(target, if stream { "streamRawPredict" } else { "rawPredict" }), None)
        }
        Address::Path(path) => classic(target, dialect, path),
    };
    Some(Way { dialect, place, path, query })
}

fn converse(target: &Target, stream: bool) -> Cow<'static, str> {
    let verb = if stream { "converse-stream" } else { "converse" };
    format!("/model/{}/{verb}", segment(&target.upstream)).into()
}

/// Google's addresses end with what is to be done.
fn verb(target: &Target, verb: &str) -> Cow<'static, str> {
    format!("/models/{}:{verb}", target.upstream).into()
}

/// Path and query of OpenAI's dialects: at Azure's classic addresses the deployment stands in the path, but
/// for responses, and the version of the API in the query.
fn classic(
    target: &Target,
    dialect: Dialect,
    path: &'static str,
) -> (Cow<'static, str>, Option<Cow<'static, str>>) {
    let Some(version) = &target.provider.api_version else { return (path.into(), None) };
    let path = match dialect {
        Dialect::OpenaiResponses => format!("/openai{path}"),
        _ => format!("/openai/deployments/{}{path}", segment(&target.upstream)),
    };
    (path.into(), Some(format!("api-version={version}").into()))
}

/// A name as one segment of a path.
fn segment(name: &str) -> String {
    name.bytes().fold(String::with_capacity(name.len()), |mut text, byte| {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => text.push(char::from(byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

/// How `target` is asked how many tokens a request in `dialect` has; `None` when it speaks another one, or has
/// no way to be asked.
#[must_use]
pub fn counting(target: &Target, dialect: Dialect) -> Option<Way> {
    let elsewhere = target.provider.has(Quirk::RawPredict) || target.provider.api_version.is_some();
    if target.provider.is_sandbox() || elsewhere || !target.speaks().contains(&dialect) {
        return None;
    }
    let path = match dialect {
        Dialect::AnthropicMessages => Cow::Borrowed("/messages/count_tokens"),
        Dialect::OpenaiResponses => Cow::Borrowed("/responses/input_tokens"),
        Dialect::Gemini => format!("/models/{}:countTokens", target.upstream).into(),
        _ => return None,
    };
    Some(Way { dialect, place: dialect, path, query: None })
}

/// The dialect that is spoken to a target, and whose base URL is used. Hosts of OpenAI's chat dialect
/// that do not say where their smaller services are have them at the same address.
fn spoken(target: &Target, client: Dialect) -> Option<(Dialect, Dialect)> {
    let (speaks, provider) = (target.speaks(), &target.provider);
    let at = |dialect: Dialect| {
        let own = provider.is_sandbox() || provider.base_url(dialect).is_some();
        (dialect, if own { dialect } else { Dialect::OpenaiChat })
    };
    if speaks.contains(&client) {
        return Some(at(client));
    }
    if client.conversation().is_some() {
        let known = |dialect: &&Dialect| dialect.is_built() && dialect.conversation().is_some();
        let found = speaks.iter().find(known).map(|dialect| (*dialect, *dialect));
        // Bedrock's own words are Anthropic's, said otherwise.
        let converse = speaks.contains(&Dialect::BedrockConverse);
        return found.or(converse.then_some((Dialect::AnthropicMessages, Dialect::BedrockConverse)));
    }
    let like: fn(Dialect) -> bool = match client {
        client if client.is_vectors() => Dialect::is_vectors,
        client if client.is_order() => Dialect::is_order,
        _ => |_| false,
    };
    if let Some(dialect) = speaks.iter().copied().find(|dialect| like(*dialect)) {
        return Some(at(dialect));
    }
    if provider.is_sandbox() || !provider.speaks.contains(&Dialect::OpenaiChat) {
        return None;
    }
    // What others call their own shape, nobody has beside OpenAI's chat.
    let dialect = if client.is_vectors() { Dialect::OpenaiEmbeddings } else { client };
    Some((dialect, Dialect::OpenaiChat))
}
