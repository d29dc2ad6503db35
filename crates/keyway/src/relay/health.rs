//! How a request looks at the health of providers, and what routing is told of it. What is known of a
//! credential is known of it alone: organisations with credentials of their own share nothing.

use super::context::Shared;
use super::story::Story;
use super::tried::Attempting;
use crate::catalog::Target;
use crate::providers::Upstream;
use crate::routing::health::Standing;
use crate::routing::order::Seen;
use std::sync::Arc;

/// What a target is reached with, and how that stands at a time (monotonic milliseconds): the first credential
/// that is asked, else the one that is soonest. `None`: there is none.
fn best(shared: &Shared, org: &str, target: &Target, now_ms: i64) -> Option<(Arc<Upstream>, Standing)> {
    let upstreams = shared.upstreams.load();
    // Where one is full that has a cap of its own, the next may have a place.
    let rank = |upstream: &Upstream, standing: &Standing| match standing {
        Standing::In => (0, shared.gates.crowd(upstream)),
        Standing::Due(_) => (1, 0),
        Standing::Cooling(ms) => (2, *ms),
        Standing::Out(..) => (3, 0),
    };
    let of = |upstream: &Arc<Upstream>| {
        let pulse = shared.health.pulse(&upstream.provider, &upstream.credential);
        (Arc::clone(upstream), pulse.standing(now_ms))
    };
    match upstreams.of(&target.provider.name, org) {
        [only] => Some(of(only)),
        several => several.iter().map(of).min_by_key(|(upstream, standing)| rank(upstream, standing)),
    }
}

/// How a target does for requests of an organisation at a time (monotonic milliseconds); and, where it counts,
/// how quick it is at streams or at whole answers.
#[must_use]
pub fn look(shared: &Shared, org: &str, target: &Target, now_ms: i64, streams: Option<bool>) -> Seen {
    let standing = match shared.upstreams.load().of(&target.provider.name, org) {
        [only] => shared.health.standing(&only.provider, &only.credential, now_ms),
        _ => best(shared, org, target, now_ms).map_or(Standing::In, |(_, standing)| standing),
    };
    let Some(streams) = streams else { return Seen { standing, ..Seen::UNKNOWN } };
    let speed = shared.health.speed(target);
    Seen { standing, expected_ms: speed.expected_ms(streams, now_ms), waiting: speed.waiting() }
}

impl Story {
    /// Chooses the credential a target is reached with; says whether there is one.
    pub fn choose(&mut self, target: &Target) -> bool {
        let shared = &self.worker.shared;
        // Most have one: nothing is to be looked at then.
        let only = match shared.upstreams.load().of(&target.provider.name, &self.grant.org) {
            [only] => Some(Arc::clone(only)),
            _ => None,
        };
        let chosen = only.or_else(|| Some(best(shared, &self.grant.org, target, self.now_mono_ms())?.0));
        self.upstream = chosen;
        self.upstream.is_some()
    }

    /// An attempt at a target begins. Speeds are kept where there is a `choice`.
    pub(super) fn begin_turn(&mut self, target: &Arc<Target>, began_ms: i64, choice: bool) {
        let Some(upstream) = &self.upstream else { return };
        let turn = self.worker.shared.health.begin(target, &upstream.credential, began_ms, choice);
        self.turn = Some(Attempting { turn, began_ms });
    }

    /// How a target stands for this request.
    pub(super) fn standing(&self, target: &Target) -> Standing {
        let found = best(&self.worker.shared, &self.grant.org, target, self.now_mono_ms());
        found.map_or(Standing::In, |(_, standing)| standing)
    }

    /// How many credentials a target can be reached with.
    pub(super) fn credentials(&self, target: &Target) -> usize {
        self.worker.shared.upstreams.load().of(&target.provider.name, &self.grant.org).len()
    }

    /// Where the request's chance comes from.
    pub(super) fn seed(&self) -> u64 {
        let [.., a, b, c, d, e, f, g, h] = self.request;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}
