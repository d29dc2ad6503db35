//! Members of a request that are one value: kept as they were written, named by each dialect in a
//! table, so that what a dialect has no name for is lost by name and not in silence.

use super::losses::{Losses, Reason};
use crate::json::{Members, Out};
use std::borrow::Cow;

/// What is one value in every dialect that has it. The comment says what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knob {
    /// Number, from 0.
    Temperature,
    /// Number, 0 to 1.
    TopP,
    /// Whole number.
    TopK,
    /// Number, -2 to 2.
    FrequencyPenalty,
    /// Number, -2 to 2.
    PresencePenalty,
    /// Whole number.
    Seed,
    /// Number of answers, from 1.
    N,
    /// `true`: the answer's tokens come with their probabilities.
    Logprobs,
    /// How many alternatives of each.
    TopLogprobs,
    /// Object: token id to bias.
    LogitBias,
    /// String: `auto`, `default`, `flex`, `priority`.
    ServiceTier,
    /// String: `low`, `medium`, `high`.
    Verbosity,
    /// `true`: the provider may keep the answer.
    Store,
    /// Object of strings, for the caller's own lists.
    Metadata,
    /// String: requests with the same one share a cache.
    PromptCacheKey,
}

const KNOBS: usize = Knob::PromptCacheKey as usize + 1;

/// All knobs with their canonical names, which are those losses are told by.
pub const NAMES: [(Knob, &str); KNOBS] = [
    (Knob::Temperature, "temperature"),
    (Knob::TopP, "top_p"),
    (Knob::TopK, "top_k"),
    (Knob::FrequencyPenalty, "frequency_penalty"),
    (Knob::PresencePenalty, "presence_penalty"),
    (Knob::Seed, "seed"),
    (Knob::N, "n"),
    (Knob::Logprobs, "logprobs"),
    (Knob::TopLogprobs, "top_logprobs"),
    (Knob::LogitBias, "logit_bias"),
    (Knob::ServiceTier, "service_tier"),
    (Knob::Verbosity, "verbosity"),
    (Knob::Store, "store"),
    (Knob::Metadata, "metadata"),
    (Knob::PromptCacheKey, "prompt_cache_key"),
];

/// A dialect's names of the knobs it has.
pub type Named = &'static [(Knob, &'static str)];

/// Values as JSON text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Knobs<'a>([Option<Cow<'a, str>>; KNOBS]);

impl<'a> Knobs<'a> {
    /// A value as JSON text.
    #[must_use]
    pub fn get(&self, knob: Knob) -> Option<&str> {
        self.0.get(knob as usize)?.as_deref()
    }

    /// Sets a value, given as JSON text; `None` takes it away.
    pub fn set(&mut self, knob: Knob, json: Option<Cow<'a, str>>) {
        if let Some(place) = self.0.get_mut(knob as usize) {
            *place = json;
        }
    }

    /// Takes out of `members` what `named` has names for.
    pub fn take(&mut self, members: &mut Members<'a>, named: Named) {
        for (knob, name) in named {
            if let Some(node) = members.take(name) {
                self.set(*knob, Some(Cow::Borrowed(node.raw())));
            }
        }
    }

    /// Writes as members what `named` has names for. The rest is lost, unless it says nothing
    /// ([`Knobs::idle`]).
    pub fn put(&self, out: &mut Out, named: Named, losses: &mut Losses) {
        for (knob, canonical) in NAMES {
            let Some(json) = self.get(knob) else {
                continue;
            };
            match named.iter().find(|(known, _)| *known == knob) {
                Some((_, name)) => out.key(name).raw(json),
                None if !self.idle(knob) => losses.note(canonical, Reason::Unsupported),
                None => {}
            }
        }
    }

    /// Whether a value says what is so anyway.
    #[must_use]
    pub fn idle(&self, knob: Knob) -> bool {
        match (knob, self.get(knob)) {
            (_, None) | (Knob::N, Some("1")) => true,
            (Knob::Logprobs | Knob::Store, Some(value)) => value == "false",
            (Knob::FrequencyPenalty | Knob::PresencePenalty | Knob::TopLogprobs, Some(value)) => {
                value.parse() == Ok(0.0)
            }
            (Knob::ServiceTier, Some(value)) => matches!(value, "\"auto\"" | "\"default\""),
            (Knob::LogitBias | Knob::Metadata, Some(value)) => value == "{}",
            _ => false,
        }
    }
}
