//! From an HTTP request to an answer: find the row, verify the key, read the body, hand over.

use super::body::Body;
use super::cors;
use super::http1::Head;
use super::pace::Pace;
use super::peer::{Link, Trust};
use super::tls::Handshakes;
use crate::access::cache::Known;
use crate::access::permit::{Asked, permit};
use crate::access::shown::Shown;
use crate::access::verify::{self, Needs, Verdict};
use crate::access::{Grant, credential, session};
use crate::base::{Code, Fault, Fields, Refusal, Trouble, id};
use crate::console;
use crate::relay::early;
use crate::relay::exchange::{X_CLIENT_REQUEST_ID, X_REQUEST_ID, client_request_id};
use crate::relay::route::{BodyLimit, FromDatabase, MANAGEMENT_BODY_BYTES_MAX, Shape};
use crate::relay::running::Caller;
use crate::relay::table::{Found, Table};
use crate::relay::{Handler, Inbound, Outbound, Route, Worker, refuse, story};
use crate::telemetry::request_line::client_text;
use crate::telemetry::{RequestLine, scrub};
use bytes::Bytes;
use http::Method;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// Looks into the database for one request, when keys change faster than they are read.
const LOOKUPS_MAX: usize = 4;
/// How long a management call may run on PostgreSQL: one that waits on a connection whose other end is gone in
/// silence would keep it for ever.
const CONTROL_WAIT: Duration = Duration::from_secs(300);

/// What a worker needs to answer.
pub struct Front {
    /// The worker.
    pub worker: Rc<Worker>,
    /// The routes.
    pub table: Arc<Table>,
    /// Largest body of an inference request.
    pub body_bytes_max: usize,
    /// How slowly a body may come.
    pub body_pace: Pace,
    /// Who is believed about where requests come from.
    pub trust: Trust,
    /// TLS, where the port speaks it.
    pub tls: Option<Handshakes>,
}

/// One call, as far as it is known.
struct Call<'a> {
    /// What its connection showed before.
    shown: &'a Shown,
    request: [u8; 16],
    started_ms: i64,
    started_mono_ms: i64,
    peer: IpAddr,
    route: Option<(usize, &'static Route)>,
    method: &'static str,
    grant: Option<Arc<Grant>>,
    /// The relay has written the request's line itself.
    told: bool,
}

/// Answers a request, or what was meant to be one. `shown`: what its connection showed before.
pub async fn answer(
    front: &Front,
    request: &Result<Head, Refusal>,
    body: Body<'_>,
    (link, shown): (Link, &Shown),
) -> Outbound {
    let clock = &front.worker.shared.at.clock;
    let head = request.as_ref().ok();
    let none = Fields::default();
    let headers = head.map_or(&none, |head| &head.headers);
    let started_ms = clock.now_ms();
    let mut call = Call {
        shown,
        request: id::mint(started_ms),
        started_ms,
        started_mono_ms: clock.monotonic_ms(),
        peer: link.address,
        route: None,
        method: head.map_or("OTHER", |head| method_name(&head.method)),
        grant: None,
        told: false,
    };
    let mut fault = None;
    let mut code = "";
    // Here and below: awaited by value, a future would be copied to where it stays.
    let served = {
        let serving = pin!(serve(front, &mut call, request.as_ref(), (body, link)));
        serving.await
    };
    let mut answer = match served {
        Ok(answer) => answer,
        Err(trouble) => {
            let refusal = match trouble {
                Trouble::Refusal(refusal) => refusal,
                Trouble::Fault(cause) => {
                    fault = Some(cause.to_string());
                    cause.refusal().cloned().unwrap_or_else(story::internal)
                }
            };
            code = refusal.code.text();
            front.worker.metrics.refusal(refusal.code);
            match call.shape() {
                Shape::Page => {
                    let target = head.map_or("/", |head| head.target.as_str());
                    let request = id::text("req", call.request);
                    console::refused(&refusal, headers, (call.method, target), &request)
                }
                shape => refuse::render(&refusal, shape),
            }
        }
    };
    if !call.told {
        call.tell(front, answer.status.as_u16(), code, headers.text("user-agent"), fault);
    }
    let request_id = id::text("req", call.request);
    answer.set(X_REQUEST_ID, &request_id);
    if call.shape() == Shape::Anthropic {
        answer.set("request-id", &request_id);
    }
    if let Some(client_id) = client_request_id(headers) {
        answer.set(X_CLIENT_REQUEST_ID, client_id);
    }
    if call.route.is_some_and(|(_, route)| route.is_for_browsers()) && headers.get(cors::ORIGIN).is_some() {
        cors::open(&mut answer);
    }
    answer.close |= front.worker.shared.draining.load(Ordering::Relaxed);
    answer
}

