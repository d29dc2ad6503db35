//! A task's turn: from one wait to the next. What is asked a dozen times in a turn is asked of the system once,
//! and who ends a turn only to let others go first says so, so that nobody prepares to wait.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// What is known in the turn that runs on this thread.
pub(super) struct Turn {
    runs: Cell<bool>,
    again: Cell<bool>,
    /// The monotonic time of a clock, by its beginning.
    pub(super) monotonic_ms: Cell<Option<(Instant, i64)>>,
    pub(super) now_ms: Cell<Option<i64>>,
}

thread_local! {
    static TURN: Turn = const {
        Turn {
            runs: Cell::new(false),
            again: Cell::new(false),
            monotonic_ms: Cell::new(None),
            now_ms: Cell::new(None),
        }
    };
}

/// Asks once per turn, unless what is known is no answer here; each time where no turn runs.
pub(super) fn once<T: Copy>(
    which: impl Fn(&Turn) -> &Cell<Option<T>>,
    answers: impl Fn(&T) -> bool,
    ask: impl FnOnce() -> T,
) -> T {
    TURN.with(|turn| {
        which(turn).get().filter(answers).unwrap_or_else(|| {
            let answer = ask();
            which(turn).set(turn.runs.get().then_some(answer));
            answer
        })
    })
}

/// Lets the tasks go first that are ready now: to be followed by `Pending`, the next turn comes after theirs.
pub fn again(cx: &Context<'_>) {
    TURN.with(|turn| turn.again.set(turn.runs.get()));
    cx.waker().wake_by_ref();
}

/// Whether this turn ends by [`again`], so that there is nothing to wait for.
#[must_use]
pub fn goes_again() -> bool {
    TURN.with(|turn| turn.again.get())
}

/// A task that takes turns. Time stands still in each: not for what computes for long without waiting.
pub struct Turns<F>(Pin<Box<F>>);

impl<F: Future> Turns<F> {
    /// Lets a task take turns.
    pub fn of(task: F) -> Self {
        Self(Box::pin(task))
    }
}

impl<F: Future> Future for Turns<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        TURN.with(|turn| turn.runs.set(true));
        let _end = End;
        self.0.as_mut().poll(cx)
    }
}

/// Ends the turn when dropped, however that comes.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        TURN.with(|turn| {
            turn.runs.set(false);
            turn.again.set(false);
            turn.monotonic_ms.set(None);
            turn.now_ms.set(None);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test]
    async fn whoever_goes_again_is_known_to_within_the_turn_only() {
        Turns::of(async {
            let mut went = false;
            poll_fn(|cx| {
                assert!(!goes_again());
                if std::mem::replace(&mut went, true) {
                    return Poll::Ready(());
                }
                again(cx);
                assert!(goes_again());
                Poll::Pending
            })
            .await;
        })
        .await;
        poll_fn(|cx| {
            again(cx);
            assert!(!goes_again());
            Poll::Ready(())
        })
        .await;
    }
}
