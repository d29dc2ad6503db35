//! Traces and metrics for a collector.

use crate::scene::{HI, Scene};
use testkit::{Answer, Upstream, eventually, json};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn spans_reach_a_collector_and_a_dead_one_holds_up_nobody() {
    let collector = Upstream::scripted(|_| Answer::json(200, &json!({})));
    let scene = Scene::with(&format!("otlp_endpoint = \"http://{}\"", collector.address()));
    let bearer = format!("Bearer {}", scene.key);
    let headers = [("authorization", bearer.as_str()), ("traceparent", TRACE)];
    scene.keyway.request("POST", crate::scene::CHAT, &headers, HI.as_bytes()).expect_status(200);
    // The provider is in the same trace.
    assert_eq!(scene.upstream.last().header("traceparent"), Some(TRACE));
    let told = eventually("the span", || collector.requests().into_iter().find(|it| it.path == "/v1/traces"));
    let span = told.json()["resourceSpans"][0]["scopeSpans"][0]["spans"][0].clone();
    assert_eq!((&span["traceId"], &span["parentSpanId"]), (&json!(&TRACE[3..35]), &json!(&TRACE[36..52])));
    assert!(!told.text().contains(&scene.key) && !told.text().contains("\"hi\""), "{}", told.text());
    // Whoever is not sampled is not told of, and a header that is none goes no further.
    let unsampled = TRACE.replace("-01", "-00");
    for (trace, passed) in [(unsampled.as_str(), Some(unsampled.as_str())), ("00-x-y-01", None)] {
        let headers = [("authorization", bearer.as_str()), ("traceparent", trace)];
        scene.keyway.request("POST", crate::scene::CHAT, &headers, HI.as_bytes()).expect_status(200);
        assert_eq!(scene.upstream.last().header("traceparent"), passed, "{trace}");
    }
    // A collector that hangs: requests go on as ever.
    collector.always(|_| Answer::stalls());
    for _ in 0..50 {
        scene.chat(HI).expect_status(200);
    }
    let unsampled =
        |it: &testkit::upstream::Request| it.text().matches("0af7651916cd43dd8448eb211c80319c").count();
    assert!(
        collector.requests().iter().map(unsampled).sum::<usize>() <= 2,
        "one span of that trace, sent twice at most"
    );
}

#[test]
fn without_an_endpoint_nothing_is_told() {
    let scene = Scene::start();
    scene.chat(HI).expect_status(200);
    assert!(scene.upstream.last().header("traceparent").is_none());
}
