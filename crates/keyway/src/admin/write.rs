//! What every change by API has in common: rights as they are now, one transaction, an answer kept for
//! a repeated call, and obedience of this node before it answers.

use super::ask::{self, Caller};
use super::json;
use crate::access::act;
use crate::accounts::Acting;
use crate::base::fault::Doing;
use crate::base::{Code, Refusal, Trouble};
use crate::relay::obey::obey;
use crate::relay::{Inbound, Outbound, Shared};
use crate::sealing::master::hex;
use crate::store::Tx;
use crate::store::db::is_unique_violation;
use crate::store::idempotency::{self, Call};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A change that has begun.
pub struct Write<'a> {
    /// The act: transaction, actor, organisation.
    pub acting: Acting<'a>,
    shared: &'a Shared,
    kept: Option<Kept>,
}

/// What makes a repeated call the same call.
pub struct Kept {
    actor_id: String,
    path: String,
    key: String,
    body_hash: String,
}

/// How a change begins.
pub enum Begun<'a> {
    /// With a transaction.
    New(Box<Write<'a>>),
    /// It was made before: the answer it had.
    Earlier(Outbound),
}

/// Begins a change, or finds the answer of the same call made before.
///
/// # Errors
/// `idempotency_conflict` for another body under the same idempotency key, and why the caller's key is
/// good no longer.
pub async fn start<'a>(shared: &'a Shared, inbound: &Inbound, caller: &Caller) -> Result<Begun<'a>, Trouble> {
    let kept = Kept::of(inbound, &caller.grant.key, &caller.org)?;
    if let Some(kept) = &kept
        && let Some(answer) = kept.earlier(shared).await?
    {
        return Ok(Begun::Earlier(json::answer_once(answer)));
    }
    let acting = act::begin(&shared.at, &caller.grant, &caller.org, inbound.peer).await?;
    Ok(Begun::New(Box::new(Write { acting, shared, kept })))
}

/// Begins a change, or returns from the handler with the answer the same call had before.
macro_rules! begin {
    ($shared:expr, $inbound:expr, $caller:expr) => {
        match $crate::admin::write::start($shared, $inbound, $caller).await? {
            $crate::admin::write::Begun::Earlier(answer) => return Ok(answer),
            $crate::admin::write::Begun::New(write) => write,
        }
    };
}
pub(crate) use begin;

impl Kept {
    /// What a call brings of it; `None`: no call is the same.
    ///
    /// # Errors
    /// A refusal for an `Idempotency-Key` that is none.
    pub fn of(inbound: &Inbound, actor: &str, org: &str) -> Result<Option<Self>, Refusal> {
        Ok(ask::idempotency_key(inbound)?.map(|key| Self {
            actor_id: actor.to_owned(),
            path: format!("{org} {}", canonical(inbound)),
            key: key.to_owned(),
            body_hash: hex(&Sha256::digest(&inbound.body)),
        }))
    }

    /// The answer of the same call made before.
    ///
    /// # Errors
    /// `idempotency_conflict` for another body under the same key.
    pub async fn earlier(&self, shared: &Shared) -> Result<Option<String>, Trouble> {
        match idempotency::find(&shared.at.db, &self.call(), shared.at.clock.now_ms()).await? {
            None => Ok(None),
            Some((body, answer)) if body == self.body_hash => Ok(Some(answer)),
            Some(_) => Err(Refusal::new(
                Code::IdempotencyConflict,
                "This Idempotency-Key was used with another body. Use a new one for a new call.",
            )
            .into()),
        }
    }

    /// Keeps an answer for a repeated call, in the transaction of what it answers.
    ///
    /// # Errors
    /// `conflict` when the same call is being answered meanwhile.
    pub async fn keep(&self, tx: &mut Tx, answer: &str, now_ms: i64) -> Result<(), Trouble> {
        match idempotency::keep(tx, &self.call(), answer, now_ms).await {
            Err(error) if is_unique_violation(&error) => Err(Refusal::new(
                Code::Conflict,
                "A call with this Idempotency-Key is still running. Repeat it in a moment.",
            )
            .into()),
            kept => Ok(kept.doing("keeping the answer for a repeated call")?),
        }
    }

    fn call(&self) -> Call<'_> {
        Call { actor_id: &self.actor_id, path: &self.path, key: &self.key, body_hash: &self.body_hash }
    }
}

impl Write<'_> {
    /// Makes it so and answers with an object.
    ///
    /// # Errors
    /// When the database cannot be used: then nothing has happened.
    pub async fn finish(self, object: &impl Serialize) -> Result<Outbound, Trouble> {
        let text = json::text(object)?;
        let kept = text.clone();
        self.end(&kept).await?;
        Ok(json::whole(text))
    }

    /// Makes it so and answers with a text that holds a secret; a repeated call hears `again`.
    ///
    /// # Errors
    /// As [`Write::finish`].
    pub async fn finish_once(self, text: String, again: &str) -> Result<Outbound, Trouble> {
        self.end(again).await?;
        Ok(json::answer_once(text))
    }

    /// Makes it so; a repeated call hears `answer`.
    ///
    /// # Errors
    /// As [`Write::finish`].
    pub async fn end(mut self, answer: &str) -> Result<(), Trouble> {
        if let Some(kept) = &self.kept {
            let now_ms = self.acting.now_ms;
            kept.keep(&mut self.acting.tx, answer, now_ms).await?;
        }
        let changes = self.acting.commit().await?;
        obey(self.shared, &changes).await;
        Ok(())
    }
}

/// The route's path with its placeholders filled: one path, however it was written.
fn canonical(inbound: &Inbound) -> String {
    let mut params = inbound.params.iter();
    let parts = inbound.route.path.split('/').map(|part| match part.starts_with('{') {
        true => params.next().map_or("", String::as_str),
        false => part,
    });
    parts.collect::<Vec<_>>().join("/")
}
