//! What a request reaches its target with, and what follows from whose account that is.

use super::story::Story;
use crate::providers::Upstream;
use crate::upstream::Endpoint;
use ledger::reserve::Markup;

impl Story {
    /// What is added to the provider's price: nothing where the organisation pays the provider itself.
    #[must_use]
    pub fn markup(&self) -> Markup {
        if self.is_own() { Markup::default() } else { self.grant.purse.markup }
    }

    /// Whether the organisation pays the provider itself.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.upstream.as_ref().is_some_and(|upstream| upstream.is_own())
    }

    /// The target's provider as it is reached.
    #[must_use]
    pub fn upstream(&self) -> Option<&Upstream> {
        self.upstream.as_deref()
    }

    /// Where the target is; the sandbox is nowhere.
    #[must_use]
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.upstream.as_ref()?.endpoint(self.way.as_ref()?.place)
    }
}
