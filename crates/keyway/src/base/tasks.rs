//! Background tasks that shutdown waits for.

use std::future::Future;
use tokio_util::task::TaskTracker;

/// A set of tasks. A finished task leaves nothing behind.
#[derive(Clone, Default)]
pub struct Tasks(TaskTracker);

impl Tasks {
    /// Starts a task on the current runtime.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task);
    }

    /// Starts a task on another runtime.
    pub fn spawn_on(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
        runtime: &tokio::runtime::Handle,
    ) {
        self.0.spawn_on(task, runtime);
    }

    /// Starts a task on the current thread's runtime.
    pub fn spawn_local(&self, task: impl Future<Output = ()> + 'static) {
        self.0.spawn_local(task);
    }

    /// Tasks that run.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Waits until every task has ended.
    pub async fn finish(&self) {
        self.0.close();
        self.0.wait().await;
    }
}
