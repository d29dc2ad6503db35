//! How a provider stands towards who looks at it: whether they see it, and with what they could ask it.

use super::known::Known;
use super::{Owner, Upstream, Upstreams};
use crate::catalog::{Catalog, Stored};
use std::sync::Arc;

/// How a provider stands towards who asks.
pub struct Standing {
    /// It was not turned off.
    pub enabled: bool,
    /// Requests can reach it.
    pub on: bool,
    /// Whose credential they would go with: `installation` or `organization`.
    pub credential: Option<&'static str>,
    /// Models of it that are listed.
    pub models: usize,
    /// Who asks is the operator.
    pub operator: bool,
}

impl Standing {
    /// How a provider stands towards an organisation, or towards the operator.
    #[must_use]
    pub fn of(
        (catalog, upstreams, stored): (&Catalog, &Upstreams, &Stored),
        org: &str,
        operator: bool,
        id: &str,
    ) -> Self {
        let row = catalog.provider(id).filter(|row| operator || row.serves(org));
        let word = |upstream: &Arc<Upstream>| match upstream.owner {
            Owner::Installation => "installation",
            Owner::Organization(_) => "organization",
        };
        let credential = upstreams.of(id, org).first().map(word);
        Self {
            enabled: !stored.off.iter().any(|off| off == id),
            on: row.is_some(),
            credential: credential.filter(|_| row.is_some()),
            models: row
                .map_or(0, |row| catalog.models().iter().filter(|model| model.provider == row.name).count()),
            operator,
        }
    }

    /// Who can add credentials sees what they can be added to; hosts of the operator's are the operator's,
    /// but for those that can be reached.
    #[must_use]
    pub fn sees(&self, known: &Known) -> bool {
        self.operator || known.listed || self.on
    }
}

/// What somebody may try a provider with: the credential they name, else the first that their requests would
/// go with. Whose bill it is not is not told about it.
#[must_use]
pub fn triable(
    upstreams: &Upstreams,
    provider: &str,
    credential: Option<&str>,
    (org, operator): (&str, bool),
) -> Option<Arc<Upstream>> {
    let mine = |upstream: &&Arc<Upstream>| match &upstream.owner {
        Owner::Installation => operator,
        Owner::Organization(owner) => **owner == *org,
    };
    match credential {
        Some(wanted) => upstreams
            .all()
            .filter(mine)
            .find(|it| *it.provider == *provider && *it.credential == *wanted)
            .cloned(),
        None => upstreams.of(provider, org).iter().find(mine).cloned(),
    }
}
