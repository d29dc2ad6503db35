//! Which candidate of a plan is asked next, and whether any is: attempts are few, retries are a small part
//! of what runs, and there is an end to waiting.

use super::attempt::{Failed, not_here};
use super::story::Story;
use super::tried::Retrying;
use crate::base::{Refusal, Trouble};
use crate::catalog::Target;
use crate::providers::health::Standing;
use crate::routing::dice::Dice;
use crate::routing::plan::STEPS_MAX;
use crate::routing::{Class, Plan};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Retries at a time on a worker: this share of the requests that run there, percent.
pub const RETRIES_PERCENT_MAX: u32 = 20;
/// Retries at a time that a worker allows however little runs there.
pub const RETRIES_MIN: u32 = 3;
/// Longest first wait before candidates are asked once more, milliseconds; doubled each time.
pub const BACKOFF_MS_MIN: u64 = 100;
/// Longest wait before candidates are asked once more, milliseconds; who is told to wait longer does it
/// himself.
pub const BACKOFF_MS_MAX: u64 = 2_000;

/// How often and how long one request may be tried.
#[derive(Debug, Clone, Copy)]
pub struct AttemptLimits {
    /// Attempts that may reach somebody, where there are several candidates.
    pub several_max: u32,
    /// Attempts where there is one.
    pub alone_max: u32,
    /// From reading the request to the last moment at which an answer may begin, milliseconds.
    pub total_ms: u64,
}

/// The attempts of one request.
pub struct Tries<'p> {
    plan: &'p Plan,
    /// Who is not asked again: a bit each, for a plan is shorter than that.
    spent: u32,
    at: usize,
    round: u32,
    /// Attempts that may have reached somebody.
    made: u32,
    deadline_mono_ms: i64,
    dice: Dice,
    last: Option<Failed>,
    retrying: Option<Retrying>,
}

impl<'p> Tries<'p> {
    /// All that a plan allows.
    #[must_use]
    pub fn new(story: &Story, plan: &'p Plan) -> Self {
        let total_ms = i64::try_from(story.worker.shared.attempts.total_ms).unwrap_or(i64::MAX);
        Self {
            plan,
            spent: 0,
            at: 0,
            round: 0,
            made: 0,
            deadline_mono_ms: story.started_mono_ms.saturating_add(total_ms),
            dice: Dice::of(story.seed()),
            last: None,
            retrying: None,
        }
    }

    /// Who is asked next; `None`: nobody any more.
    ///
    /// # Errors
    /// The request has to end.
    pub async fn next(&mut self, story: &mut Story) -> Result<Option<Arc<Target>>, Trouble> {
        if self.made > 0 || self.round > 0 {
            let over = self.last.as_ref().is_some_and(|failed| failed.class.is_none_or(|it| !it.may_go_on()));
            if over || self.made >= self.most(story) || story.now_mono_ms() >= self.deadline_mono_ms {
                return Ok(None);
            }
        }
        loop {
            while let Some(target) = self.plan.candidate(self.at) {
                self.at += 1;
                if self.is_spent(self.at - 1) || self.is_better_later(story, target) {
                    continue;
                }
                if self.made > 0 && !self.may_retry(story) {
                    return Ok(None);
                }
                if self.made > 0 {
                    story.start_over();
                }
                return Ok(Some(Arc::clone(target)));
            }
            if !self.begin_round(story).await? {
                return Ok(None);
            }
        }
    }

    /// Whether somebody may be asked after the one who is asked now.
    #[must_use]
    pub fn may_go_on(&self, story: &Story) -> bool {
        let more = || (self.at..self.plan.len()).any(|at| !self.is_spent(at));
        self.made + 1 < self.most(story) && (self.plan.len() == 1 || more())
    }

    /// How long the answer to an attempt that begins now may take to begin, milliseconds.
    #[must_use]
    pub fn left_ms(&self, now_mono_ms: i64) -> u64 {
        u64::try_from(self.deadline_mono_ms.saturating_sub(now_mono_ms)).unwrap_or(0).max(1)
    }

    /// The candidate could not be asked at all.
    pub fn passed(&mut self, refusal: Refusal) {
        self.spend();
        self.last.get_or_insert(Failed { refusal, class: Some(Class::Elsewhere), used: None });
    }

    /// The candidate was not reached: that costs no attempt.
    pub fn unreached(&mut self, failed: Failed) {
        self.last = Some(failed);
    }

    /// Whether somebody else, or the same with something else, could be asked.
    #[must_use]
    pub fn is_choice(&self, story: &Story) -> bool {
        self.plan.len() > 1 || story.several_credentials
    }

