//! Where a key may stand, and what each wrong one is told.

use crate::scene::{CHAT, HI, Scene, assert_error};
use testkit::{Response, eventually};

fn with(scene: &Scene, headers: &[(&str, &str)]) -> Response {
    scene.keyway.request("POST", CHAT, headers, HI.as_bytes())
}

#[test]
fn a_key_is_read_from_three_header_fields() {
    let scene = Scene::start();
    let key = scene.key.as_str();
    let (bearer, lower, padded) =
        (format!("Bearer {key}"), format!("bearer {key}"), format!("BEARER   {key} "));
    let table: &[&[(&str, &str)]] = &[
        &[("authorization", &bearer)],
        &[("AUTHORIZATION", &lower)],
        &[("Authorization", &padded)],
        &[("x-api-key", key)],
        &[("X-API-Key", key)],
        &[("x-goog-api-key", key)],
        &[("authorization", &bearer), ("x-api-key", key), ("x-goog-api-key", key)],
        &[("api-key", "other"), ("cookie", "key=other"), ("authorization", &bearer)],
    ];
    for headers in table {
        let answer = with(&scene, headers);
        assert_eq!(answer.status, 200, "{headers:?}: {}", answer.text());
    }
}

#[test]
fn several_keys_are_refused() {
    let scene = Scene::start();
    let key = scene.key.as_str();
    let (_, other) = scene.keyway.make_key("other");
    let (bearer, other_bearer) = (format!("Bearer {key}"), format!("Bearer {other}"));
    let table: &[&[(&str, &str)]] = &[
        &[("authorization", &bearer), ("x-api-key", &other)],
        &[("authorization", &bearer), ("x-goog-api-key", "nonsense")],
        &[("x-api-key", key), ("x-goog-api-key", &other)],
        &[("authorization", &bearer), ("authorization", &other_bearer)],
        &[("authorization", &bearer), ("authorization", &bearer)],
    ];
    for headers in table {
        assert_error(&format!("{headers:?}"), &with(&scene, headers), 400, "ambiguous_credentials");
    }
    assert_eq!(scene.upstream.count(), 0);
}

#[test]
fn a_bad_key_is_told_nothing_more() {
    let scene = Scene::start();
    let key = scene.key.as_str();
    // Another secret for the same public handle, its checksum made good.
    let body = &key[..key.len() - 6];
    let (head, last) = body.split_at(body.len() - 1);
    let wrong = with_checksum(&format!("{head}{}", if last == "a" { "b" } else { "a" }));
    let unknown = with_checksum(&format!("sk-kw-live-{}", "A".repeat(55)));
    let other_kind = key.replace("sk-kw-live-", "sk-kw-test-");
    let bearer = |key: &str| format!("Bearer {key}");
    let values = [
        bearer(&wrong),
        bearer(&unknown),
        bearer(&other_kind),
        bearer(&with_checksum(&other_kind[..other_kind.len() - 6])),
        bearer(&key[..key.len() - 1]),
        bearer(&format!("{key}x")),
        bearer("sk-proj-abcdefghijklmnopqrstuvwxyz"),
        bearer(""),
        bearer("\u{e9}"),
        bearer(&"x".repeat(5000)),
        format!("Basic {key}"),
        key.to_owned(),
        format!("Bearer {key} {key}"),
        String::new(),
    ];
    let absent = with(&scene, &[]);
    assert_error("absent", &absent, 401, "invalid_api_key");
    let shape = |answer: &Response| {
        let mut names: Vec<_> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        (answer.status, answer.text(), names)
    };
    for value in &values {
        let answer = with(&scene, &[("authorization", value)]);
        assert_eq!(shape(&answer), shape(&absent), "{value}");
    }
    for name in ["x-api-key", "x-goog-api-key"] {
        assert_eq!(shape(&with(&scene, &[(name, &wrong)])), shape(&absent));
    }
    for query in ["key", "api_key", "api-key", "access_token", "token"] {
        let path = format!("{CHAT}?{query}={key}");
        assert_eq!(shape(&scene.keyway.request("POST", &path, &[], HI.as_bytes())), shape(&absent));
    }
    assert_eq!(scene.upstream.count(), 0);
}