async fn serve(
    front: &Front,
    call: &mut Call<'_>,
    request: Result<&Head, &Refusal>,
    (body, link): (Body<'_>, Link),
) -> Result<Outbound, Trouble> {
    let head = request.map_err(Refusal::clone)?;
    let client = front.trust.client(link, &head.headers)?;
    call.peer = client.address;
    let (number, route, params) = match front.table.find(&head.method, head.target.path()) {
        Found::Route(number, route, params) => (number, route, params),
        Found::Preflight(methods) => return Ok(cors::preflight(&methods)),
        Found::OtherMethods(allowed) => return Ok(method_not_allowed(&allowed)),
        Found::Nothing => return Err(unknown_url(call.method, head.target.path()).into()),
    };
    call.route = Some((number, route));
    if route.needs != Needs::Nothing {
        front.trust.check_private(client)?;
    }
    let presented = presented(route, &head.headers, client.https);
    let mut caller = verified(front, call, (route.needs, presented), &params, &head.headers).await?;
    let by_cookie = caller.as_ref().is_some_and(|caller| caller.grant.session);
    if !head.method.is_safe() && (by_cookie || route.shape == Shape::Page) {
        from_our_page(route, &head.headers)?;
    }
    call.grant = caller.as_ref().map(|caller| Arc::clone(&caller.grant));
    if let (Some(grant), Some(_)) = (&call.grant, head.headers.get(cors::ORIGIN)) {
        let origin = head.headers.text(cors::ORIGIN);
        front.worker.shared.exposed.note(grant, origin, call.started_ms, &front.worker.metrics);
    }
    let body = {
        let reading = pin!(read(front, route, caller.as_mut(), body));
        reading.await?
    };
    let inbound = Inbound {
        route,
        route_number: number,
        params,
        query: head.target.query().map(str::to_owned),
        headers: head.headers.clone(),
        peer: call.peer,
        https: client.https,
        body,
        request: call.request,
        started_ms: call.started_ms,
        started_mono_ms: call.started_mono_ms,
    };
    // The body may have taken its time.
    if call.grant.as_ref().is_some_and(|grant| grant.is_dead()) {
        return Err(story::stopped().into());
    }
    if let (Some(grant), false) = (&call.grant, matches!(route.handler, Handler::Inference(_))) {
        front.worker.shared.note_use(grant, call.peer, call.started_ms);
    }
    match route.handler {
        Handler::Memory(handler) => handler(&front.worker, &inbound, call.grant.as_ref()),
        Handler::Inference(handler) => {
            let caller = caller.ok_or_else(credential::invalid)?;
            call.told = true;
            let alive = caller.place.alive();
            early::answer(handler(Rc::clone(&front.worker), inbound, caller), alive, route.shape).await
        }
        Handler::Control(handler) => managed(front, call, handler, inbound).await,
    }
}

/// Reads what a route takes of a body.
async fn read(
    front: &Front,
    route: &Route,
    caller: Option<&mut Caller>,
    body: Body<'_>,
) -> Result<Bytes, Refusal> {
    match (route.body, caller) {
        (BodyLimit::None, _) => Ok(Bytes::new()),
        (BodyLimit::Inference, Some(caller)) => {
            let mut seat = front.worker.shared.load.enter()?;
            let body = {
                let reading = pin!(body.read_held(front.body_bytes_max, front.body_pace, &mut seat));
                reading.await?
            };
            caller.place.hold(seat);
            Ok(body)
        }
        _ => body.read(MANAGEMENT_BODY_BYTES_MAX, front.body_pace).await,
    }
}

/// Has the control runtime answer.
async fn managed(
    front: &Front,
    call: &Call<'_>,
    handler: FromDatabase,
    inbound: Inbound,
) -> Result<Outbound, Trouble> {
    let shared = &front.worker.shared;
    let (send, answered) = oneshot::channel();
    let shared_database = shared.at.db.engine.is_shared();
    let answering = handler(Arc::clone(shared), inbound, call.grant.clone());
    let task = async move {
        // The caller may have left; what was begun is finished all the same.
        let ended = match shared_database {
            true => tokio::time::timeout(CONTROL_WAIT, answering).await,
            false => Ok(answering.await),
        };
        let silent = |_| Err(Fault::plain("a management call waited too long").into());
        let _ = send.send(ended.unwrap_or_else(silent).map(Outbound::into_whole));
    };
    shared.tasks.spawn_on(task, &shared.control);
    let answer = answered.await.ok().transpose()?.flatten();
    let answer = answer.ok_or_else(|| Fault::plain("a management call ended without an answer"))?;
    Ok(answer.into())
}

/// Verifies the request's key and what the route asks of it. The grant comes from memory in the
/// same step in which the request is entered as running: a revocation finds it in one or the other.
async fn verified(
    front: &Front,
    call: &Call<'_>,
    (needs, presented): (Needs, Presented<'_>),
    params: &[String],
    headers: &Fields,
) -> Result<Option<Caller>, Trouble> {
    if needs == Needs::Nothing {
        return Ok(None);
    }
    let (shared, metrics) = (&front.worker.shared, &front.worker.metrics);
    for _ in 0..LOOKUPS_MAX {
        let (master, cache, now) = (&shared.at.master, &shared.cache, call.started_mono_ms);
        let verdict = match presented {
            Presented::Key => verify::from_memory(headers, call.shown, master, cache, now),
            Presented::Session(cookie) => verify::session_from_memory(cookie, master, cache, now),
        };
        match verdict? {
            Verdict::Known(grant) => {
                metrics.grant_looked_up(true);
                let path = call.route.map_or("", |(_, route)| route.path);
                let (peer, now_ms) = (Some(call.peer), call.started_ms);
                permit(&Asked { grant: &grant, needs, path, params, peer, now_ms })?;
                let place = front.worker.running.enter(Arc::clone(&grant));
                return Ok(Some(Caller { grant, place }));
            }
            Verdict::Ask(wanted, digest) => {
                metrics.grant_looked_up(false);
                let known = shared.lookup.ask(wanted, digest).await?;
                if let (Presented::Session(_), Known::NoToken(_)) = (presented, &known) {
                    return Err(credential::signed_out().into());
                }
                verify::from_answer(known)?;
            }
        }
    }
    Err(verify::out_of_sync().into())
}

/// What a request shows of itself.
#[derive(Clone, Copy)]
enum Presented<'a> {
    /// A key in a header, or nothing.
    Key,
    /// A cookie's session, if it has one.
    Session(Option<&'a str>),
}

/// Pages take sessions alone; management takes what stands in a header, and else a session.
fn presented<'a>(route: &Route, headers: &'a Fields, https: bool) -> Presented<'a> {
    let managed = matches!(route.needs, Needs::Admin(..)) && !credential::is_there(headers);
    if route.shape != Shape::Page && !managed {
        return Presented::Key;
    }
    match session::cookie::session(headers, https) {
        None if managed && route.shape != Shape::Page => Presented::Key,
        cookie => Presented::Session(cookie),
    }
}

