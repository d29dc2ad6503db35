//! A streamed answer: a small machine that makes one event per poll, so nothing piles up
//! when the reader is slow.

use super::reply::{Reply, piece_end};
use super::wire::{self, Head};
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// Server-sent events of one answer. Choices take turns, word by word.
pub struct SandboxStream {
    head: Head,
    reply: Reply,
    include_usage: bool,
    /// Time before each word, milliseconds; 0 is none.
    word_ms: u64,
    step: Step,
    timer: Option<Pin<Box<Sleep>>>,
}

/// What comes next.
#[derive(Clone, Copy)]
enum Step {
    Open {
        choice: u32,
    },
    /// `at` is the byte of the text at which the word begins.
    Word {
        at: usize,
        choice: u32,
    },
    Finish {
        choice: u32,
    },
    Usage,
    Done,
    Ended,
}

impl SandboxStream {
    pub(super) fn new(head: Head, reply: Reply, include_usage: bool, word_ms: u64) -> Self {
        Self { head, reply, include_usage, word_ms, step: Step::Open { choice: 0 }, timer: None }
    }

    /// The next event, each in bytes of its own; `None` after `[DONE]`.
    /// A stream of `sandbox/slow` must be polled on a tokio runtime with time enabled.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let step = self.skip_empty_text();
        if let Step::Word { choice: 0, .. } = step
            && self.word_ms > 0
        {
            let wait = Duration::from_millis(self.word_ms);
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait)));
            ready!(timer.as_mut().poll(cx));
            self.timer = None;
        }
        let event = self.event(step);
        self.step = self.after(step);
        Poll::Ready(event.map(Bytes::from))
    }

    fn skip_empty_text(&self) -> Step {
        match self.step {
            Step::Word { at, choice: 0 } if at >= self.reply.said.text().len() => Step::Finish { choice: 0 },
            step => step,
        }
    }

    fn event(&self, step: Step) -> Option<Vec<u8>> {
        let (head, reply, usage) = (&self.head, &self.reply, self.include_usage);
        match step {
            Step::Open { choice } => Some(wire::open(head, reply, usage, choice)),
            Step::Word { at, choice } => {
                let (_, rest) = reply.said.text().split_at(at);
                Some(wire::piece(head, reply, usage, choice, &rest[..piece_end(rest)]))
            }
            Step::Finish { choice } => Some(wire::finish(head, reply, usage, choice)),
            Step::Usage => Some(wire::usage(head, reply)),
            Step::Done => Some(wire::done()),
            Step::Ended => None,
        }
    }

    fn after(&self, step: Step) -> Step {
        let last = |choice: u32| choice + 1 >= self.reply.choices;
        match step {
            Step::Open { choice } if last(choice) => Step::Word { at: 0, choice: 0 },
            Step::Open { choice } => Step::Open { choice: choice + 1 },
            Step::Word { at, choice } if last(choice) => {
                let (_, rest) = self.reply.said.text().split_at(at);
                Step::Word { at: at + piece_end(rest), choice: 0 }
            }
            Step::Word { at, choice } => Step::Word { at, choice: choice + 1 },
            Step::Finish { choice } if last(choice) && self.include_usage => Step::Usage,
            Step::Finish { choice } if last(choice) => Step::Done,
            Step::Finish { choice } => Step::Finish { choice: choice + 1 },
            Step::Usage => Step::Done,
            Step::Done | Step::Ended => Step::Ended,
        }
    }
}
