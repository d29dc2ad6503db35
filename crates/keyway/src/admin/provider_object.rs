//! Providers and their credentials as the API and the command line show them. What a credential is, is in
//! neither.

use super::json::seconds;
use crate::catalog::{AuthStyle, Dialect, Quirk};
use crate::providers::CONFIG;
use crate::providers::account::Account;
use crate::providers::credentials::owner;
use crate::providers::known::Known;
use crate::providers::probe::Probed;
use crate::providers::standing::Standing;
use crate::store::provider_accounts::AccountRow;
use crate::store::providers::{CredentialRow, ENABLED};
use serde::Serialize;
use std::collections::BTreeMap;

/// The kind of a deleted provider.
pub const PROVIDER_DELETED: &str = "organization.provider.deleted";
/// The kind of a deleted credential.
pub const CREDENTIAL_DELETED: &str = "organization.provider.credential.deleted";

/// A provider.
#[derive(Debug, Serialize)]
pub struct ProviderObject<'a> {
    object: &'static str,
    /// Its name.
    pub id: &'a str,
    display_name: &'a str,
    source: &'static str,
    enabled: bool,
    /// Whether it can be reached.
    pub on: bool,
    credential: Option<&'static str>,
    speaks: Vec<&'static str>,
    models: usize,
    /// Where it is: the operator's to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_urls: Option<BTreeMap<&'static str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quirks: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u32>,
}

impl<'a> ProviderObject<'a> {
    /// The object of a provider.
    #[must_use]
    pub fn new(id: &'a str, known: &'a Known, standing: &Standing) -> Self {
        let row = &known.row;
        let urls = row.base_url.as_deref().unwrap_or_default();
        let spoken = row.speaks.clone().unwrap_or_else(|| urls.iter().map(|(dialect, _)| *dialect).collect());
        let quirks = row.quirks.as_deref().unwrap_or_default();
        let operator = standing.operator;
        Self {
            object: "organization.provider",
            id,
            display_name: row.display_name.as_deref().unwrap_or(id),
            source: known.origin.word(),
            enabled: standing.enabled,
            on: standing.on,
            credential: standing.credential,
            speaks: spoken.into_iter().map(Dialect::word).collect(),
            models: standing.models,
            base_urls: operator
                .then(|| urls.iter().map(|(dialect, url)| (dialect.word(), url.as_str())).collect()),
            auth: operator.then(|| row.auth.unwrap_or(AuthStyle::Bearer).word()),
            quirks: operator.then(|| quirks.iter().copied().map(Quirk::word).collect()),
            priority: row.priority.filter(|_| operator),
        }
    }

    /// The cells of a table row: id, name, whether it is on, whose credential, models, source.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let state = match (self.enabled, self.on) {
            (false, _) => "disabled",
            (true, true) => "on",
            (true, false) => "off",
        };
        vec![
            self.id.to_owned(),
            self.display_name.to_owned(),
            state.to_owned(),
            self.credential.unwrap_or("-").to_owned(),
            self.models.to_string(),
            self.source.to_owned(),
        ]
    }
}

/// A credential.
#[derive(Debug, Serialize)]
pub struct CredentialObject<'a> {
    object: &'static str,
    /// `cred_...`, or `config`.
    pub id: &'a str,
    provider: &'a str,
    name: &'a str,
    owner: &'static str,
    source: &'static str,
    hint: Option<&'a str>,
    state: &'a str,
    last_error: Option<&'a str>,
    last_error_at: Option<i64>,
    created_at: Option<i64>,
    concurrency_max: Option<i64>,
    account: Option<AccountObject>,
}

/// What a provider told of the account that a credential is of.
#[derive(Debug, Serialize)]
pub struct AccountObject {
    #[serde(flatten)]
    account: Account,
    /// When; absent: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<i64>,
}

impl AccountObject {
    /// What was last told of a credential's account, if anything was.
    fn found(accounts: &[AccountRow], credential: &str) -> Option<Self> {
        let row = accounts.iter().find(|row| row.credential == credential)?;
        let account = serde_json::from_str(&row.told).ok()?;
        Some(Self { account, as_of: Some(seconds(row.told_ms)) })
    }

    /// `110.00 CNY, 0.50 USD`
    fn cell(&self) -> String {
        let each = self.account.balances.iter().map(|it| format!("{} {}", it.total, it.currency));
        each.collect::<Vec<_>>().join(", ")
    }
}

impl<'a> CredentialObject<'a> {
    /// The object of a stored credential.
    #[must_use]
    pub fn new(row: &'a CredentialRow, accounts: &[AccountRow]) -> Self {
        Self {
            account: AccountObject::found(accounts, &row.id),
            object: "organization.provider.credential",
            id: &row.id,
            provider: &row.provider,
            name: &row.name,
            owner: owner(row),
            source: "stored",
            hint: Some(row.hint.as_str()).filter(|hint| !hint.is_empty()),
            state: &row.state,
            last_error: row.last_error.as_deref(),
            last_error_at: row.last_error_ms.map(seconds),
            created_at: Some(seconds(row.created_ms)),
            concurrency_max: row.concurrency_max,
        }
    }

    /// The object of the one that configuration or environment give.
    #[must_use]
    pub fn of_config(provider: &'a str, accounts: &[AccountRow]) -> Self {
        Self {
            account: AccountObject::found(accounts, CONFIG),
            object: "organization.provider.credential",
            id: CONFIG,
            provider,
            name: "of the configuration or the environment",
            owner: "installation",
            source: "config",
            hint: None,
            state: ENABLED,
            last_error: None,
            last_error_at: None,
            created_at: None,
            concurrency_max: None,
        }
    }

    /// The cells of a table row: id, provider, name, owner, last characters, state, what is left, last error.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        [self.id, self.provider, self.name, self.owner, self.hint.unwrap_or("-"), self.state]
            .into_iter()
            .map(str::to_owned)
            .chain([self.account.as_ref().map_or_else(|| "-".to_owned(), AccountObject::cell)])
            .chain([self.last_error.unwrap_or("-").to_owned()])
            .collect()
    }
}

/// What came of asking a provider.
#[derive(Debug, Serialize)]
pub struct ProbeObject<'a> {
    object: &'static str,
    /// The provider's name.
    pub provider: &'a str,
    credential_id: &'a str,
    /// It took the credential and listed its models.
    pub ok: bool,
    status: Option<u16>,
    latency_ms: u64,
    models: Option<usize>,
    error: Option<&'a str>,
    account: Option<AccountObject>,
}

impl<'a> ProbeObject<'a> {
    /// The object of a probe.
    #[must_use]
    pub fn new(provider: &'a str, credential_id: &'a str, probed: &'a Probed) -> Self {
        Self {
            object: "organization.provider.test",
            provider,
            credential_id,
            ok: probed.ok,
            status: probed.status,
            latency_ms: probed.latency_ms,
            models: probed.models,
            error: probed.error.as_deref(),
            account: probed.account.clone().map(|account| AccountObject { account, as_of: None }),
        }
    }

    /// The cells of a table row: provider, credential, result, milliseconds, models, what is left, what is wrong.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        vec![
            self.provider.to_owned(),
            self.credential_id.to_owned(),
            if self.ok { "ok" } else { "failed" }.to_owned(),
            self.latency_ms.to_string(),
            self.models.map_or_else(|| "-".to_owned(), |count| count.to_string()),
            self.account.as_ref().map_or_else(|| "-".to_owned(), AccountObject::cell),
            self.error.unwrap_or("-").to_owned(),
        ]
    }
}
