//! HTTP/2: the same answers as over HTTP/1.1, and the same refusals.

use super::streams::{Client, run, text};
use crate::scene::{CHAT, HI, HI_STREAM, Scene};
use http::{HeaderValue, Method, Request};
use std::time::Duration;
use testkit::upstream::Step;
use testkit::{Answer, json};

#[test]
fn whole_answers_and_streams_by_prior_knowledge() {
    let scene = Scene::start();
    run(async {
        let mut client = Client::plain(scene.keyway.address()).await;
        scene.upstream.push(Answer::ok().text("one two"));
        let whole = client.post(CHAT, &scene.key, HI).await;
        assert_eq!(whole.status, 200, "{}", whole.body);
        assert_eq!(whole.json()["choices"][0]["message"]["content"], "one two");
        assert_eq!(whole.header("content-length"), Some(whole.body.len().to_string().as_str()));
        assert!(whole.header("date").is_some() && whole.header("connection").is_none());
        assert!(whole.header("x-request-id").unwrap().starts_with("req_"));
        assert_eq!(scene.upstream.last().body, HI.replace("mine/small", "small-v2").as_bytes());
        scene.upstream.push(Answer::ok().text("one two three").frame_gap(Duration::from_millis(10)));
        let streamed = client.post(CHAT, &scene.key, HI_STREAM).await;
        assert_eq!(streamed.header("content-type"), Some("text/event-stream"));
        assert!(
            streamed.body.ends_with("data: [DONE]\n\n") && streamed.body.contains("three"),
            "{}",
            streamed.body
        );
        assert_eq!(client.get("/v1/models", "").await.json()["error"]["code"], "invalid_api_key");
        let head = client.whole(client.request(Method::HEAD, "/healthz", ""), "").await;
        assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
        assert_eq!(head.header("content-length"), Some("15"));
    });
    assert_eq!(scene.log(2).len(), 2);
}

#[test]
fn many_at_once_on_one_connection() {
    let scene = Scene::start();
    scene.upstream.always(|_| Answer::ok().after(Duration::from_millis(50)));
    run(async {
        let client = Client::plain(scene.keyway.address()).await;
        let calls: Vec<_> = (0..80)
            .map(|number| {
                let body = if number % 2 == 0 { HI } else { HI_STREAM };
                let mut send = client.send.clone();
                let request = client.request(Method::POST, CHAT, &scene.key);
                tokio::spawn(async move {
                    send = send.ready().await.unwrap();
                    let (answer, mut stream) = send.send_request(request, false).unwrap();
                    stream.send_data(body.into(), true).unwrap();
                    let answer = answer.await.unwrap();
                    (answer.status(), text(answer.into_body()).await.unwrap())
                })
            })
            .collect();
        for call in calls {
            let (status, body) = call.await.unwrap();
            assert_eq!(status, 200, "{body}");
        }
        assert_eq!(client.send.current_max_send_streams(), 100);
    });
    assert_eq!(scene.log(80).len(), 80);
}

/// What each head is changed by, and how it is answered.
type Odd = (&'static str, fn(&mut Request<()>), u16, &'static str);

#[test]
fn what_http_1_refuses_is_refused() {
    let scene = Scene::start();
    fn add(request: &mut Request<()>, name: &'static str, value: &'static str) {
        request.headers_mut().append(name, HeaderValue::from_static(value));
    }
    let table: &[Odd] = &[
        (
            "two Authorization",
            |request| add(request, "authorization", "Bearer x"),
            400,
            "ambiguous_credentials",
        ),
        ("another Host", |request| add(request, "host", "elsewhere.example"), 400, "invalid_request"),
        (
            "two Hosts",
            |request| {
                let authority = request.uri().authority().unwrap().to_string();
                for _ in 0..2 {
                    request.headers_mut().append("host", HeaderValue::from_str(&authority).unwrap());
                }
            },
            400,
            "invalid_request",
        ),
        (
            "a user in the authority",
            |request| {
                *request.uri_mut() = "http://user@localhost/v1/chat/completions".parse().unwrap();
            },
            400,
            "invalid_request",
        ),
        (
            "another scheme",
            |request| {
                *request.uri_mut() = "ftp://localhost/v1/chat/completions".parse().unwrap();
            },
            400,
            "invalid_request",
        ),
        ("an odd Expect", |request| add(request, "expect", "200-ok"), 400, "invalid_request"),
        ("a value with space around", |request| add(request, "x-a", " a"), 400, "invalid_request"),
        (
            "two lengths",
            |request| {
                add(request, "content-length", "1");
                add(request, "content-length", "1");
            },
            400,
            "invalid_request",
        ),
        (
            "too many headers",
            |request| {
                for _ in 0..100 {
                    add(request, "x-a", "a");
                }
            },
            431,
            "headers_too_large",
        ),
        (
            "a long path",
            |request| {
                *request.uri_mut() = format!("http://localhost/{}", "a".repeat(17_000)).parse().unwrap();
            },
            431,
            "headers_too_large",
        ),
        (
            "an odd path",
            |request| {
                *request.uri_mut() = "http://localhost/v1//chat/completions".parse().unwrap();
            },
            404,
            "not_found",
        ),
    ];
    run(async {
        let mut client = Client::plain(scene.keyway.address()).await;
        for (what, change, status, code) in table {
            let mut request = client.request(Method::POST, CHAT, &scene.key);
            change(&mut request);
            // Where a length is written, that many bytes follow.
            let body = if what.contains("lengths") { "x" } else { HI };
            let answer = client.whole(request, body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["error"]["code"].as_str()),
                (*status, Some(*code)),
                "{what}"
            );
        }
        // A Host that says the same is no other.
        let mut request = client.request(Method::POST, CHAT, &scene.key);
        let authority = request.uri().authority().unwrap().to_string();
        request.headers_mut().insert("host", HeaderValue::from_str(&authority).unwrap());
        assert_eq!(client.whole(request, HI).await.status, 200);
        // Neither is a body of more than the route takes, told or not.
        for told in [true, false] {
            let mut request = client.request(Method::POST, "/v1/chat/completions", &scene.key);
            if told {
                request.headers_mut().insert("content-length", HeaderValue::from_static("40000000"));
            }
            let mut send = client.send.clone().ready().await.unwrap();
            let (answer, mut stream) = send.send_request(request, false).unwrap();
            let body = "x".repeat(40_000_000);
            stream.send_data(body.into(), false).unwrap();
            let answer = answer.await.unwrap();
            assert_eq!(answer.status(), 413, "told: {told}");
        }
    });
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn a_request_that_is_taken_back_ends_the_providers_work() {
    let scene = Scene::start();
    scene.upstream.push(Answer::ok().at_frame(4, Step::Stall));
    run(async {
        let mut client = Client::plain(scene.keyway.address()).await;
        let request = client.request(Method::POST, CHAT, &scene.key);
        let answer = client.begin(request, HI_STREAM).await.unwrap();
        let mut body = answer.into_body();
        assert!(body.data().await.unwrap().is_ok());
        // Dropping it resets the stream; the connection goes on.
        drop(body);
        assert_eq!(client.get("/healthz", "").await.status, 200);
        assert!(scene.upstream.closed_by_peer(0, Duration::from_secs(10)).is_some(), "the provider goes on");
        assert_eq!(client.post(CHAT, &scene.key, HI).await.status, 200);
    });
    let log = scene.log(2);
    assert_eq!((&log[1]["status"], &log[1]["error"]), (&json!(499), &json!("client_gone")));
}

