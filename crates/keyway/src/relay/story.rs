//! The story of one request, from its admission to its line in the books. Whatever happens, and
//! even when the client leaves and everything is dropped, it ends with exactly one line.

use super::context::Worker;
pub use super::ended::{Counted, Ended};
use super::exchange::{Inbound, Outbound};
use super::media::{self, Units};
use super::recorder::Recorder;
use super::refusals::ending;
pub use super::refusals::{internal, stopped, unmetered};
use super::refuse;
use super::replies::Again;
use super::restate::Restating;
use super::route::{Billing, Route};
use super::running::{Caller, Place};
use super::spans;
use super::tried::{Attempting, Tried};
use super::way::Way;
use crate::access::verify::out_of_sync;
use crate::access::{Grant, Mode};
use crate::base::{Code, Fault, Refusal, Trouble, network};
use crate::catalog::{Dialect, Target};
use crate::metering::limits::Limited;
use crate::metering::spend::Spending;
use crate::metering::{Admitted, Written, admit};
use crate::providers::Upstream;
use crate::routing::Session;
use crate::telemetry::RequestLine;
use crate::telemetry::otlp::Context as Trace;
use crate::telemetry::request_line::client_text;
use dialect::hub::Losses;
use ledger::entry::UsageOrigin;
use ledger::{Entry, NanoUsd, Reserved, Sent, Spend, Usage};
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

/// A request in the making.
pub struct Story {
    /// The worker it runs on.
    pub worker: Rc<Worker>,
    /// The key it runs under.
    pub grant: Arc<Grant>,
    /// The route it came by.
    pub route: &'static Route,
    /// Asked as a stream.
    pub stream: bool,
    /// Its labels, `name=value`.
    pub labels: Vec<String>,
    /// Model as the client named it.
    pub model_asked: String,
    /// The dialect its client speaks.
    pub dialect: Dialect,
    /// How its provider is asked.
    pub way: Option<Way>,
    /// Answers that it asks for.
    pub answers: u32,
    /// Tokens that each of them may have, as its client says.
    pub output_cap: Option<u64>,
    /// The session that stays with whoever answers.
    pub session: Option<Session>,
    /// What was counted of its answer.
    pub counted: Counted,
    /// Images, characters, seconds or searches that it asks for.
    pub units: Units,
    /// What its answer must go through, when its provider has another shape for it.
    pub restating: Option<Restating>,
    /// Keeps what its provider will want back of the answer.
    pub recorder: Option<Box<Recorder>>,
    /// What of a request that is passed on is not as it was asked.
    pub losses: Losses,
    route_number: usize,
    pub(super) request: [u8; 16],
    pub(super) started_ms: i64,
    pub(super) started_mono_ms: i64,
    peer: IpAddr,
    client_request: String,
    /// The trace of whoever asked.
    pub(super) trace: Option<Trace>,
    user_agent: Option<Box<str>>,
    /// Of what may be billed, for to count tokens is free: tokens that its prompt has at most, and those that it is likely to have.
    pub(super) prompt_bytes: u64,
    pub(super) prompt_tokens: u64,
    pub(super) admitted: Option<Admitted>,
    /// Where the key has limits: what the request holds of them.
    pub(super) limited: Option<Box<Limited>>,
    /// The model that they were asked for.
    pub(super) limited_for: Box<str>,
    /// Its answer is to be kept, or is one that was.
    pub(super) again: Again,
    pub(super) target: Option<Arc<Target>>,
    pub(super) upstream: Option<Arc<Upstream>>,
    /// Its target can be reached with others as well.
    pub(super) several_credentials: bool,
    pub(super) sent: bool,
    /// It was sent, and nothing came back: the provider may have done its work.
    pub(super) unanswered: bool,
    pub(super) tried: Vec<Tried>,
    /// The attempt under way, as health knows it.
    pub(super) turn: Option<Attempting>,
    pub(super) first_token_ms: Option<u32>,
    fault: Option<Box<str>>,
    ended: bool,
    pub(super) place: Place,
}

