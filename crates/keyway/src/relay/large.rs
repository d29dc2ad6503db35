//! An answer too large to be read whole: it goes out as it comes, the last piece after the books.

use super::exchange::{CutOff, Frames};
use super::source::Source;
use super::story::{Ended, Story};
use crate::base::Code;
use bytes::Bytes;
use ledger::entry::UsageOrigin;
use std::task::{Context, Poll, ready};

/// The body of such an answer. Its usage is counted, not read: it is never in memory as a whole.
pub struct Large {
    story: Box<Story>,
    source: Source,
    /// Read, and not yet passed on.
    held: Option<Bytes>,
    status: u16,
}

impl Large {
    /// Goes on where reading whole stopped.
    pub fn new(mut story: Box<Story>, first: Bytes, source: Source, status: u16) -> Self {
        story.progress(first.len());
        Self { story, source, held: Some(first), status }
    }

    fn end(&mut self, status: u16, code: &'static str) {
        let usage = self.story.estimate();
        self.story.end(&Ended { status, code, usage, origin: UsageOrigin::Estimated });
    }
}

impl Frames for Large {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        if let Poll::Ready(refusal) = self.story.poll_cut(cx) {
            self.end(refusal.status(), refusal.code.text());
            return Poll::Ready(Some(Err(CutOff)));
        }
        match ready!(self.source.poll_chunk(cx)) {
            Some(Ok(bytes)) => {
                self.story.progress(bytes.len());
                Poll::Ready(self.held.replace(bytes).map(Ok))
            }
            Some(Err(_)) => {
                self.end(Code::UpstreamError.status(), Code::UpstreamError.text());
                Poll::Ready(Some(Err(CutOff)))
            }
            None => {
                if self.held.is_some() {
                    self.end(self.status, "");
                }
                Poll::Ready(self.held.take().map(Ok))
            }
        }
    }
}
