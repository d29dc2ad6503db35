//! One request written and one response head read, by the task that asks.

use super::head::{Head, HeadReader};
use super::limits::JOIN_BYTES_MAX;
use super::wire::Wire;
use super::{Failure, Limits};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use zeroize::Zeroize;

/// A request as bytes, in the order they are written. What is large is not copied, and a copied credential is wiped.
pub(super) struct Outgoing<'a> {
    pub head: &'a [u8],
    pub tail: &'a [u8],
    pub body: &'a [u8],
    /// The answer will have no body (HEAD).
    pub no_body: bool,
}

impl Outgoing<'_> {
    /// What is left after `sent` bytes; all empty at the end.
    fn rest(&self, mut sent: usize) -> [IoSlice<'_>; 3] {
        [self.head, self.tail, self.body].map(|part| {
            let skip = sent.min(part.len());
            sent -= skip;
            IoSlice::new(&part[skip..])
        })
    }

    fn len(&self) -> usize {
        self.head.len() + self.tail.len() + self.body.len()
    }

    /// Writes some of what is left after `sent` bytes. What is small is put into one piece: to copy it costs less than
    /// to have the kernel gather it.
    fn poll_write(&self, wire: &mut Wire, cx: &mut Context<'_>, sent: usize) -> Poll<io::Result<usize>> {
        if sent > 0 || self.len() > JOIN_BYTES_MAX {
            return wire.poll_write(cx, &self.rest(sent));
        }
        let mut joined = [0; JOIN_BYTES_MAX];
        let mut filled = 0;
        for part in [self.head, self.tail, self.body] {
            joined[filled..filled + part.len()].copy_from_slice(part);
            filled += part.len();
        }
        let written = wire.poll_write(cx, &[IoSlice::new(&joined[..filled])]);
        joined[self.head.len()..][..self.tail.len()].zeroize();
        written
    }
}

/// How writing ended.
enum Written {
    Whole,
    /// The provider stopped taking the request; it may have said why.
    Cut,
    /// The provider answered before it had the whole request.
    Answered(Box<Head>),
}

/// Writes the request and reads the head of its answer. After a failure the connection is of no use.
pub(super) async fn exchange(wire: &mut Wire, out: &Outgoing<'_>, limits: &Limits) -> Result<Head, Failure> {
    let mut reader = HeadReader::default();
    let mut sent = 0;
    wire.begin();
    let written = poll_fn(|cx| {
        let step = poll_write(wire, cx, out, &mut sent, &mut reader);
        late(step, wire, cx, limits.write_ms, Failure::WriteTimeout)
    })
    .await?;
    wire.deadline.clear();
    if let Written::Answered(head) = written {
        return Ok(Head { keep_alive: false, ..*head });
    }
    let mut head = poll_fn(|cx| {
        let step = poll_head(wire, cx, out.no_body, &mut reader);
        late(step, wire, cx, limits.first_byte_ms, Failure::FirstByteTimeout)
    })
    .await?;
    wire.deadline.clear();
    head.keep_alive &= matches!(written, Written::Whole);
    Ok(head)
}

/// Ends a step that waits for too long. The time runs from when it first has to wait: a step that never
/// does costs neither a timer nor a look at the clock.
fn late<T>(
    step: Poll<Result<T, Failure>>,
    wire: &mut Wire,
    cx: &mut Context<'_>,
    ms: u64,
    failure: Failure,
) -> Poll<Result<T, Failure>> {
    if step.is_ready() {
        return step;
    }
    wire.deadline.start(Duration::from_millis(ms));
    ready!(wire.deadline.poll_passed(cx));
    Poll::Ready(Err(failure))
}

fn poll_write(
    wire: &mut Wire,
    cx: &mut Context<'_>,
    out: &Outgoing<'_>,
    sent: &mut usize,
    reader: &mut HeadReader,
) -> Poll<Result<Written, Failure>> {
    loop {
        let step = if *sent < out.len() {
            out.poll_write(wire, cx, *sent)
        } else {
            match wire.poll_flush(cx) {
                Poll::Ready(Ok(())) => return Poll::Ready(Ok(Written::Whole)),
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            }
        };
        match step {
            Poll::Ready(Ok(written)) if written > 0 => *sent += written,
            Poll::Ready(_) => return Poll::Ready(Ok(Written::Cut)),
            Poll::Pending => return poll_early(wire, cx, out.no_body, reader),
        }
    }
}

/// While the provider takes no more of the request: whether it has already answered, as one does that
/// refuses a large body, and then perhaps never reads the rest.
fn poll_early(
    wire: &mut Wire,
    cx: &mut Context<'_>,
    no_body: bool,
    reader: &mut HeadReader,
) -> Poll<Result<Written, Failure>> {
    loop {
        match wire.poll_fill(cx) {
            Poll::Ready(Ok(read)) if read > 0 => {
                if let Some(head) = reader.take(&mut wire.buf, no_body)? {
                    return Poll::Ready(Ok(Written::Answered(Box::new(head))));
                }
            }
            Poll::Ready(_) => return Poll::Ready(Err(Failure::Closed)),
            Poll::Pending => return Poll::Pending,
        }
    }
}

fn poll_head(
    wire: &mut Wire,
    cx: &mut Context<'_>,
    no_body: bool,
    reader: &mut HeadReader,
) -> Poll<Result<Head, Failure>> {
    loop {
        if !wire.buf.is_empty()
            && let Some(head) = reader.take(&mut wire.buf, no_body)?
        {
            return Poll::Ready(Ok(head));
        }
        match wire.poll_fill(cx) {
            Poll::Ready(Ok(read)) if read > 0 => {}
            Poll::Ready(_) => return Poll::Ready(Err(Failure::Closed)),
            Poll::Pending => return Poll::Pending,
        }
    }
}
