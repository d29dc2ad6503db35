//! What a request says to this gateway alone: its body's member `keyway`, or header fields.

use crate::base::Refusal;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `x-keyway-on-loss`
pub const X_KEYWAY_ON_LOSS: &str = "x-keyway-on-loss";

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
            let takes = "`labels`, an object of strings, and `on_loss`, `report` or `reject`";
            Refusal::field("keyway", format!("`keyway` takes {takes}: {error}."))
        })
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
}