    /// Attempts that may reach somebody.
    fn most(&self, story: &Story) -> u32 {
        let limits = &story.worker.shared.attempts;
        if self.is_choice(story) { limits.several_max } else { limits.alone_max }
    }

    /// The candidate failed. Where it has another credential that is well, it is asked with that.
    pub fn failed(&mut self, story: &Story, failed: Failed) {
        self.made += 1;
        let target = self.at.checked_sub(1).and_then(|at| self.plan.candidate(at));
        let of_credential = matches!(failed.class, Some(Class::Credential | Class::Capacity));
        if of_credential && target.is_some_and(|target| is_asked(story.standing(target))) {
            self.at -= 1;
        } else if !matches!(failed.class, Some(Class::Retryable | Class::Capacity)) {
            self.spend();
        }
        self.last = Some(failed);
    }

    /// How the request ends when nobody is left.
    #[must_use]
    pub fn into_last(self, model: &str) -> Failed {
        self.last.unwrap_or_else(|| Failed { refusal: not_here(model), class: None, used: None })
    }

    /// How the request ends that got into trouble on its way to somebody: as the attempt before it did, if
    /// all that is wrong is that the next one cannot be had.
    ///
    /// # Errors
    /// The trouble.
    pub fn into_over(self, trouble: Trouble) -> Result<Failed, Trouble> {
        match (trouble, self.last) {
            (Trouble::Refusal(refusal), Some(failed)) if self.made > 0 && is_about_money(&refusal) => {
                Ok(failed)
            }
            (trouble, _) => Err(trouble),
        }
    }

    fn spend(&mut self) {
        self.spent |= self.at.checked_sub(1).map_or(0, bit);
    }

    fn is_spent(&self, at: usize) -> bool {
        self.spent & bit(at) != 0
    }

    /// Whether a candidate should be passed over for a later one: it was well when the request was planned,
    /// and is not any more.
    fn is_better_later(&self, story: &Story, target: &Target) -> bool {
        if self.at == 1 && self.round == 0 || self.plan.len() == 1 {
            return false;
        }
        let is_well = |target: &Target| is_asked(story.standing(target));
        let mut later = self.plan.candidates().enumerate().skip(self.at);
        !is_well(target) && later.any(|(at, later)| !self.is_spent(at) && is_well(later))
    }

    /// Takes a place among the retries.
    fn may_retry(&mut self, story: &Story) -> bool {
        if self.retrying.is_none() {
            let running = u32::try_from(story.worker.running.len()).unwrap_or(u32::MAX);
            let most = (running / (100 / RETRIES_PERCENT_MAX)).max(RETRIES_MIN);
            self.retrying = Retrying::enter(&story.worker.retrying, most);
        }
        self.retrying.is_some()
    }

    /// Begins again with those who may do better later, after a wait of random length. Says whether there
    /// is anybody.
    async fn begin_round(&mut self, story: &mut Story) -> Result<bool, Trouble> {
        let longest = BACKOFF_MS_MAX.min(BACKOFF_MS_MIN << self.round.min(16));
        self.round += 1;
        let told_ms = self.last.as_ref().and_then(|failed| failed.refusal.retry_after_ms).unwrap_or(0);
        let wait_ms = told_ms.max(self.dice.below(longest + 1));
        let too_late =
            i64::try_from(wait_ms).unwrap_or(i64::MAX) >= self.deadline_mono_ms - story.now_mono_ms();
        let nobody = (0..self.plan.len()).all(|at| self.is_spent(at)) || self.last.is_none();
        let most = self.most(story);
        if nobody || most < 2 || self.round >= most || told_ms > BACKOFF_MS_MAX || too_late {
            return Ok(false);
        }
        self.at = 0;
        let wait = pin!(tokio::time::sleep(Duration::from_millis(wait_ms)));
        story.unless_cut(wait).await?;
        Ok(true)
    }
}

/// A candidate's bit.
fn bit(at: usize) -> u32 {
    const { assert!(STEPS_MAX <= 32) };
    u32::try_from(at).ok().and_then(|at| 1_u32.checked_shl(at)).unwrap_or(0)
}

fn is_asked(standing: Standing) -> bool {
    matches!(standing, Standing::In | Standing::Due(_))
}

/// Whether a refusal says no more than that there is no money, or no room in limits, for one attempt more.
fn is_about_money(refusal: &Refusal) -> bool {
    use crate::base::Code::{
        BudgetReserved, ConcurrencyExceeded, InsufficientBalance, InsufficientQuota, RateLimitExceeded,
        UnpriceableForHardBudget,
    };
    matches!(
        refusal.code,
        BudgetReserved
            | ConcurrencyExceeded
            | InsufficientBalance
            | InsufficientQuota
            | RateLimitExceeded
            | UnpriceableForHardBudget
    )
}
