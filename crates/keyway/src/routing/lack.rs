//! What a candidate lacks for a request, before anybody looks at how it does.

use super::facts::Facts;
use crate::access::{Grant, Mode};
use crate::catalog::{Need, RouteRow, Target, TargetRow};

/// Why a candidate is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lack {
    /// The key may not call it.
    Permission,
    /// It cannot be asked in any way that would do for this path.
    Dialect,
    /// It cannot do what the request needs.
    Ability(Need),
    /// The request is longer than its window.
    Context,
    /// Its provider is not in the route's regions.
    Region,
    /// Its provider may keep what it is sent.
    Retention,
    /// The route keeps it for requests with other labels.
    Labels,
    /// The route keeps it for requests that need more.
    Needs,
    /// The route keeps it for shorter prompts.
    Length,
}

impl Lack {
    /// As it is told.
    #[must_use]
    pub fn text(self) -> String {
        let text = match self {
            Self::Permission => "the key may not call it",
            Self::Dialect => "it cannot be asked at this path",
            Self::Ability(need) => return format!("it is not known to take what is needed: {}", need.word()),
            Self::Context => "the request is longer than its window",
            Self::Region => "its provider is not in the regions that the route asks for",
            Self::Retention => "its provider is not known to keep nothing",
            Self::Labels => "the route keeps it for requests with other labels",
            Self::Needs => "the route keeps it for requests that need more",
            Self::Length => "the route keeps it for shorter prompts",
        };
        text.to_owned()
    }
}

/// Whether a key may call a target: a test key reaches the sandbox alone.
#[must_use]
pub fn may_call(grant: &Grant, target: &Target) -> bool {
    target.provider.serves(&grant.org) && fits_mode(grant, target) && is_listed(grant, target)
}

pub(super) fn fits_mode(grant: &Grant, target: &Target) -> bool {
    grant.mode == Mode::Live || target.provider.is_sandbox()
}

pub(super) fn is_listed(grant: &Grant, target: &Target) -> bool {
    grant.models.allow(&target.id)
}

/// What a model must be known to do: `strict`, or not be known to lack.
pub(super) fn of_ability(target: &Target, facts: &Facts<'_>, strict: bool) -> Option<Lack> {
    if !(facts.serves)(target) {
        return Some(Lack::Dialect);
    }
    let can = target.model.as_ref().map(|model| model.capabilities).unwrap_or_default();
    let able = |need: Need| match need {
        Need::Tools => can.tools,
        Need::Vision => can.vision,
        Need::Audio => can.audio,
        Need::Documents => can.documents,
        Need::StructuredOutput => can.structured_output,
    };
    let lacking = |need: &Need| !able(*need).unwrap_or(!strict) && facts.asked.has(*need);
    if let Some(need) = Need::ALL.iter().copied().find(lacking) {
        return Some(Lack::Ability(need));
    }
    let context = target.model.as_ref().and_then(|model| model.context_tokens);
    let is_over = |tokens: u64| {
        context.is_some_and(|context| tokens.saturating_add(facts.output_cap.unwrap_or(0)) > context)
    };
    let may_be = is_over(facts.asked.prompt_tokens_most());
    (may_be && facts.asked.prompt_tokens().is_some_and(is_over)).then_some(Lack::Context)
}

/// What a route's conditions say against a target of it.
pub(super) fn of_route(
    route: &RouteRow,
    leg: &TargetRow,
    target: &Target,
    facts: &Facts<'_>,
) -> Option<Lack> {
    let provider = &target.provider;
    let is_in = |region: &String| route.regions.contains(region);
    if !route.regions.is_empty() && !provider.region.as_ref().is_some_and(is_in) {
        return Some(Lack::Region);
    }
    if route.zero_retention && !provider.zero_retention {
        return Some(Lack::Retention);
    }
    if leg.labels.iter().any(|label| !facts.labels.contains(label)) {
        return Some(Lack::Labels);
    }
    if !leg.needs.is_empty() && !leg.needs.iter().any(|need| facts.asked.has(*need)) {
        return Some(Lack::Needs);
    }
    let longer = |most: u64| facts.asked.prompt_tokens().is_none_or(|tokens| tokens > most);
    leg.prompt_tokens_max.is_some_and(longer).then_some(Lack::Length)
}
