//! A node that is cut off from the database stops serving when it no longer knows what was revoked.

use super::{Fleet, MASTER, server, through};
use crate::stage;
use std::time::{Duration, Instant};
use testkit::proxy::TcpProxy as Proxy;
use testkit::{Upstream, json};

#[test]
fn timed_a_node_that_is_cut_off_refuses_at_the_set_time_and_serves_again() {
    let upstream = Upstream::start();
    let settings = [("KEYWAY_SYNC_AGE_SECONDS_MAX", "3")];
    let Some(fleet) = Fleet::start(&upstream, 1, &settings) else { return };
    let url = fleet.first.keyway.postgres_url().expect("a database");
    let proxy = Proxy::to(server(&url));
    let cut = stage::builder(&upstream)
        .sqlite()
        .env("KEYWAY_DATABASE", &through(&url, &proxy))
        .env("KEYWAY_MASTER_KEY", MASTER)
        .env("KEYWAY_LOG", "error")
        .env("KEYWAY_SYNC_AGE_SECONDS_MAX", "3")
        .start();
    let ask = |key: &str| cut.post_json("/v1/chat/completions", key, &stage::hello(false));
    let limits = json!({"name": "l", "rate_limits": {"requests_per_day": 1000}});
    let made = fleet.first.create_key(&limits);
    let (id, key) = (stage::text(&made["id"]), stage::text(&made["value"]));
    ask(&key).expect_status(200);
    proxy.black_hole(true);
    let began = Instant::now();
    fleet.first.delete(&fleet.first.key_path(&id)).expect_status(200);
    let mut last_accepted = Duration::ZERO;
    let refused = loop {
        let asked = began.elapsed();
        let answer = ask(&key);
        match answer.status {
            200 => last_accepted = asked,
            503 => break began.elapsed(),
            other => panic!("{other}: {}", answer.text()),
        }
        assert!(asked < Duration::from_secs(8), "it goes on and on");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(last_accepted < Duration::from_millis(3_300), "accepted after {last_accepted:?}");
    assert!(refused > Duration::from_millis(2_000), "refused after {refused:?}: too early");
    assert_eq!(fleet.chat(0, &key).code(), "revoked_api_key");
    // Back again it knows what happened meanwhile, and serves. What comes late of what was asked before is old.
    proxy.black_hole(false);
    testkit::eventually("the refusal", || {
        let status = ask(&key).status;
        assert_ne!(status, 200, "accepted after its revocation");
        (status == 401).then_some(())
    });
    let (_, other) = fleet.first.make_key();
    testkit::eventually("an answer", || (ask(&other).status == 200).then_some(()));
}

#[test]
fn a_node_with_another_master_key_or_an_unknown_schema_does_not_start() {
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 1, &[]) else { return };
    let url = fleet.first.keyway.postgres_url().expect("a database");
    let other = |master: &str| {
        let keyway = stage::builder(&upstream).sqlite().env("KEYWAY_MASTER_KEY", master).prepare();
        keyway.command(&["serve"]).env("KEYWAY_DATABASE", &url).output().unwrap()
    };
    let refused = other(&"11".repeat(32));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(78), "{said}");
    assert!(said.contains("another master key"), "{said}");
    let future = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                  VALUES (99999, 'later', true, ''::bytea, 0)";
    crate::database::execute_at(&url, future);
    let refused = other(MASTER);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("schema"), "{said}");
}
