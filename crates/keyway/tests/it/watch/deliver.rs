//! Messages reach people and programs: once each, whoever is busy, slow or gone meanwhile.

use super::smtp::Smtp;
use crate::database;
use crate::routes::v1::organization::{member, refused};
use crate::stage::{Scene, bare, text};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use testkit::upstream::Request;
use testkit::{Answer, Keyway, Upstream, Value, eventually, json, within};

const WEBHOOKS: &str = "/v1/organization/webhooks";
const NOTIFICATIONS: &str = "/v1/organization/notifications";

/// A program that is told things.
fn receiver() -> Upstream {
    Upstream::scripted(|_| Answer::json(200, &json!({})))
}

fn open_to_tests() -> testkit::keyway::Builder {
    bare().config("egress_networks = [\"127.0.0.0/8\"]")
}

/// A webhook that leads there: its id and its secret.
pub(super) fn hook(scene: &Scene, receiver: &Upstream, format: &str) -> (String, String) {
    let url = format!("http://{}/in/secret-path", receiver.address());
    let made =
        scene.post(WEBHOOKS, &json!({"name": "h", "url": url, "format": format})).expect_status(200).json();
    (text(&made["id"]), text(&made["secret"]))
}

pub(super) fn leak(scene: &Scene) -> String {
    let key = text(&scene.create_key(&json!({"name": "<leaky> & co"}))["id"]);
    scene.post(&format!("{}/compromised", scene.key_path(&key)), &json!({})).expect_status(200);
    key
}

/// Waits until every message was sent or given up.
pub(super) fn settled(scene: &Scene, seconds: u64) -> Vec<Value> {
    let all = within(Duration::from_secs(seconds), || {
        let list = scene.get_json(&format!("{NOTIFICATIONS}?limit=100"));
        let list = list["data"].as_array()?.clone();
        (!list.is_empty() && list.iter().all(|it| it["status"] != "waiting")).then_some(list)
    });
    all.expect("every message settled")
}

fn signed(request: &Request, secret: &str) -> bool {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit, Mac};
    let field = |name: &str| request.header(name).unwrap_or_default().to_owned();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(
        format!("{}.{}.{}", field("webhook-id"), field("webhook-timestamp"), request.text()).as_bytes(),
    );
    field("webhook-signature") == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[test]
fn a_leak_is_mailed_and_told_to_programs_signed_and_once() {
    let (smtp, standard, slack) = (Smtp::start(), receiver(), receiver());
    let scene = Scene::start(open_to_tests().env("KEYWAY_MAIL_SMTP", &smtp.url()));
    member(&scene, "boss@example.com", "owner");
    let (_, secret) = hook(&scene, &standard, "standard");
    hook(&scene, &slack, "slack");
    let key = leak(&scene);
    let messages = settled(&scene, 20);
    assert!(messages.len() == 3 && messages.iter().all(|it| it["status"] == "sent"), "{messages:?}");

    let event = standard.last();
    assert!(signed(&event, &secret), "{event:?}");
    assert!(!signed(&event, "whsec_AAAA"));
    let said = event.json();
    assert_eq!((&said["type"], &said["data"]["api_key_id"]), (&json!("api_key.compromised"), &json!(key)));
    assert!(said["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{said}");
    assert!(event.header("webhook-id").is_some_and(|id| messages.iter().any(|it| it["id"] == *id)));
    let said = slack.last().json();
    assert!(said["text"].as_str().is_some_and(|text| text.contains("&lt;leaky&gt; &amp; co")), "{said}");

    let mail = smtp.taken();
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].to, "boss@example.com");
    assert!(mail[0].text.contains("Subject: A key has leaked: <leaky> & co"), "{}", mail[0].text);
    assert!(mail[0].text.contains(&key) && mail[0].text.contains("Message-ID: <msg_"), "{}", mail[0].text);
    assert_eq!((standard.count(), slack.count()), (1, 1));
}

