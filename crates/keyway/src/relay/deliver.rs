//! Delivering an answer: whole ones are read to their end and booked before they leave; streams go
//! out as they come, from the provider's first words on, and are booked before their last byte.

use super::attempt::{Failed, usage_rule};
use super::believe::can_be_true;
use super::crossing::Crossing;
use super::exchange::{OutBody, Outbound};
use super::failures;
use super::large::Large;
use super::media;
use super::meter::Meter;
use super::replies::X_KEYWAY_CACHE;
use super::source::{Answer, Source};
use super::story::{Counted, Ended, Story};
use super::stream::Delivery;
use crate::base::{Code, Fields, Lines, Refusal};
use crate::catalog::Dialect;
use crate::metering::Written;
use crate::routing::Class;
use crate::upstream::Failure;
use bytes::{Bytes, BytesMut};
use dialect::Event;
use dialect::gemini::Array;
use dialect::hub::{self, Encoder, Losses, Reply};
use dialect::json::Reader;
use dialect::openai_chat::Report;
use http::StatusCode;
use ledger::entry::UsageOrigin;
use ledger::{NanoUsd, Usage};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

/// Largest answer that is read whole before it leaves, so that its cost can stand in its head.
pub const WHOLE_BYTES_MAX: usize = 8 * 1024 * 1024;

const CONTENT_TYPE: &str = "content-type";
const EVENTS: &[u8] = b"text/event-stream";
const JSON: &[u8] = b"application/json";

