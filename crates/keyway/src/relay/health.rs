//! How a request looks at the health of providers, and what routing is told of it. What is known of a
//! credential is known of it alone: organisations with credentials of their own share nothing.

use super::context::Shared;
use super::story::Story;
use super::tried::Attempting;
use crate::catalog::Target;
use crate::providers::health::{Pulse, Standing};
use crate::providers::{Upstream, Upstreams};
use crate::routing::order::Seen;
use std::sync::Arc;

/// How a credential does.
fn pulse<'a>(shared: &Shared, upstream: &'a Upstream) -> &'a Arc<Pulse> {
    upstream.pulse.get_or_init(|| shared.health.pulse(&upstream.provider, &upstream.credential))
}

/// What a target is reached with, and how that stands at a time (monotonic milliseconds): the first credential
/// that is asked, else the one that is soonest. `None`: there is none.
fn best(
    (shared, upstreams): (&Shared, &Upstreams),
    org: &str,
    target: &Target,
    now_ms: i64,
) -> Option<(Arc<Upstream>, Standing)> {
    // Where one is full that has a cap of its own, the next may have a place.
    let rank = |upstream: &Upstream, standing: &Standing| match standing {
        Standing::In => (0, shared.gates.crowd(upstream)),
        Standing::Due(_) => (1, 0),
        Standing::Cooling(ms) => (2, *ms),
        Standing::Out(..) => (3, 0),
    };
    let of = |upstream: &Arc<Upstream>| (Arc::clone(upstream), pulse(shared, upstream).standing(now_ms));
    match upstreams.of(&target.provider.name, org) {
        [only] => Some(of(only)),
        several => several.iter().map(of).min_by_key(|(upstream, standing)| rank(upstream, standing)),
    }
}

/// How a target does for requests of an organisation at a time (monotonic milliseconds); and, where it counts,
/// how quick it is at streams or at whole answers.
#[must_use]
pub fn look(
    (shared, upstreams): (&Shared, &Upstreams),
    org: &str,
    target: &Target,
    now_ms: i64,
    streams: Option<bool>,
) -> Seen {
    let standing = match upstreams.of(&target.provider.name, org) {
        [only] => pulse(shared, only).standing(now_ms),
        _ => best((shared, upstreams), org, target, now_ms).map_or(Standing::In, |(_, standing)| standing),
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
        let upstreams = shared.upstreams.load();
        let credentials = upstreams.of(&target.provider.name, &self.grant.org);
        self.several_credentials = credentials.len() > 1;
        self.upstream = match credentials {
            [only] => Some(Arc::clone(only)),
            _ => {
                best((shared, &upstreams), &self.grant.org, target, self.now_mono_ms()).map(|(best, _)| best)
            }
        };
        self.upstream.is_some()
    }

    /// An attempt at a target begins. Speeds are kept where there is a `choice`.
    pub(super) fn begin_turn(&mut self, target: &Arc<Target>, began_ms: i64, choice: bool) {
        let Some(upstream) = &self.upstream else { return };
        let shared = &self.worker.shared;
        let turn = shared.health.begin(target, pulse(shared, upstream), began_ms, choice);
        self.turn = Some(Attempting { turn, began_ms });
    }

    /// How a target stands for this request.
    pub(super) fn standing(&self, target: &Target) -> Standing {
        let shared = &self.worker.shared;
        let found = best((shared, &shared.upstreams.load()), &self.grant.org, target, self.now_mono_ms());
        found.map_or(Standing::In, |(_, standing)| standing)
    }

    /// Where the request's chance comes from.
    pub(super) fn seed(&self) -> u64 {
        let [.., a, b, c, d, e, f, g, h] = self.request;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}