#[test]
fn who_is_busy_is_tried_again_and_holds_up_nobody() {
    let (smtp, good, hangs) = (Smtp::start(), receiver(), receiver());
    let inward =
        Upstream::scripted(|_| Answer::bytes(302, "text/plain", "").header("location", "http://127.0.0.1/"));
    hangs.always(|_| Answer::stalls());
    good.push(Answer::json(500, &json!({})));
    smtp.is_busy_for(&["boss@example.com"]);
    let scene = Scene::start(open_to_tests().env("KEYWAY_MAIL_SMTP", &smtp.url()));
    member(&scene, "boss@example.com", "owner");
    member(&scene, "chief@example.com", "admin");
    let [first, _, third] = [&good, &hangs, &inward].map(|receiver| hook(&scene, receiver, "standard").0);
    leak(&scene);
    eventually("the one that is not busy", || (smtp.taken().len() == 1).then_some(()));
    assert_eq!(smtp.taken()[0].to, "chief@example.com");
    smtp.is_busy_for(&[]);
    let state = |to: &str| {
        let list = scene.get_json(&format!("{NOTIFICATIONS}?limit=100"));
        list["data"].as_array().unwrap().iter().find(|it| it["recipient"] == to).cloned().unwrap()
    };
    let again = within(Duration::from_secs(30), || {
        let all = [state("boss@example.com"), state(&first)];
        all.iter().all(|it| it["status"] == "sent").then_some(all)
    });
    let again = again.expect("both at the second try");
    assert!(again.iter().all(|it| it["attempts"] == 2), "{again:?}");
    // The same message both times, by which its receiver can tell.
    let ids: BTreeSet<_> =
        good.requests().iter().map(|it| it.header("webhook-id").unwrap().to_owned()).collect();
    assert_eq!((ids.len(), good.count()), (1, 2));
    let redirected =
        eventually("a refused redirect", || Some(state(&third)).filter(|it| it["error"].is_string()));
    assert!(redirected["error"].as_str().unwrap().contains("redirect"), "{redirected}");
    assert_eq!(redirected["status"], "waiting");
}

#[test]
fn what_is_given_up_is_listed_and_replayed() {
    let receiver = receiver();
    receiver.always(|_| Answer::json(410, &json!({})));
    let scene = Scene::start(open_to_tests());
    let (id, _) = hook(&scene, &receiver, "standard");
    let path = format!("{WEBHOOKS}/{id}");
    scene.post(&format!("{path}/test"), &json!({})).expect_status(200);
    let messages = settled(&scene, 20);
    assert_eq!((&messages[0]["status"], messages.len()), (&json!("failed"), 1), "{messages:?}");
    // Gone means gone: nothing is sent there until somebody says so.
    assert_eq!(scene.get_json(&path)["enabled"], false);
    refused(&scene.post(&format!("{path}/test"), &json!({})), 409, "conflict", None);
    receiver.always(|_| Answer::json(200, &json!({})));
    scene.post(&path, &json!({"enabled": true})).expect_status(200);
    let failed = scene.get_json(&format!("{NOTIFICATIONS}?failed=true"));
    assert_eq!(failed["data"][0]["id"], messages[0]["id"]);
    let replay = format!("{NOTIFICATIONS}/{}/replay", text(&messages[0]["id"]));
    assert_eq!(scene.post(&replay, &json!({})).expect_status(200).json()["status"], "waiting");
    assert_eq!(settled(&scene, 20)[0]["status"], "sent");
    refused(&scene.post(&replay, &json!({})), 409, "conflict", None);
    assert_eq!(scene.get_json(&format!("{NOTIFICATIONS}?failed=true"))["data"], json!([]));
}