impl Story {
    /// Begins with a verified request.
    #[must_use]
    pub fn begin(worker: Rc<Worker>, inbound: &Inbound, caller: Caller, dialect: Dialect) -> Box<Self> {
        // Its place first, and nothing is called while it is filled: else it is made elsewhere, and copied.
        let story = Box::new_uninit();
        let grant = caller.grant;
        worker.shared.note_use(&grant, inbound.peer, inbound.started_ms);
        let client_request = inbound.client_request_id().unwrap_or_default().to_owned();
        let trace = worker.traces.parent(inbound.header("traceparent"));
        let user_agent = inbound.header("user-agent").and_then(client_text);
        let limited_for = Box::default();
        let (counted, units, losses) = (Counted::default(), Units::default(), Losses::default());
        Box::write(
            story,
            Self {
                stream: false,
                labels: Vec::new(),
                model_asked: String::new(),
                dialect,
                way: None,
                answers: 1,
                output_cap: None,
                session: None,
                counted,
                units,
                restating: None,
                recorder: None,
                losses,
                route_number: inbound.route_number,
                request: inbound.request,
                started_ms: inbound.started_ms,
                started_mono_ms: inbound.started_mono_ms,
                peer: inbound.peer,
                client_request,
                trace,
                user_agent,
                prompt_bytes: if inbound.route.billing == Billing::Count {
                    0
                } else {
                    inbound.body.len() as u64
                },
                prompt_tokens: (inbound.body.len() as u64).div_ceil(4),
                route: inbound.route,
                worker,
                grant,
                admitted: None,
                limited: None,
                limited_for,
                again: Again::No,
                target: None,
                upstream: None,
                several_credentials: false,
                sent: false,
                unanswered: false,
                tried: Vec::new(),
                turn: None,
                first_token_ms: None,
                fault: None,
                ended: false,
                place: caller.place,
            },
        )
    }

    /// Asks for leave to spend.
    ///
    /// # Errors
    /// `metering_unavailable` when usage could not be recorded.
    pub fn admit(&mut self) -> Result<(), Refusal> {
        self.admitted = Some(admit(&self.worker.meter)?);
        Ok(())
    }

    /// Takes over what was reserved for the request.
    ///
    /// # Errors
    /// A fault when it was not admitted.
    pub(super) fn hold(&mut self, spending: Option<Box<Spending>>) -> Result<(), Fault> {
        let admitted = self.admitted.as_mut().ok_or_else(|| Fault::plain("a request was not admitted"))?;
        admitted.hold(spending);
        Ok(())
    }

    /// Writes that the request is about to be sent to a target, before its first byte goes out.
    ///
    /// # Errors
    /// A fault when it cannot be written (nothing may be sent then); the key's refusal when it has
    /// died meanwhile.
    pub async fn send_to(&mut self, target: &Arc<Target>) -> Result<(), Trouble> {
        self.still_good()?;
        // What it waited for may have taken longer than the node may believe what it knows of keys.
        if !self.worker.shared.cache.is_fresh(self.now_mono_ms()) {
            return Err(out_of_sync().into());
        }
        let recorded = match self.note_sent(target) {
            Ok(written) => {
                written.await;
                self.permission()?.recorded()
            }
            Err(fault) => Err(fault),
        };
        if let Err(fault) = recorded {
            self.fault = Some(fault.to_string().into());
            return Err(unmetered().into());
        }
        // Others have had their turn since: the key may have died in it.
        if let Err(refusal) = self.still_good() {
            self.target = None;
            return Err(refusal.into());
        }
        (self.sent, self.unanswered) = (true, false);
        self.count_sent();
        Ok(())
    }

    fn note_sent(&mut self, target: &Arc<Target>) -> Result<Written, Fault> {
        self.target = Some(Arc::clone(target));
        let mut admitted = self.admitted.take().ok_or_else(|| Fault::plain("a request was not admitted"))?;
        let usage = Usage { units: self.units.likely, ..Usage::default() };
        let before = Ended { status: 0, code: "", usage, origin: UsageOrigin::Nothing };
        let reserved = Reserved { amount: NanoUsd::ZERO, markup: self.markup().0 };
        let mut sent = Sent { entry: self.entry(&before, 0), prompt_bytes: self.prompt_bytes, reserved };
        if let Some(spending) = admitted.spending() {
            sent.entry.spend.accounts = spending.reservation.refs().collect();
            sent.reserved.amount = spending.reservation.amount();
        }
        let written = admitted.sent(&sent);
        self.admitted = Some(admitted);
        written
    }

    /// The permission to send.
    ///
    /// # Errors
    /// A fault when there is none.
    pub fn permission(&self) -> Result<&Admitted, Fault> {
        self.admitted.as_ref().ok_or_else(|| Fault::plain("a request was not admitted"))
    }

