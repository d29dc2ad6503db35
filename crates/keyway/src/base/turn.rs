//! A task's turn: from one wait to the next. What is asked a dozen times in a turn is asked of the system once;
//! on a thread that says when it has slept, once for some turns that follow each other without a rest. And who
//! ends a turn only to let others go first says so, so that nobody prepares to wait.

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
    /// Turns that may still use what is known; 0 where each asks for itself.
    left: Cell<u8>,
    /// Turns that share what is known.
    share: Cell<u8>,
}

/// Turns that share a look at the clock while a thread does not sleep between them: a turn takes microseconds,
/// and what is told in milliseconds is as right as before.
const TURNS_PER_LOOK: u8 = 8;

impl Turn {
    fn forget(&self) {
        self.monotonic_ms.set(None);
        self.now_ms.set(None);
        self.left.set(self.share.get());
    }
}

thread_local! {
    static TURN: Turn = const {
        Turn {
            runs: Cell::new(false),
            again: Cell::new(false),
            monotonic_ms: Cell::new(None),
            now_ms: Cell::new(None),
            left: Cell::new(0),
            share: Cell::new(0),
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
        if !turn.runs.get() {
            return ask();
        }
        which(turn).get().filter(answers).unwrap_or_else(|| {
            let answer = ask();
            which(turn).set(Some(answer));
            answer
        })
    })
}

/// This thread calls [`woke`] whenever it has slept: turns may share what they ask.
pub fn share() {
    TURN.with(|turn| turn.share.set(TURNS_PER_LOOK - 1));
}

/// The thread has slept, or waited for a disk: what is known is old.
pub fn woke() {
    TURN.with(Turn::forget);
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
            match turn.left.get().checked_sub(1) {
                Some(left) => turn.left.set(left),
                None => turn.forget(),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[test]
    fn turns_share_what_is_known_until_the_thread_has_slept() {
        let asked = Cell::new(0);
        let look = || once(|turn| &turn.now_ms, |_| true, || i64::from(asked.replace(asked.get() + 1)));
        let take_turn = || {
            let mut task = Box::pin(Turns::of(async { look() }));
            match task.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) {
                Poll::Ready(seen) => seen,
                Poll::Pending => panic!("it waits for nothing"),
            }
        };
        assert_eq!((take_turn(), take_turn()), (0, 1), "each turn asks");
        share();
        woke();
        let seen: Vec<i64> = (0..=TURNS_PER_LOOK).map(|_| take_turn()).collect();
        assert_eq!(seen, [2, 2, 2, 2, 2, 2, 2, 2, 3]);
        assert_eq!(
            (look(), take_turn()),
            (4, 3),
            "who takes no turn asks each time, and takes nothing from those who do"
        );
        woke();
        assert_eq!(take_turn(), 5);
    }

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