#[test]
fn addresses_and_secrets_of_webhooks_are_nowhere() {
    let receiver = receiver();
    let scene = Scene::start(open_to_tests());
    let (id, secret) = hook(&scene, &receiver, "standard");
    scene.post(&format!("{WEBHOOKS}/{id}/test"), &json!({})).expect_status(200);
    settled(&scene, 20);
    let dump = format!("{:?}", database::everything(&scene.keyway));
    let log = scene.keyway.stderr();
    for hidden in ["secret-path", secret.as_str(), secret.trim_start_matches("whsec_")] {
        assert!(!dump.contains(hidden) && !log.contains(hidden), "{hidden}");
        assert!(!scene.get(&format!("{WEBHOOKS}/{id}")).text().contains(hidden));
    }
    // Another secret from now on.
    let rotated =
        scene.post(&format!("{WEBHOOKS}/{id}"), &json!({"rotate_secret": true})).expect_status(200).json();
    let new = text(&rotated["secret"]);
    scene.post(&format!("{WEBHOOKS}/{id}/test"), &json!({})).expect_status(200);
    settled(&scene, 20);
    assert!(new != secret && signed(&receiver.last(), &new) && !signed(&receiver.last(), &secret));
}

#[test]
fn private_addresses_are_not_asked() {
    let receiver = receiver();
    let scene = Scene::start(bare());
    let (id, _) = hook(&scene, &receiver, "standard");
    scene.post(&format!("{WEBHOOKS}/{id}/test"), &json!({})).expect_status(200);
    let refused = eventually("a refusal", || {
        let it = scene.get_json(NOTIFICATIONS)["data"][0].clone();
        it["error"].is_string().then_some(it)
    });
    assert!(refused["error"].as_str().unwrap().contains("not fetched from here"), "{refused}");
    assert_eq!(receiver.count(), 0);
}

#[test]
fn a_start_after_a_kill_goes_on_where_it_ended() {
    let receiver = receiver();
    receiver.always(|_| Answer::json(200, &json!({})).after(Duration::from_millis(300)));
    let mut scene = Scene::start(open_to_tests().sqlite());
    let (id, _) = hook(&scene, &receiver, "standard");
    for _ in 0..40 {
        scene.post(&format!("{WEBHOOKS}/{id}/test"), &json!({})).expect_status(200);
    }
    eventually("some of them", || (receiver.count() >= 5).then_some(()));
    scene.keyway.kill9();
    scene.keyway.start();
    let messages = settled(&scene, 30);
    assert!(messages.len() == 40 && messages.iter().all(|it| it["status"] == "sent"));
    each_once(&receiver, 40);
}

/// Every message came, and came again only where a server was killed between sending and noting it.
fn each_once(receiver: &Upstream, messages: usize) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for request in receiver.requests() {
        *counts.entry(request.header("webhook-id").unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(counts.len(), messages, "distinct messages");
    let again = counts.values().filter(|count| **count > 1).count();
    // Those that were being sent at the kill.
    assert!(counts.values().all(|count| *count <= 2) && again <= 32, "{again} came twice: {counts:?}");
}

fn second_node(first: &Scene, master: &str) -> Keyway {
    let url = first.keyway.postgres_url().expect("a PostgreSQL database");
    open_to_tests().sqlite().env("KEYWAY_DATABASE", &url).env("KEYWAY_MASTER_KEY", master).start()
}

#[test]
fn two_nodes_send_each_message_once_through_a_kill_of_either() {
    if testkit::postgres::server().is_none() {
        return;
    }
    let master = "5e".repeat(32);
    let receiver = receiver();
    receiver.always(|_| Answer::json(200, &json!({})).after(Duration::from_millis(100)));
    let mut scene = Scene::start(open_to_tests().env("KEYWAY_MASTER_KEY", &master));
    let second = second_node(&scene, &master);
    let (id, _) = hook(&scene, &receiver, "standard");
    let send = |scene: &Scene, count: usize| {
        for _ in 0..count {
            scene.post(&format!("{WEBHOOKS}/{id}/test"), &json!({})).expect_status(200);
        }
    };
    // Both look at the same messages; nobody is killed: each comes exactly once.
    send(&scene, 40);
    settled(&scene, 30);
    assert_eq!(receiver.count(), 40);
    send(&scene, 50);
    eventually("some more", || (receiver.count() >= 50).then_some(()));
    scene.keyway.kill9();
    scene.keyway.start();
    let messages = settled(&scene, 90);
    assert!(messages.len() == 90 && messages.iter().all(|it| it["status"] == "sent"));
    each_once(&receiver, 90);
    drop(second);
}