/// What the client asked for beside the answer itself.
pub struct Wishes {
    /// What the answer must go through, when it comes in another dialect.
    pub crossing: Option<Box<Crossing>>,
    /// It wants a stream as one JSON array (Google's streams without `alt=sse`).
    pub array: bool,
    /// It wants the usage chunk of a stream.
    pub include_usage: bool,
    /// What the end of its stream repeats of the request, if that must be told here.
    pub echo: Vec<(&'static str, String)>,
    /// What it is to be told about the model's name.
    pub notice: Option<String>,
}

/// A request of whose answer nothing has gone out, for it failed.
pub struct Undone {
    /// The request.
    pub story: Box<Story>,
    /// What became of it.
    pub failed: Failed,
}

/// Delivers. Where another may be asked (`again`), a failure within a success is no answer. The answer stays
/// where it is, for it is too long to be handed from one to the other.
///
/// # Errors
/// What failed before anything went out.
pub async fn deliver(
    story: Box<Story>,
    answer: &mut Answer,
    wishes: Wishes,
    again: bool,
) -> Result<Outbound, Undone> {
    let headers = headers(&story, &answer.headers, &wishes);
    if is_event_stream(&answer.headers) {
        return stream(story, answer, headers, wishes).await;
    }
    if story.dialect == Dialect::OpenaiSpeech && !is_of(&answer.headers, JSON) {
        return sound(story, answer, headers).await;
    }
    whole(story, answer, headers, wishes, again).await
}

async fn stream(
    story: Box<Story>,
    answer: &mut Answer,
    mut headers: Lines,
    wishes: Wishes,
) -> Result<Outbound, Undone> {
    headers.put("cache-control", "no-cache");
    story.tell_limits(&mut headers);
    if let Some(crossing) = &wishes.crossing {
        tell_losses(&crossing.losses, &mut headers);
    }
    let status = status(answer.status);
    let mut delivery = Delivery::new(story, answer, wishes);
    if let Some(failed) = poll_fn(|cx| delivery.poll_begun(cx)).await {
        return Err(Undone { story: delivery.into_story(), failed });
    }
    delivery.begun(&headers);
    Ok(Outbound { status, headers, close: false, body: OutBody::Stream(Box::new(delivery)) })
}

/// Sound goes out as it comes, from the first piece on.
async fn sound(mut story: Box<Story>, answer: &mut Answer, mut headers: Lines) -> Result<Outbound, Undone> {
    let code = answer.status;
    let first = {
        let reading = pin!(answer.bytes.chunk());
        story.unless_cut(reading).await
    };
    let (refusal, class) = match first {
        Ok(Some(Ok(first))) => {
            story.answered();
            story.tell_limits(&mut headers);
            let body = OutBody::Stream(Box::new(Large::new(story, first, answer.take_bytes(), code)));
            return Ok(Outbound { status: status(code), headers, close: false, body });
        }
        Ok(Some(Err(failure))) => {
            (failures::of_failure(failure, &provider_of(&story)), Some(Class::Retryable))
        }
        Ok(None) => (failures::unreadable(&provider_of(&story)), Some(Class::Retryable)),
        Err(refusal) => (refusal, None),
    };
    Err(cut(story, refusal, class))
}

async fn whole(
    mut story: Box<Story>,
    answer: &mut Answer,
    mut headers: Lines,
    Wishes { crossing, array, .. }: Wishes,
    again: bool,
) -> Result<Outbound, Undone> {
    let code = answer.status;
    let read = {
        let reading = pin!(read_whole(&mut answer.bytes));
        story.unless_cut(reading).await
    };
    let body = match read {
        Ok(Ok(Read::All(body))) => body,
        Ok(Ok(Read::Some(_))) if crossing.is_some() || story.restating.is_some() => {
            let refusal = failures::of_failure(Failure::TooLarge, &provider_of(&story));
            return Err(cut(story, refusal, Some(Class::Elsewhere)));
        }
        Ok(Ok(Read::Some(first))) => {
            story.answered();
            story.tell_limits(&mut headers);
            let large = Large::new(story, first, answer.take_bytes(), code);
            let body = OutBody::Stream(Box::new(large));
            return Ok(Outbound { status: status(code), headers, close: false, body });
        }
        Err(refusal) => return Err(cut(story, refusal, None)),
        Ok(Err(failure)) => {
            let refusal = failures::of_failure(failure, &provider_of(&story));
            return Err(cut(story, refusal, Some(Class::Retryable)));
        }
    };
    let finished = match crossing {
        Some(crossing) => cross(&mut story, &body, code, &mut headers, (*crossing, array)),
        None => finish(&mut story, body, (code, again), &mut headers),
    };
    let (body, written) = match finished {
        Ok(finished) => finished,
        Err((refusal, class)) => return Err(cut(story, refusal, class)),
    };
    if let Some(written) = written {
        written.await;
    }
    story.keep_head(&headers);
    story.keep_piece(&body);
    story.keep_end(false);
    Ok(Outbound { status: status(code), headers, close: false, body: OutBody::Whole(body) })
}

/// What the client gets, once the line is written; or why it does not, and of which class that is.
type Finished = Result<(Bytes, Option<Written>), (Refusal, Option<Class>)>;

/// Reads a whole answer for what it says and books it. Answers with what the client gets, once the line is
/// written.
fn finish(story: &mut Story, body: Bytes, (status, again): (u16, bool), headers: &mut Lines) -> Finished {
    story.still_good().map_err(|refusal| (refusal, None))?;
    let mut meter = meter(story);
    let mut events = Vec::new();
    let seen = match story.recorder {
        None => meter.see_whole(&body),
        Some(_) => meter.whole(&body, &mut events),
    };
    // What was heard may come as plain text, or as subtitles.
    let text = story.dialect == Dialect::OpenaiTranscriptions;
    if seen.malformed && !text && !is_json(&body) {
        return Err((failures::unreadable(&provider_of(story)), Some(Class::Retryable)));
    }
    if seen.failed {
        let (refusal, class) = failures::announced(meter.failure(), story.endpoint());
        if again && class.may_go_on() {
            return Err((refusal, Some(class)));
        }
        story.failed(class.outcome(None), true);
    }
    if seen.progress {
        story.progress(seen.output_bytes);
    }
    let (usage, origin) = used(story, &meter);
    if !seen.failed {
        listen(story, &mut events);
    }
    let body = match story.restating.take().filter(|_| !seen.failed) {
        Some(restating) => {
            let told = restating.tell(&body, &story.model_asked, usage.input());
            told.ok_or_else(|| (failures::unreadable(&provider_of(story)), Some(Class::Retryable)))?
        }
        None => body,
    };
    story.answered();
    let code = if seen.failed { Code::UpstreamError.text() } else { "" };
    let (cost, written) = story.end_soon(&Ended { status, code, usage, origin });
    tell_end(story, cost, headers);
    Ok((if seen.failed { failures::said(&body, story.endpoint()) } else { body }, written))
}

/// As [`finish`], for a client of another dialect: what the answer says is told anew. A failure under a 200
/// is told as what it is, for no dialect has a place for it in an answer.
fn cross(
    story: &mut Story,
    body: &Bytes,
    status: u16,
    headers: &mut Lines,
    (crossing, array): (Crossing, bool),
) -> Finished {
    story.still_good().map_err(|refusal| (refusal, None))?;
    let mut meter = meter(story);
    let mut events = Vec::new();
    let seen = meter.whole(body, &mut events);
    if seen.malformed {
        return Err((failures::unreadable(&provider_of(story)), Some(Class::Retryable)));
    }
    if seen.failed {
        let (refusal, class) = failures::announced(meter.failure(), story.endpoint());
        return Err((refusal.in_our_words(), Some(class)));
    }
    story.answered();
    if seen.progress {
        story.progress(seen.output_bytes);
    }
    listen(story, &mut events);
    let (usage, origin) = used(story, &meter);
    let (cost, written) = story.end_soon(&Ended { status, code: "", usage, origin });
    tell_end(story, cost, headers);
    let Crossing { to, mut reply, mut losses, .. } = crossing;
    reply.cost_usd = cost.map(NanoUsd::to_decimal);
    let told = if story.stream {
        streamed(to, reply, events, array)
    } else {
        hub::write_whole(to, events, &reply, &mut losses)
    };
    tell_losses(&losses, headers);
    Ok((told.into(), written))
}

/// Keeps what a complete answer was thought with.
fn listen(story: &mut Story, events: &mut [Event<'_>]) {
    if let Some(mut recorder) = story.recorder.take() {
        events.iter_mut().for_each(|event| recorder.see(event));
        recorder.keep();
    }
}

/// A finished answer as the stream that was asked for.
fn streamed(to: hub::Dialect, reply: Reply, events: Vec<Event<'_>>, array: bool) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::new(to, reply), Vec::new());
    events.into_iter().for_each(|event| encoder.event(event, &mut out));
    encoder.end(&mut out);
    if !array {
        return out;
    }
    let (mut elements, mut list) = (Array::default(), Vec::new());
    elements.push(&out, &mut list);
    elements.end(&mut list);
    list
}

/// Writes into the head what is known when an answer is booked.
fn tell_end(story: &Story, cost: Option<NanoUsd>, headers: &mut Lines) {
    story.tell_limits(headers);
    if let Some(cost) = cost {
        headers.put("x-keyway-cost-usd", cost.to_decimal());
    }
}

/// Writes into the head what a translation has lost.
fn tell_losses(losses: &Losses, headers: &mut Lines) {
    if !losses.is_empty() {
        headers.put("x-keyway-losses", losses.header());
    }
}

/// Reads the answer of the target that serves a request.
pub(super) fn meter(story: &Story) -> Meter {
    let spoken = story.way.as_ref().map_or(story.dialect, |way| way.dialect);
    Meter::new(spoken, usage_rule(story.target()))
}

/// Whether an answer is JSON at all, whatever it says: bytes that are no text are taken for some.
fn is_json(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::new(text.trim_ascii());
    reader.ignore().and_then(|()| reader.end()).is_ok()
}

fn provider_of(story: &Story) -> Arc<str> {
    story.target().map(|target| target.provider.name.clone()).unwrap_or_default()
}

/// What an answer used: as reported if that can be, else as counted here.
pub(super) fn used(story: &Story, meter: &Meter) -> (Usage, UsageOrigin) {
    let counts = |report: &&Report| {
        let price = story.target().and_then(|target| media::price(story.dialect, target, story.started_ms));
        price.is_none_or(|price| price.covers(&report.usage))
    };
    match meter.report().filter(|report| can_be_true(report, story.counted.bytes)).filter(counts) {
        Some(report) => (report.usage, UsageOrigin::Reported),
        None => (story.estimate(), UsageOrigin::Estimated),
    }
}

/// An answer cannot be delivered: the provider may have done its work.
fn cut(mut story: Box<Story>, refusal: Refusal, class: Option<Class>) -> Undone {
    story.counted = Counted::default();
    let used = Some((story.estimate(), UsageOrigin::Estimated));
    Undone { story, failed: Failed { refusal, class, used } }
}

enum Read {
    All(Bytes),
    /// More than is read whole: what has been read so far.
    Some(Bytes),
}

async fn read_whole(source: &mut Source) -> Result<Read, Failure> {
    let Some(first) = source.chunk().await.transpose()? else {
        return Ok(Read::All(Bytes::new()));
    };
    let mut all: Option<BytesMut> = None;
    let mut first = Some(first);
    while let Some(bytes) = source.chunk().await.transpose()? {
        let all = all.get_or_insert_with(|| BytesMut::from(first.take().unwrap_or_default()));
        all.extend_from_slice(&bytes);
        if all.len() > WHOLE_BYTES_MAX {
            return Ok(Read::Some(std::mem::take(all).freeze()));
        }
    }
    Ok(Read::All(all.map_or_else(|| first.unwrap_or_default(), BytesMut::freeze)))
}

/// Of the provider's header fields only the content type passes; the rest is ours.
fn headers(story: &Story, theirs: &Fields, wishes: &Wishes) -> Lines {
    let mut headers = Lines::new();
    let content_type: &[u8] = match &wishes.crossing {
        _ if wishes.array => b"application/json",
        None => theirs.get(CONTENT_TYPE).unwrap_or(b"application/json"),
        Some(_) if story.stream => EVENTS,
        Some(_) => b"application/json",
    };
    headers.put("content-type", content_type);
    if let Some(target) = story.target() {
        headers.put("x-keyway-model", &*target.id);
        headers.put("x-keyway-provider", &*target.provider.name);
    }
    headers.put("x-keyway-attempts", itoa::Buffer::new().format(story.attempts()));
    tell_losses(&story.losses, &mut headers);
    if let Some(notice) = &wishes.notice {
        headers.put("x-keyway-notice", notice);
    }
    if story.again.keeps() {
        headers.put(X_KEYWAY_CACHE, "miss");
    }
    headers
}

fn is_event_stream(headers: &Fields) -> bool {
    is_of(headers, EVENTS)
}

fn is_of(headers: &Fields, kind: &[u8]) -> bool {
    let told = headers.get(CONTENT_TYPE).unwrap_or_default().trim_ascii_start();
    told.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::OK)
}
