//! Rows as written: every field may be absent, because a row of the operator's completes or
//! replaces single fields of the row that comes with Keyway.

use super::balance::{self, BalanceAt};
use super::credential::CredentialRef;
use super::fields::{ALIAS_FIELDS, MODEL_FIELDS, PROVIDER_FIELDS, QUALITY_FIELDS};
use super::kinds::{AuthStyle, Dialect, Edit, Effort, ModelKind, Quirk, Thinking};
use super::mistake::{Mistake, Place};
use super::price::{self, Sourced, TOKENS_MAX};
use super::route::{self, RouteRow, StoredRoute};
use super::row::{Audience, Quality};
use super::url;
use super::written::{Fields, Reader};
use ledger::{Price, PriceList};

/// Longest name of a provider, model or alias, bytes.
pub const NAME_BYTES_MAX: usize = 256;

/// A `[providers.NAME]` table.
#[derive(Debug, Clone)]
pub struct ProviderRow {
    /// The name before the slash of its models.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// What people call it.
    pub display_name: Option<String>,
    /// Base URL by dialect, without a slash at the end.
    pub base_url: Option<Vec<(Dialect, String)>>,
    /// How requests are authenticated.
    pub auth: Option<AuthStyle>,
    /// How requests of single dialects are authenticated.
    pub auth_by: Option<Vec<(Dialect, AuthStyle)>>,
    /// The dialects it speaks.
    pub speaks: Option<Vec<Dialect>>,
    /// Environment variables that usually hold its key, the preferred first.
    pub env: Option<Vec<String>>,
    /// Where it works; at AWS, the region that requests are signed for.
    pub region: Option<String>,
    /// Where access tokens are asked for.
    pub token_url: Option<String>,
    /// The version of Azure's API that requests name.
    pub api_version: Option<String>,
    /// An environment variable that names its host.
    pub host_env: Option<String>,
    /// The port where `host_env` names none.
    pub host_port: Option<u16>,
    /// Lower is asked first where several serve one name.
    pub priority: Option<u32>,
    /// Requests at a time the account allows.
    pub concurrency_max: Option<u32>,
    /// What public price lists call it.
    pub lists: Option<Vec<String>>,
    /// Whether models that are not listed are passed on.
    pub models_any: Option<bool>,
    /// Whether it works without a credential too.
    pub credential_optional: Option<bool>,
    /// `false` turns it off even when its variable is set.
    pub enabled: Option<bool>,
    /// Deviations from the dialect.
    pub quirks: Option<Vec<Quirk>>,
    /// It keeps nothing of requests.
    pub zero_retention: Option<bool>,
    /// Where its credential is found.
    pub credential: Option<CredentialRef>,
    /// Where it tells what is left on the account.
    pub balance: Option<BalanceAt>,
}

/// A `[models."provider/name"]` table.
#[derive(Debug, Clone)]
pub struct ModelRow {
    /// `provider/name`.
    pub id: String,
    /// Where it was written.
    pub place: Place,
    /// The name sent to the provider.
    pub upstream: Option<String>,
    /// Window, tokens.
    pub context_tokens: Option<u64>,
    /// Longest answer, tokens.
    pub output_tokens_max: Option<u64>,
    /// Takes tools.
    pub tools: Option<bool>,
    /// Takes images.
    pub vision: Option<bool>,
    /// Takes documents.
    pub documents: Option<bool>,
    /// Takes audio.
    pub audio: Option<bool>,
    /// Reasons before it answers.
    pub reasoning: Option<bool>,
    /// Obeys a JSON schema.
    pub structured_output: Option<bool>,
    /// Bills reasoning that it does not stream.
    pub hidden_reasoning: Option<bool>,
    /// How it is told to think.
    pub thinking: Option<Thinking>,
    /// The efforts it can be asked for.
    pub efforts: Option<Vec<Effort>>,
    /// Takes `temperature` and the like.
    pub sampling: Option<bool>,
    /// Takes a tool choice that forces a call.
    pub forced_tools: Option<bool>,
    /// The dialects it is asked in, where they are not all of its provider's.
    pub speaks: Option<Vec<Dialect>>,
    /// What it was measured to be worth.
    pub quality: Option<Quality>,
    /// Release day, unix seconds.
    pub created: Option<i64>,
    /// What it is for.
    pub kind: Option<ModelKind>,
    /// Its prices.
    pub prices: Option<PriceList>,
}

