//! What a request reaches its target with, and what follows from whose account that is.

use super::story::Story;
use crate::catalog::Target;
use crate::providers::Upstream;
use crate::upstream::Endpoint;
use ledger::reserve::Markup;

impl Story {
    /// Chooses what a target is reached with: whatever is paid, written and sent from here on is with that
    /// credential. Answers whether there is any.
    pub fn choose(&mut self, target: &Target) -> bool {
        self.upstream = self.worker.shared.upstream(&target.provider.name, &self.grant.org);
        self.upstream.is_some()
    }

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
