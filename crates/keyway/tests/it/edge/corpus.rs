//! Every row of the corpus, raw on a socket: alone, behind a request and before one, cut anywhere. The
//! scripted provider behind the server says what was understood.

use super::line::{Line, Said};
use super::rows::{Expected, Row, Words, rows};
use crate::scene::Scene;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use testkit::tls::Pair;
use testkit::upstream::Request;
use testkit::{Answer, Keyway};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two pieces of a request: long enough that the server reads them apart.
const APART: Duration = Duration::from_millis(1);

/// A server, and what its provider has been sent.
struct Door {
    scene: Scene,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Door {
    fn open(scene: Scene) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        scene.upstream.always(move |request| {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
            Answer::ok()
        });
        Self { scene, seen }
    }

    fn words(&self, marker: &str) -> Words {
        let smuggled = body("smug");
        Words { key: self.scene.key.clone(), body: body(marker), smuggled: self.good(&smuggled) }
    }

    /// An unremarkable request.
    fn good(&self, body: &str) -> String {
        format!(
            "POST {} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            crate::scene::CHAT,
            self.scene.key,
            body.len()
        )
    }

    /// Asserts that the provider got exactly these bodies, and nothing about them that a client chose.
    fn provider_got(&self, what: &str, markers: &[&str]) {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let bodies: Vec<String> = seen.iter().map(Request::text).collect();
        let expected: Vec<String> =
            markers.iter().map(|marker| body(marker).replace("mine/small", "small-v2")).collect();
        assert_eq!(bodies, expected, "{what}: what the provider got");
        for request in seen {
            let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, UPSTREAM_FIELDS, "{what}");
            assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
            let length = request.body.len().to_string();
            assert_eq!(request.header("content-length"), Some(length.as_str()), "{what}");
        }
    }
}

/// The fields of every request to the provider.
const UPSTREAM_FIELDS: &[&str] =
    &["host", "user-agent", "accept-encoding", "accept", "content-type", "content-length", "authorization"];

/// A body of always the same length.
fn body(marker: &str) -> String {
    assert_eq!(marker.len(), 4);
    format!(r#"{{"model":"mine/small","messages":[{{"role":"user","content":"marker:{marker}"}}]}}"#)
}

fn plain(keyway: &Keyway) -> TcpStream {
    let stream = TcpStream::connect(keyway.address()).expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

/// Reads the answers of a row, and asserts that they are as documented.
fn expect_answers<S: Read>(what: &str, line: &mut Line<S>, expected: &[Expected]) {
    for expected in expected {
        let said = line.answer().unwrap_or_else(|error| panic!("{what}: {error}"));
        let Some(said) = said else { panic!("{what}: the connection ended without an answer") };
        assert_answer(what, &said, expected);
    }
    if expected.last().is_some_and(|last| !last.open) {
        let rest = line.answer().unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(rest.is_none(), "{what}: an answer behind the end: {rest:?}");
    }
}

fn assert_answer(what: &str, said: &Said, expected: &Expected) {
    assert_eq!(
        (said.status, said.code.as_str()),
        (expected.status, expected.code.as_str()),
        "{what}: {said:?}"
    );
    assert_eq!(said.close, !expected.open, "{what}: {said:?}");
}

fn ok(open: bool) -> Expected {
    Expected { status: 200, code: String::new(), open, sent: true }
}

/// Where the row stands among other requests of its connection.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// First; another follows if it may.
    Alone,
    /// Behind one that has been answered.
    Kept,
    /// Between two, all in one write.
    Pipelined,
}

/// Plays a row over `dial`, in one piece or cut at `cut`.
fn play<S: Read + Write>(
    door: &Door,
    row: &Row,
    (place, cut): (Place, Option<usize>),
    dial: &impl Fn(&Keyway) -> S,
) {
    let what = format!("{}, {place:?}, cut at {cut:?}", row.name);
    let mut line = Line::new(dial(&door.scene.keyway));
    let (before, after) = (door.good(&body("befo")), door.good(&body("afte")));
    let bytes = row.bytes(&door.words("self"));
    let open = row.answers.last().is_some_and(|last| last.open);
    let mut markers = Vec::new();
    if place == Place::Kept {
        line.send(before.as_bytes());
        expect_answers(&what, &mut line, &[ok(true)]);
        markers.push("befo");
    }
    match (place, cut) {
        (Place::Pipelined, _) => {
            line.send(&[before.as_bytes(), &bytes, after.as_bytes()].concat());
            expect_answers(&what, &mut line, &[ok(true)]);
            markers.push("befo");
        }
        (_, Some(cut)) => {
            line.send(&bytes[..cut]);
            std::thread::sleep(APART);
            line.send(&bytes[cut..]);
        }
        (_, None) => line.send(&bytes),
    }
    expect_answers(&what, &mut line, &row.answers);
    markers.extend(row.answers.iter().filter(|answer| answer.sent).map(|_| "self"));
    if open {
        if place != Place::Pipelined {
            line.send(after.as_bytes());
        }
        expect_answers(&what, &mut line, &[ok(true)]);
        markers.push("afte");
    }
    door.provider_got(&what, &markers);
}

/// The corpus, over any kind of line.
fn play_all<S: Read + Write>(scene: Scene, place: Place, dial: impl Fn(&Keyway) -> S) {
    let door = Door::open(scene);
    for row in rows() {
        for row in [Some(row.clone()), row.as_1_0()].into_iter().flatten() {
            play(&door, &row, (place, None), &dial);
        }
    }
}

#[test]
fn there_are_enough_rows_and_each_is_another() {
    let rows = rows();
    let names: std::collections::HashSet<_> = rows.iter().map(|row| &row.name).collect();
    assert_eq!(names.len(), rows.len());
    let refused = rows.iter().filter(|row| row.answers.iter().all(|answer| answer.status != 200)).count();
    assert!(refused >= 120, "{refused}");
}

#[test]
fn each_request_has_its_one_reading() {
    play_all(Scene::start(), Place::Alone, plain);
}

#[test]
fn each_request_has_its_one_reading_behind_another() {
    play_all(Scene::start(), Place::Kept, plain);
}

#[test]
fn each_request_has_its_one_reading_between_two_in_one_write() {
    play_all(Scene::start(), Place::Pipelined, plain);
}

#[test]
fn each_request_has_its_one_reading_wherever_it_is_cut() {
    let door = Door::open(Scene::start());
    for row in rows().iter().filter(|row| row.split) {
        for cut in 1..row.bytes(&door.words("self")).len() {
            play(&door, row, (Place::Alone, Some(cut)), &plain);
        }
    }
}

#[test]
fn each_request_has_its_one_reading_over_tls() {
    let pair = Pair::make();
    let dial = |keyway: &Keyway| pair.connect(keyway.address(), &["http/1.1"]).expect("a handshake");
    for place in [Place::Alone, Place::Pipelined] {
        play_all(Scene::over_tls(&pair), place, dial);
    }
}