/// An `[aliases.NAME]` table.
#[derive(Debug, Clone)]
pub struct AliasRow {
    /// The name clients send.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// The `provider/name` it stands for; `None` when it was written wrongly.
    pub target: Option<String>,
    /// What the client is told about it.
    pub notice: Option<String>,
    /// Edits to the request.
    pub set: Vec<Edit>,
}

/// Everything one file says about the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// `[providers.*]`.
    pub providers: Vec<ProviderRow>,
    /// `[models.*]`.
    pub models: Vec<ModelRow>,
    /// `[aliases.*]`.
    pub aliases: Vec<AliasRow>,
    /// `[routes.*]`.
    pub routes: Vec<RouteRow>,
}

/// What the database adds to the rows.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// Models, or what is different of those that come with the program.
    pub models: Vec<ModelRow>,
    /// Prices by model, each from its instant on.
    pub prices: Vec<(String, Price)>,
    /// Routes of organisations.
    pub routes: Vec<StoredRoute>,
    /// Providers, or what is different of those that come with the program.
    pub providers: Vec<ProviderRow>,
    /// Providers that credentials in the database turn on, and for whom.
    pub on: Vec<(String, Audience)>,
    /// Providers that were turned off, whatever would turn them on.
    pub off: Vec<String>,
}

impl Stored {
    /// Whether the database says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
            && self.prices.is_empty()
            && self.routes.is_empty()
            && self.providers.is_empty()
            && self.on.is_empty()
            && self.off.is_empty()
    }
}

/// What holds for the rows of a file that do not say it themselves.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Of prices.
    pub prices: Sourced,
    /// Of scores.
    pub scores: Sourced,
}

/// Reads the `providers`, `models`, `aliases` and `routes` tables below `root`. Mistakes stay in the reader.
pub fn read(reader: &mut Reader, root: &Fields<'_>, defaults: &Defaults) -> Rows {
    let mut rows = Rows::default();
    for (name, fields) in reader.rows(root, "providers") {
        let row = provider(reader, name, &fields);
        rows.providers.push(row);
    }
    for (id, fields) in reader.rows(root, "models") {
        let row = model(reader, id, &fields, defaults);
        rows.models.push(row);
    }
    for (name, fields) in reader.rows(root, "aliases") {
        let row = alias(reader, name, &fields);
        rows.aliases.push(row);
    }
    for (name, fields) in reader.rows(root, "routes") {
        let row = route::read(reader, name, &fields);
        rows.routes.push(row);
    }
    rows
}

fn provider(reader: &mut Reader, name: &str, fields: &Fields<'_>) -> ProviderRow {
    reader.check_known(fields, PROVIDER_FIELDS);
    let place = reader.place(fields.span.as_ref());
    if !is_provider_name(name) {
        let fix = "write 1 to 64 of a-z, 0-9, - and _";
        reader.mistakes.push(Mistake::new(
            place.clone(),
            fields.path.clone(),
            "is not a name for a provider",
            fix,
        ));
    }
    let (auth, auth_by) = auth(reader, fields);
    let speaks = reader.words(fields, "speaks", Dialect::WORDS, Dialect::from_word);
    if !reader.builtin {
        let every = auth.into_iter().chain(auth_by.iter().flatten().map(|(_, auth)| *auth));
        let missing = every.filter(|auth| !auth.is_built()).map(AuthStyle::word).next();
        not_built(reader, fields, "auth", missing);
        let missing = speaks.iter().flatten().find(|dialect| !dialect.is_built());
        not_built(reader, fields, "speaks", missing.map(|dialect| dialect.word()));
    }
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    ProviderRow {
        name: name.to_owned(),
        place,
        display_name: reader.string(fields, "display_name").map(str::to_owned),
        base_url: base_urls(reader, fields),
        auth,
        auth_by,
        speaks,
        env: reader.strings(fields, "env").map(|names| names.into_iter().map(str::to_owned).collect()),
        region: reader.string(fields, "region").map(str::to_owned),
        token_url: token_url(reader, fields),
        api_version: api_version(reader, fields),
        host_env: reader.string(fields, "host_env").map(str::to_owned),
        host_port: reader.number(fields, "host_port", 1..=65_535).and_then(|port| u16::try_from(port).ok()),
        priority: reader.number(fields, "priority", 0..=1_000_000).map(small),
        concurrency_max: reader.number(fields, "concurrency_max", 1..=1_000_000).map(small),
        lists: reader.strings(fields, "lists").map(|names| names.into_iter().map(str::to_owned).collect()),
        models_any: reader.flag(fields, "models_any"),
        credential_optional: reader.flag(fields, "credential_optional"),
        enabled: reader.flag(fields, "enabled"),
        quirks: reader.words(fields, "quirks", Quirk::WORDS, Quirk::from_word),
        zero_retention: reader.flag(fields, "zero_retention"),
        credential: credential(reader, fields),
        balance: balance::read(reader, fields),
    }
}

