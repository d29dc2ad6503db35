//! The way of states to the database and back: workers never await the database themselves.

use crate::base::tasks::Tasks;
use crate::base::{Clock, Fault};
use crate::store::Db;
use crate::store::db::ANSWER_WAIT;
use crate::store::reasoning::{self, StateRow};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// States that wait to be written; more are kept in memory alone.
const WRITES_MAX: usize = 128;
/// States written in one transaction.
const BATCH_MAX: usize = 32;
/// Questions that wait; more are not asked.
const QUESTIONS_MAX: usize = 256;
/// How long a request waits for the database before it does without.
const WAIT: Duration = Duration::from_millis(500);

struct Question {
    names: Vec<String>,
    answer: oneshot::Sender<Vec<Option<StateRow>>>,
}

enum Write {
    Row(StateRow),
    /// Says when everything before it has been written.
    Told(oneshot::Sender<()>),
}

/// Where workers write and ask.
pub(super) struct Desk {
    writes: mpsc::Sender<Write>,
    questions: mpsc::Sender<Question>,
}

impl Desk {
    pub(super) fn start(tasks: &Tasks, runtime: &tokio::runtime::Handle, db: Db, clock: Clock) -> Self {
        let (writes, waiting) = mpsc::channel(WRITES_MAX);
        let (questions, asked) = mpsc::channel(QUESTIONS_MAX);
        tasks.spawn_on(write_all(db.clone(), waiting), runtime);
        tasks.spawn_on(answer_all(db, clock, asked), runtime);
        Self { writes, questions }
    }

    /// Writes a state soon, or not at all when too many wait.
    pub(super) fn write(&self, row: StateRow) {
        if self.writes.try_send(Write::Row(row)).is_err() {
            tracing::debug!("too many states of reasoning wait to be written; one stays in memory alone");
        }
    }

    /// Waits until what was to be written has been.
    pub(super) async fn flush(&self) {
        let (told, done) = oneshot::channel();
        if self.writes.send(Write::Told(told)).await.is_ok() {
            let _ = tokio::time::timeout(WAIT, done).await;
        }
    }

    /// The states of these names, in their order; as good as none when the database does not answer soon.
    pub(super) async fn ask(&self, names: Vec<String>) -> Vec<Option<StateRow>> {
        let (answer, answered) = oneshot::channel();
        if self.questions.try_send(Question { names, answer }).is_err() {
            return Vec::new();
        }
        match tokio::time::timeout(WAIT, answered).await {
            Ok(Ok(rows)) => rows,
            _ => Vec::new(),
        }
    }
}

async fn write_all(db: Db, mut waiting: mpsc::Receiver<Write>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let (mut rows, mut told) = (Vec::new(), Vec::new());
        for write in batch.drain(..) {
            match write {
                Write::Row(row) => rows.push(row),
                Write::Told(asker) => told.push(asker),
            }
        }
        if !rows.is_empty()
            && let Err(fault) = db.within(ANSWER_WAIT, reasoning::put(&db, &rows)).await
        {
            tracing::warn!(%fault, "states of reasoning were not written");
        }
        for asker in told {
            // It may have left.
            let _ = asker.send(());
        }
    }
}

async fn answer_all(db: Db, clock: Clock, mut asked: mpsc::Receiver<Question>) {
    while let Some(question) = asked.recv().await {
        if question.answer.is_closed() {
            continue;
        }
        match db.within(ANSWER_WAIT, read(&db, &question.names, clock.now_ms())).await {
            // The asker may have left.
            Ok(rows) => drop(question.answer.send(rows)),
            Err(fault) => tracing::debug!(%fault, "states of reasoning could not be looked up"),
        }
    }
}

async fn read(db: &Db, names: &[String], now_ms: i64) -> Result<Vec<Option<StateRow>>, Fault> {
    let mut conn = db.connection().await?;
    let mut rows = Vec::with_capacity(names.len());
    for name in names {
        rows.push(reasoning::by_name(&mut conn, name, now_ms).await?);
    }
    Ok(rows)
}
