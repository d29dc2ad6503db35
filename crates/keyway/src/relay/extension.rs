//! What a request says to this gateway alone: its body's member `keyway`, or header fields.

use super::replies::X_KEYWAY_CACHE;
use crate::base::Refusal;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `x-keyway-on-loss`
pub const X_KEYWAY_ON_LOSS: &str = "x-keyway-on-loss";
/// `x-keyway-budget-mode`
pub const X_KEYWAY_BUDGET_MODE: &str = "x-keyway-budget-mode";

/// The body's `keyway` member.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Labels of the request.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What becomes of a request that cannot be translated without loss.
    #[serde(default)]
    pub on_loss: Option<OnLoss>,
    /// Whether its answer may be a kept one, and be kept.
    #[serde(default)]
    pub cache: Option<CacheWish>,
    /// What becomes of a request that may cost more than there is.
    #[serde(default)]
    pub budget_mode: Option<BudgetMode>,
}

/// Whether a request's answer may be a kept one, and be kept, where its key's policy keeps any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheWish {
    /// As the policy says.
    #[default]
    #[serde(skip)]
    Policy,
    /// Yes, though it may not ask for the same answer each time.
    On,
    /// No.
    Off,
}

/// What becomes of a request that may cost more than there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetMode {
    /// It is refused.
    #[default]
    Refuse,
    /// Its answer is capped at what the money is enough for.
    Clamp,
}

/// What becomes of a request that cannot be translated without loss.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLoss {
    /// It is sent, and the answer says what was lost.
    #[default]
    Report,
    /// It is refused.
    Reject,
}

impl Extension {
    /// Reads the member, where there is one.
    ///
    /// # Errors
    /// `invalid_request`, naming what it takes.
    pub fn read(member: Option<&[u8]>) -> Result<Self, Refusal> {
        let Some(bytes) = member else {
            return Ok(Self::default());
        };
        serde_json::from_slice(bytes).map_err(|error| {
            let takes = "`labels`, an object of strings, `on_loss`, `report` or `reject`, `budget_mode`, `refuse` \
                         or `clamp`, and `cache`, `on` or `off`";
            Refusal::field("keyway", format!("`keyway` takes {takes}: {error}."))
        })
    }

    /// What is wished for requests that may cost more than there is; the header counts where the body says
    /// nothing.
    ///
    /// # Errors
    /// `invalid_request` for another word.
    pub fn budget_mode(&self, header: Option<&str>) -> Result<BudgetMode, Refusal> {
        match (self.budget_mode, header.map(str::trim)) {
            (Some(said), _) => Ok(said),
            (None, None | Some("refuse")) => Ok(BudgetMode::Refuse),
            (None, Some("clamp")) => Ok(BudgetMode::Clamp),
            (None, Some(_)) => {
                Err(Refusal::field(X_KEYWAY_BUDGET_MODE, "`x-keyway-budget-mode` is `refuse` or `clamp`."))
            }
        }
    }

    /// What is wished for losses; the header counts where the body says nothing.
    ///
    /// # Errors
    /// `invalid_request` for another word.
    pub fn on_loss(&self, header: Option<&str>) -> Result<OnLoss, Refusal> {
        match (self.on_loss, header.map(str::trim)) {
            (Some(said), _) => Ok(said),
            (None, None | Some("report")) => Ok(OnLoss::Report),
            (None, Some("reject")) => Ok(OnLoss::Reject),
            (None, Some(_)) => {
                Err(Refusal::field(X_KEYWAY_ON_LOSS, "`x-keyway-on-loss` is `report` or `reject`."))
            }
        }
    }

    /// What is wished for kept answers; the header counts where the body says nothing.
    ///
    /// # Errors
    /// `invalid_request` for another word.
    pub fn cache(&self, header: Option<&str>) -> Result<CacheWish, Refusal> {
        match (self.cache, header.map(str::trim)) {
            (Some(said), _) => Ok(said),
            (None, None) => Ok(CacheWish::Policy),
            (None, Some("on")) => Ok(CacheWish::On),
            (None, Some("off")) => Ok(CacheWish::Off),
            (None, Some(_)) => Err(Refusal::field(X_KEYWAY_CACHE, "`x-keyway-cache` is `on` or `off`.")),
        }
    }
}