#[test]
fn only_the_right_secret_learns_why_it_is_refused() {
    let scene = Scene::start();
    let make = |arguments: &[&str]| {
        let made = scene.keyway.json(&[&["key", "create", "--name", "k"], arguments].concat());
        (made["id"].as_str().unwrap().to_owned(), made["value"].as_str().unwrap().to_owned())
    };
    let (disabled, disabled_key) = make(&[]);
    let (revoked, revoked_key) = make(&[]);
    let (_, expired_key) = make(&["--expires", "1s"]);
    assert_eq!(scene.keyway.post_bytes(CHAT, &disabled_key, HI.as_bytes()).status, 200);
    let _ = scene.keyway.json(&["key", "disable", &disabled]);
    let _ = scene.keyway.json(&["key", "revoke", &revoked, "--yes"]);
    let keys = [
        (&disabled_key, "disabled_api_key"),
        (&revoked_key, "revoked_api_key"),
        (&expired_key, "expired_api_key"),
    ];
    for (key, code) in keys {
        // A command's change reaches the server through the feed.
        let answer = eventually(code, || {
            let answer = scene.keyway.post_bytes(CHAT, key, HI.as_bytes());
            // One that was running then is cut, and told that alone.
            let cut = answer.text().contains("while the request was running");
            (answer.status != 200 && !cut).then_some(answer)
        });
        assert_error(code, &answer, 401, code);
        let body = &key[..key.len() - 6];
        let (head, last) = body.split_at(body.len() - 1);
        let wrong = with_checksum(&format!("{head}{}", if last == "a" { "b" } else { "a" }));
        let answer = scene.keyway.post_bytes(CHAT, &wrong, HI.as_bytes());
        assert_error("the wrong secret", &answer, 401, "invalid_api_key");
    }
    let _ = scene.keyway.json(&["key", "enable", &disabled]);
    eventually("an enabled key", || {
        (scene.keyway.post_bytes(CHAT, &disabled_key, HI.as_bytes()).status == 200).then_some(())
    });
}

#[test]
fn a_key_of_the_wrong_kind_is_told_which_is_needed() {
    let scene = Scene::start();
    let (_, admin) = scene.keyway.make_admin_key("admin");
    for (method, path) in [("POST", CHAT), ("GET", "/v1/models"), ("GET", "/v1/key")] {
        let bearer = format!("Bearer {admin}");
        let answer = scene.keyway.request(method, path, &[("authorization", &bearer)], b"{}");
        assert_error(path, &answer, 403, "wrong_key_type");
        assert!(answer.text().contains("project key"), "{}", answer.text());
    }
    for path in ["/v1/organization/projects", "/v1/organization/requests", "/metrics"] {
        let answer = scene.keyway.get(path, &scene.key);
        assert_error(path, &answer, 403, "wrong_key_type");
        assert!(answer.text().contains("admin key"), "{}", answer.text());
    }
}

#[test]
fn a_key_without_the_scope_is_told_which_is_missing() {
    let scene = Scene::start();
    let make = |scope: &str| {
        let made = scene.keyway.json(&["key", "create", "--name", "k", "--scope", scope]);
        made["value"].as_str().unwrap().to_owned()
    };
    let (models, chat) = (make("read:models"), make("create:chat_completions"));
    let answer = scene.keyway.post_bytes(CHAT, &models, HI.as_bytes());
    assert_error("chat", &answer, 403, "missing_scope");
    assert!(answer.text().contains("create:chat_completions"), "{}", answer.text());
    let answer = scene.keyway.get("/v1/models", &chat);
    assert_error("models", &answer, 403, "missing_scope");
    assert!(answer.text().contains("read:models"), "{}", answer.text());
    assert_eq!(scene.keyway.post_bytes(CHAT, &chat, HI.as_bytes()).status, 200);
    assert_eq!(scene.keyway.get("/v1/models", &models).status, 200);
    assert_eq!(scene.upstream.count(), 1);
}

/// A key with the checksum that fits it: CRC-32 of everything before, six digits of base 62.
fn with_checksum(text: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = !0_u32;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let mut rest = !crc;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    format!("{text}{}", String::from_utf8_lossy(&digits))
}

#[test]
fn the_checksum_of_these_tests_is_that_of_real_keys() {
    let scene = Scene::start();
    assert_eq!(with_checksum(&scene.key[..scene.key.len() - 6]), scene.key);
}
