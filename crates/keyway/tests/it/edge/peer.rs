//! Proxies in front: whose word is taken about who the client is.

use crate::scene::{CHAT, HI, Scene, assert_error};

type Field = (&'static str, &'static str);

/// The address in the newest line of the request log.
fn seen(scene: &Scene, marker: &str) -> String {
    testkit::eventually(&format!("the line of {marker}"), || {
        let log = scene.keyway.stderr();
        let line = log.lines().find(|line| line.contains(marker) && line.contains("\"peer\""))?;
        let line: testkit::Value = serde_json::from_str(line).ok()?;
        let text = line.to_string();
        let at = text.find("\"peer\":\"")? + 8;
        Some(text[at..].split('"').next()?.to_owned())
    })
}

fn call(scene: &Scene, marker: &str, forwarded: &[Field]) -> testkit::Response {
    let bearer = format!("Bearer {}", scene.key);
    let mut headers = vec![("authorization", bearer.as_str()), ("user-agent", marker)];
    headers.extend_from_slice(forwarded);
    scene.keyway.request("GET", "/v1/models", &headers, b"")
}

#[test]
fn a_trusted_proxy_names_the_client() {
    let scene = Scene::with("trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n");
    let table: &[(&str, &[Field], &str)] = &[
        ("agent-none", &[], "127.0.0.1"),
        ("agent-one", &[("X-Forwarded-For", "203.0.113.9")], "203.0.113.9"),
        ("agent-three", &[("X-Forwarded-For", "1.1.1.1, 203.0.113.9, 10.0.0.1")], "203.0.113.9"),
        ("agent-two", &[("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "203.0.113.9")], "203.0.113.9"),
        ("agent-forwarded", &[("Forwarded", "for=203.0.113.9"), ("X-Real-IP", "203.0.113.9")], "127.0.0.1"),
    ];
    for (marker, forwarded, expected) in table {
        call(&scene, marker, forwarded).expect_status(200);
        assert_eq!(seen(&scene, marker), *expected, "{forwarded:?}");
    }
    let headers = [("x-forwarded-for", "203.0.113.9, nobody")];
    let answer = scene.keyway.request("POST", CHAT, &headers, HI.as_bytes());
    assert_error("an address that is none", &answer, 400, "invalid_request");
    assert_eq!(scene.upstream.count(), 0);
}

#[test]
fn nobody_else_is_believed() {
    let scene = Scene::with("trusted_proxies = [\"10.0.0.0/8\"]\n");
    for (marker, forwarded) in [("agent-a", "203.0.113.9"), ("agent-b", "nobody"), ("agent-c", "10.0.0.1")] {
        call(&scene, marker, &[("X-Forwarded-For", forwarded)]).expect_status(200);
        assert_eq!(seen(&scene, marker), "127.0.0.1");
    }
}
