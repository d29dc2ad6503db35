//! Tokens in use: what they may, whose they are, and when they end.

use crate::database;
use crate::stage::{self, MODEL, Scene, bare, hello, text};
use testkit::{Upstream, Value, json};

const FORMATS: [&str; 2] = ["opaque", "jwt"];

fn token(scene: &Scene, key: &str, format: &str, more: &Value) -> String {
    let mut body = json!({"expires_in_seconds": 600, "format": format});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    text(&scene.keyway.post_json("/v1/tokens", key, &body).expect_status(200).json()["value"])
}

#[test]
fn a_token_is_its_key_narrowed() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (id, key) = scene.make_key();
    for format in FORMATS {
        let plain = token(&scene, &key, format, &json!({}));
        let answer = scene.chat(&plain).expect_status(200);
        let row = scene.request(answer.header("x-request-id").unwrap_or_default());
        assert_eq!(row["api_key_id"], id.as_str(), "{row}");
        let listing = token(&scene, &key, format, &json!({"scopes": ["read:models"]}));
        scene.keyway.get("/v1/models", &listing).expect_status(200);
        assert_eq!(scene.chat(&listing).code(), "missing_scope");
        let sandbox = token(&scene, &key, format, &json!({"models": ["sandbox/*"]}));
        assert_eq!(scene.chat(&sandbox).code(), "model_not_allowed");
        let list = scene.keyway.get("/v1/models", &sandbox).expect_status(200).text();
        assert!(list.contains("sandbox/echo") && !list.contains(MODEL), "{list}");
        let elsewhere = token(&scene, &key, format, &json!({"ip": "192.0.2.0/24"}));
        assert_eq!(scene.chat(&elsewhere).code(), "ip_not_allowed");
        let here = token(&scene, &key, format, &json!({"ip": "127.0.0.1"}));
        scene.chat(&here).expect_status(200);
        let test = scene.create_key(&json!({"name": "t", "mode": "test"}));
        let test = token(&scene, &text(&test["value"]), format, &json!({}));
        assert_eq!(scene.chat(&test).code(), "model_not_allowed", "a test key's token tests");
        // Of a key that is bound itself.
        let bound =
            scene.create_key(&json!({"name": "b", "models": ["sandbox/*"], "endpoints": ["/v1/models"]}));
        let wide = token(&scene, &text(&bound["value"]), format, &json!({"models": ["*"]}));
        assert_eq!(scene.chat(&wide).code(), "missing_scope");
        let list = scene.keyway.get("/v1/models", &wide).expect_status(200).text();
        assert!(!list.contains(MODEL), "{list}");
    }
}

#[test]
fn a_token_dies_with_its_key() {
    let scene = Scene::start(bare());
    let works = |token: &str| scene.keyway.get("/v1/models", token);
    for format in FORMATS {
        for (verb, code) in [("disable", "disabled_api_key"), ("revoke", "revoked_api_key")] {
            let (id, key) = scene.make_key();
            // One that is known to the node already, and one that is not.
            let (known, fresh) =
                (token(&scene, &key, format, &json!({})), token(&scene, &key, format, &json!({})));
            works(&known).expect_status(200);
            let path = scene.key_path(&id);
            if verb == "revoke" {
                scene.delete(&path).expect_status(200);
            } else {
                scene.post(&format!("{path}/{verb}"), &json!({})).expect_status(200);
            }
            for token in [&known, &fresh] {
                let answer = works(token);
                assert_eq!((answer.status, answer.code().as_str()), (401, code), "{format}");
            }
            if verb == "disable" {
                scene.post(&format!("{path}/enable"), &json!({})).expect_status(200);
                works(&known).expect_status(200);
            }
        }
        // Narrowing the key narrows what was made from it.
        let (id, key) = scene.make_key();
        let made = token(&scene, &key, format, &json!({}));
        works(&made).expect_status(200);
        scene.post(&scene.key_path(&id), &json!({"scopes": []})).expect_status(200);
        assert_eq!(works(&made).code(), "missing_scope");
    }
}

#[test]
fn a_token_dies_with_the_secret_it_was_made_with() {
    let scene = Scene::start(bare());
    for format in FORMATS {
        let (id, old) = scene.make_key();
        let path = scene.key_path(&id);
        let of_old = token(&scene, &old, format, &json!({}));
        scene.keyway.get("/v1/models", &of_old).expect_status(200);
        let rotated = scene.post(&format!("{path}/rotate"), &json!({"overlap_seconds": 600}));
        let new = text(&rotated.expect_status(200).json()["value"]);
        let of_new = token(&scene, &new, format, &json!({}));
        scene.keyway.get("/v1/models", &of_old).expect_status(200);
        let kid = &old["sk-kw-live-".len()..][..12];
        scene.delete(&format!("{path}/secrets/{kid}")).expect_status(200);
        assert_eq!(scene.keyway.get("/v1/models", &of_old).code(), "invalid_api_key", "{format}");
        scene.keyway.get("/v1/models", &of_new).expect_status(200);
        scene.post(&format!("{path}/rotate"), &json!({"overlap_seconds": 0})).expect_status(200);
        assert_eq!(scene.keyway.get("/v1/models", &of_new).code(), "expired_api_key", "{format}");
    }
}

