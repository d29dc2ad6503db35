//! Alerts at the console, and the public status page.

use super::visitor::Visitor;
use crate::scene::{HI, Scene};
use crate::stage::{self, bare};
use testkit::eventually;

#[test]
fn they_are_made_seen_snoozed_and_removed() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let list = ada.get("/console/alerts").expect_status(200).text();
    assert!(list.contains("Unusual cost of a key") && list.contains("Nothing was worth telling"), "{list}");
    let form = ada.get("/console/alerts/new").expect_status(200);
    let mut fields = [("name", "dear"), ("on", "cost"), ("threshold", "much"), ("window", "hour")];
    let wrong = ada.send(&form, "/console/alerts", &fields);
    assert!(wrong.text().contains("This must be a number"), "{}", wrong.text());
    fields[2].1 = "12.5";
    let seen = ada.send(&form, "/console/alerts", &[&fields[..], &[("do", "preview")]].concat());
    assert!(seen.text().contains("Would have fired: about 0 times in 30 days"), "{}", seen.text());
    assert!(!ada.get("/console/alerts").text().contains("dear"), "it was only looked at");
    let made = ada.send(&form, "/console/alerts", &fields).expect_status(303);
    let path = made.header("location").unwrap().split('?').next().unwrap().to_owned();
    let one = ada.get(&path).expect_status(200);
    assert!(one.text().contains("12.5") && one.text().contains("Would have fired"), "{}", one.text());
    assert!(one.text().contains("See how often"), "{}", one.text());
    assert!(ada.get(&format!("{path}?preview=yes")).text().contains("about 0 times in 30 days"));
    let wrong = ada.send(&one, &path, &[("do", "edit"), ("threshold", "20"), ("act", "limit_key")]);
    assert!(wrong.status == 400 && wrong.text().contains("whole number"), "{}", wrong.text());
    let fields = [("do", "edit"), ("threshold", "20"), ("window", "hour"), ("how", "digest")];
    ada.send(&one, &path, &fields).expect_status(303);
    let changed = ada.get(&path).text();
    assert!(changed.contains("<dd>20</dd>") && changed.contains("email once a day"), "{changed}");
    ada.send(&one, &path, &[("snooze", "3600")]).expect_status(303);
    assert!(ada.get(&path).text().contains("snoozed"));
    ada.send(&one, &path, &[("do", "off")]).expect_status(303);
    assert!(ada.get(&path).text().contains("Turn it on"));
    let sent = ada.send(&one, &path, &[("do", "test")]).expect_status(303);
    assert_eq!(sent.header("location"), Some(format!("{path}?done=sent").as_str()));
    ada.send(&one, &format!("{path}/remove"), &[]).expect_status(303);
    ada.get(&path).expect_status(404);
}

#[test]
fn the_status_page_is_the_operators_to_open() {
    let keyway = bare().start();
    assert_eq!(keyway.request("GET", "/status", &[], b"").status, 404);
    let scene = Scene::with("status_page = true");
    let page = || scene.keyway.request("GET", "/status", &[], b"").expect_status(200).text();
    assert!(page().contains("Everything works."));
    scene.chat(HI).expect_status(200);
    eventually("the provider", || page().contains("mine").then_some(()));
    scene.upstream.always(|_| testkit::Answer::error(500, "server_error", "x", "no"));
    for _ in 0..9 {
        scene.chat(HI);
    }
    eventually("its trouble", || page().contains("Some providers are failing.").then_some(()));
    for hidden in [scene.key.as_str(), "key_", "org_", "proj_", stage::MODEL] {
        assert!(!page().contains(hidden), "{hidden}");
    }
}
