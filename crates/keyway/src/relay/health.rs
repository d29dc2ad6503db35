//! How a request looks at the health of providers, and what routing is told of it.

use super::context::Shared;
use super::story::Story;
use super::tried::Attempting;
use crate::access::Grant;
use crate::catalog::Target;
use crate::routing::health::Standing;
use crate::routing::order::Seen;
use std::sync::Arc;

/// The id of the one credential of a provider that comes from configuration or environment.
pub const CONFIG_CREDENTIAL: &str = "config";

/// How a target does for requests of a key.
#[must_use]
pub fn look(shared: &Shared, _grant: &Grant, target: &Target, stream: bool) -> Seen {
    let now_ms = shared.at.clock.monotonic_ms();
    let speed = shared.health.speed(target);
    Seen {
        standing: shared.health.pulse(&target.provider.name, CONFIG_CREDENTIAL).standing(now_ms),
        expected_ms: speed.expected_ms(stream, now_ms),
        waiting: speed.waiting(),
    }
}

impl Story {
    /// An attempt at a target begins. Speeds are kept where there is a `choice`.
    pub(super) fn begin_turn(&mut self, target: &Arc<Target>, began_ms: i64, choice: bool) {
        let turn = self.worker.shared.health.begin(target, CONFIG_CREDENTIAL, began_ms, choice);
        self.turn = Some(Attempting { turn, began_ms });
    }

    /// How a target stands for this request.
    pub(super) fn standing(&self, target: &Target) -> Standing {
        let pulse = self.worker.shared.health.pulse(&target.provider.name, CONFIG_CREDENTIAL);
        pulse.standing(self.now_mono_ms())
    }

    /// Where the request's chance comes from.
    pub(super) fn seed(&self) -> u64 {
        let [.., a, b, c, d, e, f, g, h] = self.request;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}
