//! Sends what waits in the outbox. Every node looks; a message is claimed in the database before it is
//! sent, so that one node sends it. A node that ends in between leaves its claim to run out, and the next
//! one sends the message again under the same id, by which its receiver can tell.

use super::JOB_WAIT;
use crate::base::Fault;
use crate::relay::Shared;
use crate::store::outbox::{self, Message};
use crate::watch::send::{self, Outside, TRY_MS_MAX};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;

/// Time between two looks.
const POLL: Duration = Duration::from_secs(1);
/// A claim outlasts a try, so that nobody sends what is being sent.
const CLAIM_MS: i64 = 2 * TRY_MS_MAX as i64;
/// Messages being sent at a time.
const SENDING_MAX: usize = 32;

/// Sends for as long as the process runs.
pub async fn keep_sending(shared: Arc<Shared>) {
    let mut failing = false;
    let mut released = false;
    // What is being sent, by id: a clock that steps makes no claim of this process run out.
    let mut running: HashMap<tokio::task::Id, String> = HashMap::new();
    let mut tries: JoinSet<()> = JoinSet::new();
    loop {
        while let Some(done) = tries.try_join_next_with_id() {
            let id = match done {
                Ok((id, ())) => id,
                Err(error) => error.id(),
            };
            running.remove(&id);
        }
        if !shared.draining.load(Ordering::Relaxed) {
            let round = round(&shared, &mut released, &running);
            match shared.at.db.within(JOB_WAIT, round).await {
                Ok(claimed) => {
                    failing = false;
                    for message in claimed {
                        let (shared, id) = (Arc::clone(&shared), message.id.clone());
                        let task = tries.spawn(async move { try_once(&shared, &message).await });
                        running.insert(task.id(), id);
                    }
                }
                Err(fault) if !failing => {
                    tracing::warn!(%fault, "messages wait: the outbox cannot be read");
                    failing = true;
                }
                Err(_) => {}
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn round(
    shared: &Shared,
    released: &mut bool,
    running: &HashMap<tokio::task::Id, String>,
) -> Result<Vec<Message>, Fault> {
    let at = &shared.at;
    if !*released {
        outbox::release_earlier(&at.db, &shared.node.boot).await?;
        *released = true;
    }
    let room = i64::try_from(SENDING_MAX.saturating_sub(running.len())).unwrap_or(0);
    if room == 0 {
        return Ok(Vec::new());
    }
    let mut claimed = outbox::claim(&at.db, &at.clock, &shared.node.boot, CLAIM_MS, room).await?;
    claimed.retain(|message| !running.values().any(|id| *id == message.id));
    Ok(claimed)
}

async fn try_once(shared: &Shared, message: &Message) {
    let outside = Outside {
        db: &shared.at.db,
        clock: &shared.at.clock,
        master: &shared.at.master,
        egress: &shared.egress,
        mail: &shared.desk.mail,
        public_url: &shared.desk.public_url,
    };
    let tried = send::send(&outside, message).await;
    if let outbox::Tried::Later(_, why) | outbox::Tried::Failed(why) = &tried {
        tracing::warn!(message = message.id, channel = message.channel, why, "a message was not sent");
    }
    let settling = outbox::settle(&shared.at.db, &shared.at.clock, &shared.node.boot, message, &tried);
    if let Err(fault) = shared.at.db.within(JOB_WAIT, settling).await {
        tracing::warn!(%fault, message = message.id, "what became of a message was not noted");
    }
}
