//! The way from a worker to the database and back: workers never await the database themselves.

use super::cache::{KeyCache, Known, Wanted};
use super::verify::out_of_sync;
use crate::base::tasks::Tasks;
use crate::base::{Code, Refusal, Trouble};
use crate::sealing::Digest;
use crate::store::Db;
use crate::store::db::ANSWER_WAIT;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Questions that wait at most; more are refused.
const QUESTIONS_MAX: usize = 1024;
/// Questions asked of the database at a time.
const ASKED_AT_ONCE_MAX: usize = 4;

struct Question {
    wanted: Wanted,
    digest: Digest,
    answer: oneshot::Sender<Option<Known>>,
}

/// Where workers ask.
#[derive(Clone)]
pub struct Lookup(mpsc::Sender<Question>);

impl Lookup {
    /// Asks the database what is known of a key.
    ///
    /// # Errors
    /// `overloaded` when too many ask, or when the database cannot be asked.
    pub async fn ask(&self, wanted: Wanted, digest: Digest) -> Result<Known, Trouble> {
        let (answer, answered) = oneshot::channel();
        let question = Question { wanted, digest, answer };
        self.0.try_send(question).map_err(|_| {
            Refusal::new(Code::Overloaded, "Too many keys are being looked up. Try again shortly.")
        })?;
        match answered.await {
            Ok(Some(known)) => Ok(known),
            _ => Err(out_of_sync().into()),
        }
    }
}

/// Starts answering, on the control runtime.
#[must_use]
pub fn start(tasks: &Tasks, runtime: &tokio::runtime::Handle, db: Db, cache: Arc<KeyCache>) -> Lookup {
    let (sender, mut questions) = mpsc::channel::<Question>(QUESTIONS_MAX);
    let inner = tasks.clone();
    let answering = async move {
        let places = Arc::new(Semaphore::new(ASKED_AT_ONCE_MAX));
        while let Some(question) = questions.recv().await {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let (db, cache) = (db.clone(), Arc::clone(&cache));
            inner.spawn(async move {
                let filling = Box::pin(cache.fill(&db, &question.wanted, &question.digest));
                let known = db.within(ANSWER_WAIT, filling).await;
                if let Err(fault) = &known {
                    tracing::warn!(%fault, "looking a key up failed");
                }
                // The asker may have left.
                let _ = question.answer.send(known.ok());
                drop(place);
            });
        }
    };
    tasks.spawn_on(answering, runtime);
    Lookup(sender)
}
