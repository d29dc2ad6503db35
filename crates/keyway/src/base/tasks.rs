//! Background tasks that shutdown waits for.

use std::future::Future;
use tokio::task::JoinSet;

/// A set of tasks on one runtime; dropping it aborts them.
#[derive(Default)]
pub struct Tasks(JoinSet<()>);

impl Tasks {
    /// Starts a task on the current runtime.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task);
    }

    /// Waits until every task has ended.
    pub async fn finish(&mut self) {
        while self.0.join_next().await.is_some() {}
    }
}
