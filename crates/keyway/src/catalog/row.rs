//! Rows as checked: complete, and shared by every request that uses them.

use super::balance::BalanceAt;
use super::kinds::{AuthStyle, Dialect, Edit, Effort, ModelKind, Quirk, Thinking};
use super::mistake::Place;
use ledger::PriceList;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who wrote a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It comes with Keyway.
    Builtin,
    /// A row in the database adds it or changes it.
    Stored,
    /// The configuration adds it or changes it.
    Config,
}

impl Origin {
    /// As `source` of the management API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Stored => "stored",
            Self::Config => "config",
        }
    }
}

/// Whose traffic can reach a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Audience {
    /// Everybody's: it is on for the installation.
    #[default]
    Everybody,
    /// That of these organisations alone, which have credentials of their own there. Nobody else is told
    /// that it is on.
    Only(BTreeSet<Arc<str>>),
}

/// A host that serves models.
#[derive(Debug)]
pub struct Provider {
    /// The name before the slash of its models.
    pub name: Arc<str>,
    /// What people call it.
    pub display_name: String,
    /// Base URL by dialect, version segment included, without a slash at the end.
    pub base_urls: Vec<(Dialect, String)>,
    /// How requests are authenticated, where `auth_by` does not say otherwise.
    pub auth: AuthStyle,
    /// How requests of single dialects are authenticated.
    pub auth_by: Vec<(Dialect, AuthStyle)>,
    /// The dialects it speaks, the preferred first.
    pub speaks: Vec<Dialect>,
    /// Where it works, for routes that ask for regions; at AWS, the region that requests are signed for, and
    /// `None`: the one that the host names.
    pub region: Option<String>,
    /// Where access tokens are asked for; `None`: at Google.
    pub token_url: Option<String>,
    /// The version of Azure's API that requests name; `None`: they name none.
    pub api_version: Option<String>,
    /// Environment variables that usually hold its key, the preferred first.
    pub env: Vec<String>,
    /// Whether it works without a credential.
    pub credential_optional: bool,
    /// Lower is asked first where several serve one name. Default 100.
    pub priority: u32,
    /// Requests at a time the account allows; `None`: not told.
    pub concurrency_max: Option<u32>,
    /// Whether models that are not listed are passed on, unpriced.
    pub models_any: bool,
    /// Deviations from the dialect.
    pub quirks: Vec<Quirk>,
    /// Where it tells what is left on the account; `None`: nowhere.
    pub balance: Option<BalanceAt>,
    /// Whether it is known to keep nothing of requests.
    pub zero_retention: bool,
    /// Whose traffic has a credential there.
    pub audience: Audience,
    /// Who wrote the row.
    pub origin: Origin,
    /// Where the last word on it was written.
    pub place: Place,
}

/// The name of the built-in upstream.
pub const SANDBOX: &str = "sandbox";

impl Provider {
    /// The base URL for a dialect, when the provider speaks it.
    #[must_use]
    pub fn base_url(&self, dialect: Dialect) -> Option<&str> {
        self.base_urls.iter().find(|(of, _)| *of == dialect).map(|(_, url)| url.as_str())
    }

    /// How requests of a dialect are authenticated.
    #[must_use]
    pub fn auth(&self, dialect: Dialect) -> AuthStyle {
        self.auth_by.iter().find(|(of, _)| *of == dialect).map_or(self.auth, |(_, auth)| *auth)
    }

    /// Whether the provider deviates so.
    #[must_use]
    pub fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// Whether an organisation's traffic can reach it.
    #[must_use]
    pub fn serves(&self, org: &str) -> bool {
        match &self.audience {
            Audience::Everybody => true,
            Audience::Only(orgs) => orgs.contains(org),
        }
    }

    /// Whether it is the built-in upstream, which has no address.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        &*self.name == SANDBOX
    }
}

