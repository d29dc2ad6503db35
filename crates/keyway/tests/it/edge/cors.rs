//! Browsers.

use crate::scene::{CHAT, HI, HI_STREAM, Scene};
use testkit::{Response, eventually, json};

const PAGE: (&str, &str) = ("origin", "https://page.example");

fn ask(scene: &Scene, path: &str) -> Response {
    let headers = [
        PAGE,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    scene.keyway.request("OPTIONS", path, &headers, b"")
}

#[test]
fn a_page_may_ask_about_the_data_plane_without_a_key() {
    let scene = Scene::start();
    let table = [
        (CHAT, "POST, OPTIONS"),
        ("/openai/v1/chat/completions", "POST, OPTIONS"),
        ("/v1/models", "GET, HEAD, OPTIONS"),
        ("/v1/models/mine/small", "GET, HEAD, OPTIONS"),
        ("/v1/key", "GET, HEAD, OPTIONS"),
    ];
    for (path, methods) in table {
        let answer = ask(&scene, path).expect_status(204);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-allow-methods"), Some(methods), "{path}");
        assert_eq!(answer.header("access-control-allow-headers"), Some("authorization, *"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
        assert!(answer.body.is_empty() && answer.header("set-cookie").is_none());
    }
    for path in ["/v1/organization/projects", "/healthz", "/metrics", "/nothing"] {
        let answer = ask(&scene, path);
        assert!([404, 405].contains(&answer.status), "{path}: {}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[test]
fn a_page_may_read_answers_of_the_data_plane_alone() {
    let scene = Scene::start();
    let bearer = format!("Bearer {}", scene.key);
    let key = ("authorization", bearer.as_str());
    for body in [HI, HI_STREAM] {
        let answer = scene.keyway.request("POST", CHAT, &[PAGE, key], body.as_bytes()).expect_status(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-expose-headers"), Some("*"));
    }
    let refused = scene.keyway.request("GET", "/v1/models", &[PAGE], b"").expect_status(401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    let elsewhere = scene.keyway.request("POST", CHAT, &[key], HI.as_bytes()).expect_status(200);
    assert_eq!(elsewhere.header("access-control-allow-origin"), None);
    let (_, admin) = scene.keyway.make_admin_key("root");
    let admin = format!("Bearer {admin}");
    let headers = [PAGE, ("authorization", admin.as_str())];
    let managed = scene.keyway.request("GET", "/v1/organization/projects", &headers, b"").expect_status(200);
    assert_eq!(managed.header("access-control-allow-origin"), None);
}

#[test]
fn a_live_key_in_a_page_is_served_and_told_of_once() {
    let scene = Scene::start();
    let (id, live) = scene.keyway.make_key("for a page");
    let test = scene.keyway.json(&["key", "create", "--name", "t", "--test"]);
    let test = test["value"].as_str().unwrap();
    for key in [live.as_str(), &live, test] {
        let bearer = format!("Bearer {key}");
        scene
            .keyway
            .request("GET", "/v1/models", &[PAGE, ("authorization", &bearer)], b"")
            .expect_status(200);
    }
    let log = scene.keyway.stderr();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("used in a browser")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].contains(&id) && warnings[0].contains("https://page.example"), "{warnings:?}");
    assert!(!log.contains(&live));
    let (_, admin) = scene.keyway.make_admin_key("root");
    let metrics = scene.keyway.get("/metrics", &admin).expect_status(200).text();
    assert!(metrics.contains("keyway_live_key_in_browser_total 2\n"), "{metrics}");
}

#[test]
fn a_live_key_in_a_page_is_shown_until_it_is_rotated() {
    let scene = Scene::start();
    let (_, admin) = scene.keyway.make_admin_key("root");
    let (id, live) = scene.keyway.make_key("for a page");
    let project = scene.keyway.json(&["key", "show", &id])["project_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/organization/projects/{project}/api_keys/{id}");
    let shown = || scene.keyway.get(&path, &admin).expect_status(200).json()["exposed_in_browser"].clone();
    let ask = |secret: &str, origin: &str| {
        let bearer = format!("Bearer {secret}");
        let headers = [("origin", origin), ("authorization", bearer.as_str())];
        scene.keyway.request("GET", "/v1/models", &headers, b"").expect_status(200);
    };
    assert!(shown().is_null());
    // A token is made for a page.
    let token = scene.keyway.post_json("/v1/tokens", &live, &json!({"expires_in_seconds": 60}));
    ask(token.expect_status(200).json()["value"].as_str().unwrap(), "https://page.example");
    ask(&live, "https://page.example:8443");
    ask(&live, "https://second.example");
    let seen = eventually("the exposure", || Some(shown()).filter(|seen| !seen.is_null()));
    assert_eq!(seen["origin"], "page.example:8443");
    assert!(seen["at"].as_i64() > Some(1_700_000_000), "{seen}");
    let review = scene.keyway.get("/v1/organization/key_review", &admin).expect_status(200).text();
    assert!(review.contains("exposed_in_browser") && review.contains("page.example:8443"), "{review}");
    assert!(review.contains(&format!("keyway key rotate {id} --overlap 0")), "{review}");
    let rotate = json!({"overlap_seconds": 600});
    let rotated =
        scene.keyway.post_json(&format!("{path}/rotate"), &admin, &rotate).expect_status(200).json();
    assert!(shown().is_null() && rotated["exposed_in_browser"].is_null());
    // The old secret is on its way out; the new one is another matter.
    ask(&live, "https://third.example");
    ask(rotated["value"].as_str().unwrap(), "https://fourth.example");
    let seen = eventually("the exposure", || Some(shown()).filter(|seen| !seen.is_null()));
    assert_eq!(seen["origin"], "fourth.example");
}

#[test]
fn head_is_get_without_its_body() {
    let scene = Scene::start();
    let bearer = format!("Bearer {}", scene.key);
    let headers = [("authorization", bearer.as_str())];
    let mut connection = scene.keyway.connect();
    connection.send("GET", "/v1/models", &headers, b"").unwrap();
    let whole = connection.response().unwrap().expect_status(200);
    connection.send("HEAD", "/v1/models", &headers, b"").unwrap();
    let head = connection.head().unwrap();
    assert_eq!((head.status, head.header("content-length")), (200, whole.header("content-length")));
    assert_eq!(head.header("content-type"), whole.header("content-type"));
    let (_, admin) = scene.keyway.make_admin_key("root");
    let bearer = format!("Bearer {admin}");
    let mut connection = scene.keyway.connect();
    connection.send("HEAD", "/v1/organization/projects", &[("authorization", &bearer)], b"").unwrap();
    assert_eq!(connection.head().unwrap().status, 200);
    let mut connection = scene.keyway.connect();
    connection.send("HEAD", CHAT, &headers, b"").unwrap();
    assert_eq!(connection.head().unwrap().status, 405);
}
