//! One block after the other, for dialects that cannot interleave them: the earliest block that is
//! open streams, what belongs to later ones waits until it is closed.

use crate::event::Event;
use std::collections::VecDeque;

/// Puts the events of the first choice in an order without open blocks side by side. Other choices
/// are left out: a dialect that has one block at a time has one choice too.
#[derive(Debug, Default)]
pub struct Sequence {
    /// The block that streams.
    open: Option<u32>,
    /// Later ones, in the order they began. Bounded by the answer, as every encoder of whole
    /// blocks is.
    waiting: VecDeque<(u32, Vec<Event<'static>>)>,
}

impl Sequence {
    /// Takes the next event and gives what can go out now.
    pub fn push<'a>(&mut self, event: Event<'a>, mut give: impl FnMut(Event<'a>)) {
        let (choice, block) = match &event {
            Event::Open { choice, block, .. }
            | Event::Delta { choice, block, .. }
            | Event::Signature { choice, block, .. }
            | Event::Citation { choice, block, .. }
            | Event::Close { choice, block } => (*choice, *block),
            Event::Stop { choice, .. } if *choice != 0 => return,
            Event::Start { .. } | Event::Usage(_) | Event::Stop { .. } | Event::Failed(_) => {
                return give(event);
            }
        };
        if choice != 0 {
            return;
        }
        if self.open.is_none() && matches!(event, Event::Open { .. }) {
            self.open = Some(block);
        }
        if self.open == Some(block) {
            let closed = matches!(event, Event::Close { .. });
            give(event);
            if closed {
                self.open = None;
                self.release(give);
            }
            return;
        }
        match self.waiting.iter_mut().find(|(known, _)| *known == block) {
            Some((_, events)) => events.push(event.kept()),
            None if matches!(event, Event::Open { .. }) => {
                self.waiting.push_back((block, vec![event.kept()]));
            }
            None => {}
        }
    }

    /// Gives what has waited, up to the first block that is still open.
    fn release<'a>(&mut self, mut give: impl FnMut(Event<'a>)) {
        while let Some((block, events)) = self.waiting.pop_front() {
            let closed = matches!(events.last(), Some(Event::Close { .. }));
            events.into_iter().for_each(&mut give);
            if !closed {
                self.open = Some(block);
                return;
            }
        }
    }
}