fn not_built(reader: &mut Reader, fields: &Fields<'_>, name: &str, word: Option<&'static str>) {
    if let Some(word) = word {
        reader.wrong(
            fields,
            name,
            format!("needs `{word}`, which is not available yet"),
            "leave it out, or use a host that does without",
        );
    }
}

fn credential(reader: &mut Reader, fields: &Fields<'_>) -> Option<CredentialRef> {
    let text = reader.string(fields, "credential")?;
    CredentialRef::parse(text).map_err(|(problem, fix)| reader.wrong(fields, "credential", problem, fix)).ok()
}

fn token_url(reader: &mut Reader, fields: &Fields<'_>) -> Option<String> {
    let text = reader.string(fields, "token_url")?;
    url::base_url(text).map_err(|(problem, fix)| reader.wrong(fields, "token_url", problem, fix)).ok()
}

/// It stands in a query.
fn api_version(reader: &mut Reader, fields: &Fields<'_>) -> Option<String> {
    let text = reader.string(fields, "api_version")?.to_owned();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        reader.wrong(fields, "api_version", "is not a version", "write one such as \"2024-10-21\"");
        return None;
    }
    Some(text)
}

/// One style for every dialect, or a table of them.
fn auth(reader: &mut Reader, fields: &Fields<'_>) -> (Option<AuthStyle>, Option<Vec<(Dialect, AuthStyle)>>) {
    if fields.table.get("auth").is_none_or(|item| item.as_table_like().is_none()) {
        return (reader.word(fields, "auth", AuthStyle::WORDS, AuthStyle::from_word), None);
    }
    let Some(table) = reader.table(fields, "auth") else { return (None, None) };
    let mut by = Vec::new();
    for (word, _) in table.table.iter() {
        let Some(dialect) = Dialect::from_word(word) else {
            reader.wrong(&table, word, "is not a dialect", super::mistake::choose(word, Dialect::WORDS));
            continue;
        };
        let style = reader.word(&table, word, AuthStyle::WORDS, AuthStyle::from_word);
        by.extend(style.map(|style| (dialect, style)));
    }
    (None, Some(by))
}

/// One URL for the chat dialect, or a table of them.
fn base_urls(reader: &mut Reader, fields: &Fields<'_>) -> Option<Vec<(Dialect, String)>> {
    let item = fields.table.get("base_url")?;
    if let Some(text) = item.as_str() {
        return match url::template(text) {
            Ok(url) => Some(vec![(Dialect::OpenaiChat, url)]),
            Err((problem, fix)) => {
                reader.wrong(fields, "base_url", problem, fix);
                None
            }
        };
    }
    if item.as_table_like().is_none() {
        reader.wrong(
            fields,
            "base_url",
            "is neither a URL nor a table of URLs",
            "write a string, or { openai-chat = \"https://...\" }",
        );
        return None;
    }
    let table = reader.table(fields, "base_url")?;
    let mut urls = Vec::new();
    for (word, _) in table.table.iter() {
        let Some(dialect) = Dialect::from_word(word) else {
            reader.wrong(&table, word, "is not a dialect", super::mistake::choose(word, Dialect::WORDS));
            continue;
        };
        match reader.string(&table, word).map(url::template) {
            Some(Ok(url)) => urls.push((dialect, url)),
            Some(Err((problem, fix))) => reader.wrong(&table, word, problem, fix),
            None => {}
        }
    }
    Some(urls)
}