#[test]
fn a_running_stream_of_a_token_ends_with_its_key() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    for format in FORMATS {
        let (id, key) = scene.make_key();
        let made = token(&scene, &key, format, &json!({}));
        let gap = std::time::Duration::from_millis(30);
        upstream.push(testkit::Answer::ok().text(&"word ".repeat(1000)).frame_gap(gap));
        let (head, mut connection) = scene.keyway.stream("/v1/chat/completions", &made, &hello(true));
        assert_eq!(head.status, 200);
        connection.event().expect("an event");
        scene.delete(&scene.key_path(&id)).expect_status(200);
        let rest = stage::events(&mut connection);
        assert!(rest.last().is_some_and(|last| last.contains("revoked_api_key")), "{rest:?}");
    }
}

#[test]
fn a_token_ends_in_time() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    for format in FORMATS {
        let body = json!({"expires_in_seconds": 1, "format": format});
        let made = scene.keyway.post_json("/v1/tokens", &key, &body).expect_status(200).json();
        let made = text(&made["value"]);
        testkit::eventually("the token's end", || {
            (scene.keyway.get("/v1/models", &made).code() == "expired_api_key").then_some(())
        });
    }
}

#[test]
fn tokens_outlive_a_restart_and_are_kept_as_digests() {
    let mut scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    let tokens: Vec<String> = FORMATS.iter().map(|format| token(&scene, &key, format, &json!({}))).collect();
    scene.keyway.restart();
    for token in &tokens {
        scene.keyway.get("/v1/models", token).expect_status(200);
    }
    let rows = database::rows(&scene.keyway, "SELECT kid, digest, narrowed FROM ephemeral_tokens");
    assert!(rows.iter().flatten().flatten().all(|cell| !cell.contains(&tokens[0][18..])));
}

/// The last character is one of a checksum that may be any, `0` too.
fn with_another_end(token: &str) -> String {
    let (rest, end) = token.split_at(token.len() - 1);
    format!("{rest}{}", if end == "0" { "1" } else { "0" })
}

#[test]
fn what_is_no_token_of_ours_is_told_nothing() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    let nothing = scene.keyway.get("/v1/models", "nonsense").text();
    let (opaque, jwt) = (token(&scene, &key, "opaque", &json!({})), token(&scene, &key, "jwt", &json!({})));
    let [head, body, signature]: [&str; 3] = jwt.split('.').collect::<Vec<_>>().try_into().unwrap();
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoia3ctYXQrand0In0";
    let bad = [
        with_another_end(&opaque),
        opaque.to_lowercase(),
        opaque.replace("ek-kw-", "sk-kw-live-"),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        format!("{unsigned}.{body}."),
        format!("{unsigned}.{body}.{signature}"),
        format!("{head}.{body}.{}", "A".repeat(86)),
        format!("{head}.{head}.{signature}"),
        format!("{body}.{head}.{signature}"),
        "eyJ".to_owned(),
        "eyJ.eyJ.eyJ".to_owned(),
        // Well-formed, and nobody's.
        "ek-kw-AAAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB000000".to_owned(),
    ];
    for bad in &bad {
        let answer = scene.keyway.get("/v1/models", bad);
        assert_eq!((answer.status, answer.text()), (401, nothing.clone()), "{bad}");
    }
    for good in [&opaque, &jwt] {
        scene.keyway.get("/v1/models", good).expect_status(200);
    }
    // Another installation's tokens are nobody's here.
    let other = Scene::start(bare());
    let (_, theirs) = other.make_key();
    for format in FORMATS {
        let theirs = token(&other, &theirs, format, &json!({}));
        assert_eq!(scene.keyway.get("/v1/models", &theirs).text(), nothing);
    }
}

#[test]
fn the_published_keys_are_those_that_sign() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    let answer = scene.keyway.request("GET", "/.well-known/jwks.json", &[], b"").expect_status(200);
    let keys = answer.json();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"]),
            (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
        );
        assert!(key.get("d").is_none() && text(&key["x"]).len() == 43, "{key}");
    }
    let jwt = token(&scene, &key, "jwt", &json!({}));
    let mut scene = scene;
    scene.keyway.restart();
    let after = scene.keyway.request("GET", "/.well-known/jwks.json", &[], b"").json();
    assert_eq!(after["keys"].as_array().unwrap(), keys, "a restart changes no key");
    scene.keyway.get("/v1/models", &jwt).expect_status(200);
}

#[test]
fn a_token_is_told_that_it_is_one() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    assert_eq!(scene.keyway.get("/v1/key", &key).expect_status(200).json()["token"], Value::Null);
    for format in FORMATS {
        let body = json!({"expires_in_seconds": 600, "format": format, "scopes": ["read:models"],
            "models": ["sandbox/*"], "ip": "127.0.0.0/8"});
        let made = scene.keyway.post_json("/v1/tokens", &key, &body).expect_status(200).json();
        let shown = scene.keyway.get("/v1/key", &text(&made["value"])).expect_status(200).json();
        assert_eq!((&shown["id"], &shown["scopes"]), (&json!(id), &json!(["read:models"])), "{shown}");
        assert_eq!((&shown["read_only"], &shown["expires_at"]), (&json!(true), &made["expires_at"]));
        let token = &shown["token"];
        assert_eq!((&token["object"], &token["id"]), (&json!("ephemeral_token"), &made["id"]), "{token}");
        assert_eq!((&token["api_key_id"], &token["expires_at"]), (&json!(id), &made["expires_at"]));
        assert_eq!(
            token["narrowed"],
            json!({"scopes": ["read:models"], "models": ["sandbox/*"], "ip": "127.0.0.0/8"})
        );
        assert!(!shown.to_string().contains("ek-kw-"));
    }
}
