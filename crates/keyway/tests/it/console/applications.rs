//! What organisations ask of the operator, at the console: asked, decided, obeyed.

use super::visitor::Visitor;
use crate::stage::bare;

const PATH: &str = "/console/applications";

/// Asks; where the request is then.
fn ask(visitor: &Visitor<'_>, kind: &str, fields: &[(&str, &str)]) -> String {
    let page = visitor.get(&format!("{PATH}?kind={kind}")).expect_status(200);
    let sent = visitor.send(&page, PATH, fields);
    let to = sent.header("location").unwrap_or_else(|| panic!("{}: {}", sent.status, sent.text()));
    to.split('?').next().unwrap_or_default().to_owned()
}

#[test]
fn a_developer_asks_and_the_operator_decides() {
    let keyway = bare().config("registration = \"open\"\n").start();
    let ada = Visitor::first(&keyway);
    let bob = Visitor::registered(&keyway, "bob@example.org");
    assert!(bob.get("/console").text().contains(PATH), "led there");
    assert!(bob.get(PATH).text().contains("Nothing was asked"));
    let page = bob.get(PATH);
    bob.send(&page, PATH, &[("purpose", " ")]).expect_status(400);
    let one = ask(
        &bob,
        "verification",
        &[("purpose", "A <b>search</b> engine"), ("website", "https://bob.example")],
    );
    let text = bob.get(&one).expect_status(200).text();
    assert!(text.contains("A &lt;b&gt;search&lt;/b&gt; engine") && text.contains("waits"), "{text}");
    assert!(!text.contains("Decide"), "not his to decide");
    bob.post(&one, &[], &[("sec-fetch-site", "same-origin")]).expect_status(403);
    // Somebody else's is not there; the operator sees everybody's.
    Visitor::registered(&keyway, "carol@example.org").get(&one).expect_status(404);
    assert!(ada.get(PATH).text().contains("Nothing was asked"), "nothing of her own");
    let list = ada.get(&format!("{PATH}?kind=verification&of=everybody")).expect_status(200).text();
    assert!(list.contains("search") && list.contains("organisation"), "{list}");
    let page = ada.get(&one).expect_status(200);
    assert!(page.text().contains("bob@example.org"));
    let decided = ada.send(&page, &one, &[("note", "Welcome."), ("tier_id", "tier_business")]);
    assert_eq!(decided.header("location"), Some(&*format!("{one}?done=decided")));
    let text = bob.get(&one).text();
    assert!(text.contains("approved") && text.contains("Welcome."), "{text}");
    ada.send(&page, &one, &[]).expect_status(409);
    let organization = ada.get("/v1/organizations?limit=100").json();
    let tiers: Vec<&str> =
        organization["data"].as_array().unwrap().iter().filter_map(|it| it["tier_id"].as_str()).collect();
    assert_eq!(tiers, ["tier_business"]);
}

#[test]
fn larger_limits_are_asked_for_and_given_as_decided() {
    let keyway = bare().config("registration = \"open\"\n").start();
    let ada = Visitor::first(&keyway);
    let bob = Visitor::registered(&keyway, "bob@example.org");
    let page = bob.get(&format!("{PATH}?kind=limit_increase")).expect_status(200);
    bob.send(&page, PATH, &[("purpose", "More")]).expect_status(400);
    bob.send(&page, PATH, &[("purpose", "More"), ("requests_per_minute", "many")]).expect_status(400);
    let asked = [("purpose", "A launch"), ("requests_per_minute", "500"), ("concurrency", "50")];
    let one = ask(&bob, "limit_increase", &asked);
    let page = ada.get(&one).expect_status(200);
    assert!(page.text().contains("Requests per minute: 500, At the same time: 50"), "{}", page.text());
    let fields = [("requests_per_minute", "300"), ("concurrency", "50"), ("note", "For now.")];
    assert_eq!(ada.send(&page, &one, &fields).status, 303);
    let limits = bob.get("/console/limits").expect_status(200).text();
    assert!(limits.contains("300") && limits.contains("50"), "{limits}");
    let two = ask(&bob, "limit_increase", &asked);
    let page = ada.get(&two);
    assert_eq!(ada.send(&page, &two, &[("reject", "yes"), ("note", "Not yet.")]).status, 303);
    let text = bob.get(&two).text();
    assert!(text.contains("rejected") && text.contains("Not yet."), "{text}");
}