fn model(reader: &mut Reader, id: &str, fields: &Fields<'_>, defaults: &Defaults) -> ModelRow {
    reader.check_known(fields, MODEL_FIELDS);
    let place = reader.place(fields.span.as_ref());
    let whole =
        id.split_once('/').is_some_and(|(provider, name)| is_provider_name(provider) && is_model_name(name));
    if !whole {
        let fix = "write [models.\"provider/name\"]";
        reader.mistakes.push(Mistake::new(
            place.clone(),
            fields.path.clone(),
            "is not a model's full name",
            fix,
        ));
    }
    let upstream = reader.string(fields, "upstream").map(str::to_owned);
    if upstream.as_deref().is_some_and(|name| !is_model_name(name)) {
        reader.wrong(fields, "upstream", "is not a model's name", "write 1 to 256 characters without spaces");
    }
    let kind = reader.word(fields, "kind", ModelKind::WORDS, ModelKind::from_word);
    ModelRow {
        id: id.to_owned(),
        place,
        upstream,
        context_tokens: reader.number(fields, "context_tokens", 1..=TOKENS_MAX),
        output_tokens_max: reader.number(fields, "output_tokens_max", 1..=TOKENS_MAX),
        tools: reader.flag(fields, "tools"),
        vision: reader.flag(fields, "vision"),
        documents: reader.flag(fields, "documents"),
        audio: reader.flag(fields, "audio"),
        reasoning: reader.flag(fields, "reasoning"),
        structured_output: reader.flag(fields, "structured_output"),
        hidden_reasoning: reader.flag(fields, "hidden_reasoning"),
        thinking: reader.word(fields, "thinking", Thinking::WORDS, Thinking::from_word),
        efforts: reader.words(fields, "efforts", Effort::WORDS, Effort::from_word),
        sampling: reader.flag(fields, "sampling"),
        forced_tools: reader.flag(fields, "forced_tools"),
        speaks: reader.words(fields, "speaks", Dialect::WORDS, Dialect::from_word),
        quality: quality(reader, fields, &defaults.scores),
        created: reader.date(fields, "released").map(|(ms, _)| ms / 1000),
        kind,
        prices: price::read(reader, fields, id, kind.unwrap_or(ModelKind::Chat), &defaults.prices),
    }
}

/// A score is worth nothing without its day and its source.
fn quality(reader: &mut Reader, fields: &Fields<'_>, defaults: &Sourced) -> Option<Quality> {
    let fields = reader.table(fields, "quality")?;
    reader.check_known(&fields, QUALITY_FIELDS);
    let score = reader.usd(&fields, "score");
    let as_of = reader.date(&fields, "as_of").map(|(_, day)| day).or(defaults.as_of.clone());
    let source = reader.string(&fields, "source").map(str::to_owned).or(defaults.source.clone());
    for (name, given) in [("score", false), ("as_of", as_of.is_some()), ("source", source.is_some())] {
        if !given && !fields.table.contains_key(name) {
            reader.wrong(&fields, name, "is missing", "write quality = { score, as_of, source }");
        }
    }
    let score_milli = score?.div_euclid(1_000_000);
    Some(Quality { score_milli, as_of: as_of?, source: source? })
}

fn alias(reader: &mut Reader, name: &str, fields: &Fields<'_>) -> AliasRow {
    reader.check_known(fields, ALIAS_FIELDS);
    let place = reader.place(fields.span.as_ref());
    if !is_model_name(name) || name == "auto" || name.starts_with("auto:") {
        let fix = "write 1 to 256 characters without spaces, other than auto";
        reader.mistakes.push(Mistake::new(
            place.clone(),
            fields.path.clone(),
            "is not a name for an alias",
            fix,
        ));
    }
    let target = reader.string(fields, "target").map(str::to_owned);
    if !fields.table.contains_key("target") {
        reader.wrong(fields, "target", "is missing", "write target = \"provider/name\"");
    }
    let notice = reader.string(fields, "notice").map(str::to_owned);
    if notice
        .as_deref()
        .is_some_and(|text| text.len() > 512 || text.bytes().any(|byte| !(b' '..=b'~').contains(&byte)))
    {
        reader.wrong(
            fields,
            "notice",
            "cannot be sent in a header",
            "write at most 512 printable ASCII characters",
        );
    }
    let set = reader.words(fields, "set", Edit::WORDS, Edit::from_word).unwrap_or_default();
    AliasRow { name: name.to_owned(), place, target, notice, set }
}

/// Whether a provider may be called so.
#[must_use]
pub fn is_provider_name(name: &str) -> bool {
    let sane = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(sane)
}

/// Whether a model may be called so: no spaces, no control characters, no climbing path segments.
#[must_use]
pub fn is_model_name(name: &str) -> bool {
    let sane = |c: char| !c.is_control() && !c.is_whitespace() && c != '\\';
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.chars().all(sane)
        && name.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}