    /// Whether the request may go on: not when its key has died since it was verified, nor when the
    /// process cannot wait any longer.
    ///
    /// # Errors
    /// What its client is told.
    pub fn still_good(&self) -> Result<(), Refusal> {
        if self.grant.is_dead() {
            return Err(stopped());
        }
        if self.worker.shared.ending.load(Ordering::SeqCst) {
            return Err(ending());
        }
        Ok(())
    }

    /// Ready when the request must end; until then it is woken for that.
    pub fn poll_cut(&self, cx: &Context<'_>) -> Poll<Refusal> {
        match self.still_good() {
            Err(refusal) => Poll::Ready(refusal),
            Ok(()) => {
                self.place.watch(cx);
                Poll::Pending
            }
        }
    }

    /// Waits for something as long as the request may go on. It comes pinned: by value, the future would
    /// hold it twice.
    ///
    /// # Errors
    /// What its client is told.
    pub async fn unless_cut<T>(&self, mut work: Pin<&mut impl Future<Output = T>>) -> Result<T, Refusal> {
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending => self.poll_cut(cx).map(Err),
        })
        .await
    }

    /// Notes progress of the answer.
    pub fn progress(&mut self, output_bytes: usize) {
        self.counted.events += 1;
        self.counted.bytes += output_bytes as u64;
        if self.first_token_ms.is_none() {
            let ms = self.since(self.started_mono_ms);
            self.first_token_ms = Some(ms);
            self.worker.metrics.first_token(ms);
        }
    }

    /// The target that serves the request.
    #[must_use]
    pub fn target(&self) -> Option<&Arc<Target>> {
        self.target.as_ref()
    }

    /// Monotonic milliseconds.
    #[must_use]
    pub fn now_mono_ms(&self) -> i64 {
        self.worker.shared.at.clock.monotonic_ms()
    }

    /// Ends with a refusal, and says how to tell the client.
    #[must_use]
    pub fn refuse(mut self, trouble: Trouble) -> Outbound {
        let refusal = match trouble {
            Trouble::Refusal(refusal) => refusal,
            Trouble::Fault(fault) => {
                self.fault = Some(fault.to_string().into());
                internal()
            }
        };
        // A provider that rejected the request, or failed it, has not billed it; one that was left
        // while it worked, or never answered, may.
        let cut = self.still_good().is_err_and(|cut| cut.code == refusal.code);
        let left = self.sent && (cut || self.unanswered);
        let (usage, origin) = if left {
            (self.estimate(), UsageOrigin::Estimated)
        } else {
            (Usage::default(), UsageOrigin::Nothing)
        };
        self.refuse_used(&refusal, usage, origin)
    }

    /// Ends with a refusal of a request that used something nevertheless.
    #[must_use]
    pub fn refuse_used(mut self, refusal: &Refusal, usage: Usage, origin: UsageOrigin) -> Outbound {
        self.worker.metrics.refusal(refusal.code);
        self.end(&Ended { status: refusal.status(), code: refusal.code.text(), usage, origin });
        let mut answer = refuse::render(refusal, self.route.shape);
        self.tell_attempts(refusal, &mut answer.headers);
        self.tell_limits(&mut answer.headers);
        answer
    }

    /// Ends: one line in the journal, before the last byte of the answer; then log and metrics.
    /// Answers with what it is sold for, `None` when there is no price.
    pub fn end(&mut self, ended: &Ended) -> Option<NanoUsd> {
        // Not waited for, the line is written at once.
        let (sold, _) = self.end_soon(ended);
        sold
    }

    /// Ends as [`Self::end`] does. The last byte of the answer waits for the line to be written.
    pub fn end_soon(&mut self, ended: &Ended) -> (Option<NanoUsd>, Option<Written>) {
        if std::mem::replace(&mut self.ended, true) {
            return (None, None);
        }
        let admitted = self.admitted.take();
        let latency_ms = self.since(self.started_mono_ms);
        self.count_used(&ended.usage);
        let mut entry = self.entry(ended, latency_ms);
        let (cost, sold) = (entry.cost, entry.sell);
        let written = match admitted {
            Some(admitted) => admitted.settle(&mut entry),
            None => self.worker.meter.note(&entry),
        };
        let written =
            written.inspect_err(|fault| tracing::error!(%fault, "a request's line was not written"));
        self.tell(ended, cost, latency_ms);
        self.keep_booked(ended, sold);
        (sold, written.ok())
    }

    /// Usage by our own count: a quarter of the bytes, and never less than an event each.
    #[must_use]
    pub fn estimate(&self) -> Usage {
        if self.dialect.is_media() {
            return media::estimate(self, self.prompt_bytes.div_ceil(4));
        }
        Usage {
            in_uncached: self.prompt_tokens,
            out_text: self.counted.bytes.div_ceil(4).max(self.counted.events),
            units: self.units.likely,
            ..Usage::default()
        }
    }

    fn tell(&mut self, ended: &Ended, cost: Option<NanoUsd>, latency_ms: u32) {
        let metrics = &self.worker.metrics;
        metrics.request(self.route_number, ended.status, latency_ms);
        self.count_tried();
        if let (Some(_), Some(upstream)) = (&self.target, &self.upstream) {
            metrics.settled(upstream.slot, &ended.usage, cost);
        }
        self.worker.traces.push(self.trace, || spans::of(self, ended, latency_ms, cost));
        let fault = self.fault.take();
        let line = || RequestLine {
            status: ended.status,
            code: ended.code,
            org: Some(Arc::clone(&self.grant.org)),
            project: Some(Arc::clone(&self.grant.project)),
            key: Some(Arc::clone(&self.grant.key)),
            model_asked: client_text(&self.model_asked),
            model_served: self.target.as_ref().map(|target| Arc::clone(&target.id)),
            provider: self.target.as_ref().map(|target| Arc::clone(&target.provider.name)),
            attempts: u8::try_from(self.tried.len()).unwrap_or(u8::MAX),
            stream: self.stream,
            tokens: ended.usage,
            cost,
            cache_saved: self.again.kept().map(|kept| kept.saved),
            latency_ms,
            first_token_ms: self.first_token_ms,
            peer: Some(self.peer),
            client_request_id: client_text(&self.client_request),
            user_agent: self.user_agent.clone(),
            fault,
            ..RequestLine::new(self.request, self.started_ms, self.route.path, self.route.method.as_str())
        };
        self.worker.log.push(line);
    }

    /// In place: it is too long to be copied to where it is wanted.
    #[inline(always)]
    fn entry<'a>(&'a self, ended: &Ended, latency_ms: u32) -> Entry<'a> {
        let target = self.target.as_deref();
        let price = target.and_then(|target| media::price(self.dialect, target, self.started_ms));
        let cost = match (ended.origin, price) {
            (UsageOrigin::Nothing, _) => Some(NanoUsd(0)),
            (_, price) => price.map(|price| price.cost(&ended.usage, self.started_ms)),
        };
        Entry {
            request: self.request,
            started_ms: self.started_ms,
            org: &self.grant.org,
            project: &self.grant.project,
            key: &self.grant.key,
            user: &self.grant.owner,
            test: self.grant.mode == Mode::Test,
            kind: self.route.billing.kind(),
            model_asked: &self.model_asked,
            model_served: target.map_or("", |target| &target.id),
            provider: target.map_or("", |target| &target.provider.name),
            labels: self.labels.iter().map(String::as_str).collect(),
            peer: network::octets(self.peer),
            client_request: &self.client_request,
            stream: self.stream,
            attempts: self.booked((ended.origin == UsageOrigin::Reported).then(|| ended.usage.output())),
            status: ended.status,
            error: ended.code,
            usage: ended.usage,
            usage_origin: ended.origin,
            price_version: price.map_or("", |price| &price.version),
            cost,
            sell: self.sell(cost),
            spend: Spend::default(),
            latency_ms,
            first_token_ms: self.first_token_ms,
        }
    }

    pub(super) fn since(&self, mono_ms: i64) -> u32 {
        u32::try_from(self.now_mono_ms() - mono_ms).unwrap_or(0)
    }
}

impl Drop for Story {
    /// The client left, or the process is ending: what was produced is booked by our own count.
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (usage, origin) = if self.sent {
            (self.estimate(), UsageOrigin::Estimated)
        } else {
            (Usage::default(), UsageOrigin::Nothing)
        };
        self.end(&Ended { status: Code::ClientGone.status(), code: Code::ClientGone.text(), usage, origin });
    }
}