#[test]
fn a_provider_that_breaks_off_resets_the_stream_alone() {
    let scene = Scene::start();
    let head =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20000000\r\n\r\n{".to_vec();
    let bulk = vec![b' '; 9_000_000];
    scene.upstream.push(Answer::raw(vec![Step::Wire(head), Step::Wire(bulk), Step::Close]));
    run(async {
        let mut client = Client::plain(scene.keyway.address()).await;
        let request = client.request(Method::POST, CHAT, &scene.key);
        let answer = client.begin(request, HI).await.unwrap();
        if answer.status() == 200 {
            assert!(text(answer.into_body()).await.is_err(), "a cut answer looks whole");
        }
        assert_eq!(client.get("/healthz", "").await.status, 200);
    });
}

#[test]
fn a_drain_finishes_what_runs_and_takes_no_more() {
    let mut scene = Scene::start();
    let answer = Answer::ok().text(&"word ".repeat(60)).frame_gap(Duration::from_millis(40));
    scene.upstream.push(answer);
    run(async {
        let client = Client::plain(scene.keyway.address()).await;
        let request = client.request(Method::POST, CHAT, &scene.key);
        let answer = client.begin(request, HI_STREAM).await.unwrap();
        scene.keyway.ask_to_end();
        let whole = text(answer.into_body()).await.unwrap();
        assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
        assert_eq!(whole.matches("word").count(), 60);
        // The server has said that this connection is over, and closes it.
        client.end.await.unwrap().unwrap();
    });
    let status = scene.keyway.wait_end(Duration::from_secs(20)).expect("an end");
    assert_eq!(status.code(), Some(0), "{}", scene.keyway.stderr());
}

#[test]
fn a_connection_without_requests_ends() {
    let scene = Scene::with("idle_timeout_ms = 200\n");
    run(async {
        let mut client = Client::plain(scene.keyway.address()).await;
        assert_eq!(client.get("/healthz", "").await.status, 200);
        client.end.await.unwrap().unwrap();
    });
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let scene = Scene::with("body_timeout_ms = 300\n");
    run(async {
        let mut client = Client::plain(scene.keyway.address()).await;
        let mut send = client.send.clone().ready().await.unwrap();
        let request = client.request(Method::POST, CHAT, &scene.key);
        let (answer, mut stream) = send.send_request(request, false).unwrap();
        stream.send_data(HI[..10].into(), false).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 408);
        assert!(text(answer.into_body()).await.unwrap().contains("request_timeout"));
        assert_eq!(client.post(CHAT, &scene.key, HI).await.status, 200);
    });
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn a_client_that_waits_for_leave_to_send_gets_it() {
    let scene = Scene::start();
    run(async {
        let client = Client::plain(scene.keyway.address()).await;
        let mut request = client.request(Method::POST, CHAT, &scene.key);
        request.headers_mut().insert("expect", HeaderValue::from_static("100-continue"));
        let mut send = client.send.clone().ready().await.unwrap();
        let (mut answer, mut stream) = send.send_request(request, false).unwrap();
        let interim = std::future::poll_fn(|cx| answer.poll_informational(cx)).await.unwrap().unwrap();
        assert_eq!(interim.status(), 100);
        stream.send_data(HI.into(), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), 200);
    });
}