/// What a model can do; `None`: not known, and never a reason to refuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Takes tools.
    pub tools: Option<bool>,
    /// Takes images.
    pub vision: Option<bool>,
    /// Takes documents (PDF).
    pub documents: Option<bool>,
    /// Takes audio.
    pub audio: Option<bool>,
    /// Reasons before it answers.
    pub reasoning: Option<bool>,
    /// Obeys a JSON schema.
    pub structured_output: Option<bool>,
    /// Bills reasoning that it does not stream, so that the stream alone does not bound the cost.
    pub hidden_reasoning: bool,
    /// How it is told to think.
    pub thinking: Option<Thinking>,
    /// The efforts it can be asked for; empty: not told.
    pub efforts: Efforts,
    /// Takes `temperature`, `top_p` and the like.
    pub sampling: Option<bool>,
    /// Takes a tool choice that forces a call.
    pub forced_tools: Option<bool>,
}

/// A set of efforts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Efforts(u8);

impl Efforts {
    /// The set of these.
    #[must_use]
    pub fn of(efforts: &[Effort]) -> Self {
        Self(efforts.iter().fold(0, |set, effort| set | 1 << *effort as u8))
    }

    /// Whether it is in the set.
    #[must_use]
    pub fn has(self, effort: Effort) -> bool {
        self.0 & (1 << effort as u8) != 0
    }

    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The nearest effort that the model takes, upwards first; the one asked for where nothing is told.
    #[must_use]
    pub fn nearest(self, asked: Effort) -> Effort {
        let (below, above): (Vec<Effort>, Vec<Effort>) =
            Effort::ALL.iter().filter(|effort| self.has(**effort)).partition(|effort| **effort < asked);
        above.first().or(below.last()).copied().unwrap_or(asked)
    }
}

/// What somebody measured a model to be worth, for routing by quality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quality {
    /// Higher is better, thousandths of the source's unit; scores of one source compare.
    pub score_milli: u64,
    /// The day it was read.
    pub as_of: String,
    /// Who measured.
    pub source: String,
}

/// A score as people read it.
#[must_use]
pub fn score_text(milli: u64) -> String {
    match (milli / 1_000, milli % 1_000) {
        (whole, 0) => whole.to_string(),
        (whole, rest) => format!("{whole}.{rest:03}").trim_end_matches('0').to_owned(),
    }
}

/// A listed model.
#[derive(Debug)]
pub struct Model {
    /// `provider/name`.
    pub id: Arc<str>,
    /// The part before the first slash.
    pub provider: Arc<str>,
    /// The name sent to the provider.
    pub upstream: Arc<str>,
    /// Window, tokens; `None`: not known.
    pub context_tokens: Option<u64>,
    /// Longest answer, tokens; `None`: not known.
    pub output_tokens_max: Option<u64>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Its prices; an empty list means unpriced, never free.
    pub prices: PriceList,
    /// Release day, unix seconds.
    pub created: Option<i64>,
    /// What it is for.
    pub kind: ModelKind,
    /// The dialects it is asked in, the preferred first: some of its provider's. Never empty.
    pub speaks: Vec<Dialect>,
    /// What it was measured to be worth; `None` where nobody is known to have measured.
    pub quality: Option<Box<Quality>>,
    /// Who wrote the row.
    pub origin: Origin,
    /// Where the last word on it was written.
    pub place: Place,
}

impl Model {
    /// The name without its provider.
    #[must_use]
    pub fn bare(&self) -> &str {
        self.id.split_once('/').map_or(&*self.id, |(_, name)| name)
    }
}

/// A name that stands for a model.
#[derive(Debug)]
pub struct Alias {
    /// The name clients send; with its provider when it was written so.
    pub name: String,
    /// The `provider/name` it stands for.
    pub target: String,
    /// What the client is told about it (`x-keyway-notice`).
    pub notice: Option<String>,
    /// Edits to the request.
    pub set: Vec<Edit>,
    /// Where it was written.
    pub place: Place,
}

/// One place a request can be sent to.
#[derive(Debug)]
pub struct Target {
    /// `provider/name`, the canonical name of what is served.
    pub id: Arc<str>,
    /// Who serves it.
    pub provider: Arc<Provider>,
    /// The listed model; `None` where the provider takes any name (unpriced).
    pub model: Option<Arc<Model>>,
    /// The name sent to the provider.
    pub upstream: Arc<str>,
}

impl Target {
    /// The dialects it can be asked in, the preferred first.
    #[must_use]
    pub fn speaks(&self) -> &[Dialect] {
        self.model.as_ref().map_or(&self.provider.speaks, |model| &model.speaks)
    }
}