/// A browser sends its cookies with whatever page asks: a change must come from a page of ours.
fn from_our_page(route: &Route, headers: &Fields) -> Result<(), Refusal> {
    session::csrf::same_origin(headers)?;
    match (route.shape, route.body) {
        (_, BodyLimit::None) => Ok(()),
        (Shape::Page, _) => session::csrf::content_type(headers, "application/x-www-form-urlencoded"),
        _ => session::csrf::content_type(headers, "application/json"),
    }
}

impl Call<'_> {
    fn shape(&self) -> Shape {
        self.route.map_or(Shape::OpenAi, |(_, route)| route.shape)
    }

    /// Writes the log line and counts the request.
    fn tell(
        &self,
        front: &Front,
        status: u16,
        code: &'static str,
        agent: Option<&str>,
        fault: Option<String>,
    ) {
        let elapsed = front.worker.shared.at.clock.monotonic_ms() - self.started_mono_ms;
        let latency_ms = u32::try_from(elapsed).unwrap_or(0);
        let unrouted = front.table.len();
        let (number, path) =
            self.route.map_or((unrouted, "unrouted"), |(number, route)| (number, route.path));
        front.worker.metrics.request(number, status, latency_ms);
        front.worker.log.push(|| RequestLine {
            status,
            code,
            org: self.grant.as_ref().map(|grant| Arc::clone(&grant.org)),
            project: self.grant.as_ref().map(|grant| Arc::clone(&grant.project)),
            key: self.grant.as_ref().map(|grant| Arc::clone(&grant.key)),
            latency_ms,
            peer: Some(self.peer),
            user_agent: agent.and_then(client_text),
            fault: fault.map(Into::into),
            ..RequestLine::new(self.request, self.started_ms, path, self.method)
        });
    }
}

/// A method's name as a constant: what is not a usual method is not repeated in the log.
fn method_name(method: &Method) -> &'static str {
    const USUAL: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    USUAL.into_iter().find(|usual| *usual == method.as_str()).unwrap_or("OTHER")
}

/// What a caller put into a path may be a key, and answers are logged.
fn unknown_url(method: &str, path: &str) -> Refusal {
    let path: String = scrub(path).chars().take(200).collect();
    Refusal::new(
        Code::NotFound,
        format!("Unknown request URL: {method} {path}. Check the path and the base URL."),
    )
}

fn method_not_allowed(allowed: &str) -> Outbound {
    let refusal = Refusal::new(Code::MethodNotAllowed, format!("This path takes {allowed}."));
    let mut answer = refuse::render(&refusal, Shape::OpenAi);
    answer.set("allow", allowed);
    answer
}
