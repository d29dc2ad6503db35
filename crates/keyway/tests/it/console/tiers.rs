//! Tiers at the console: looked at, made, changed, given, and what waits for the operator.

use super::visitor::{PASSWORD, Visitor};
use crate::stage::bare;
use testkit::{Keyway, Value, eventually};

const PATH: &str = "/console/tiers";

fn register<'a>(keyway: &'a Keyway, email: &str) -> Visitor<'a> {
    let visitor = Visitor::new(keyway);
    let page = visitor.get("/register").expect_status(200);
    visitor.send(&page, "/register", &[("name", "Bob"), ("email", email), ("password", PASSWORD)]);
    eventually("the account", || (visitor.sign_in(email, PASSWORD).status == 303).then_some(()));
    visitor
}

/// A tier as the API has it.
fn tier(ada: &Visitor<'_>, id: &str) -> Value {
    ada.get(&format!("/v1/organization/tiers/{id}")).expect_status(200).json()
}

#[test]
fn the_operator_makes_a_tier_and_changes_it() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = ada.get(PATH).expect_status(200);
    assert!(page.text().contains("predefined") && page.text().contains("developer"), "{}", page.text());
    let fields = [
        ("name", "partner"),
        ("starting_credit_usd", "12.50"),
        ("markup", "2.5"),
        ("models", "sandbox/*\nopenai/*"),
        ("capabilities", "tools"),
        ("capabilities", "image_input"),
        ("requests_per_minute", "600"),
    ];
    let made = ada.send(&page, PATH, &fields);
    let to = made.header("location").unwrap_or_else(|| panic!("{}", made.text())).to_owned();
    let path = to.strip_suffix("?done=made").unwrap_or_default().to_owned();
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    let made = tier(&ada, &id);
    assert_eq!(made["markup_ppm"], 25_000, "{made}");
    assert_eq!(made["rate_limits"]["requests_per_minute"], 600, "{made}");
    assert_eq!(made["models"].as_array().map(Vec::len), Some(2), "{made}");
    assert_eq!(made["capabilities"].as_array().map(Vec::len), Some(2), "{made}");
    let one = ada.get(&path).expect_status(200);
    for part in ["12.5", "value=\"2.5\"", "sandbox/*", "no limit", "0 organisations have it"] {
        assert!(one.text().contains(part), "{part}: {}", one.text());
    }
    // What is wrong is said beside its field, and what was typed stays.
    for (field, value, id) in [
        ("markup", "a lot", "markup-error"),
        ("concurrency", "0", "concurrency-error"),
        ("starting_credit_usd", "ten", "starting_credit_usd-error"),
        ("name", "developer", "name-error"),
    ] {
        let refused = ada.send(&one, &path, &[(field, value)]);
        assert!(refused.status == 400 && refused.text().contains(id), "{field}: {}", refused.text());
    }
    // An empty field is none: no limit, every model.
    let fields: Vec<(&str, &str)> = ["image_input", "audio_input", "file_input", "audio_output", "tools"]
        .iter()
        .map(|name| ("capabilities", *name))
        .chain([("name", "partner"), ("tokens_per_day", "1000000")])
        .collect();
    let saved = ada.send(&one, &path, &fields);
    assert_eq!(saved.header("location"), Some(&*format!("{path}?done=saved")), "{}", saved.text());
    let now = tier(&ada, &id);
    assert!(now["models"].is_null() && now["capabilities"].is_null(), "{now}");
    assert!(now["rate_limits"]["requests_per_minute"].is_null(), "{now}");
    assert_eq!(
        (now["markup_ppm"].as_u64(), now["rate_limits"]["tokens_per_day"].as_u64()),
        (Some(0), Some(1_000_000))
    );
    let list = ada.get(&format!("{PATH}?q=PART")).text();
    assert!(list.contains("partner") && !list.contains("tier_developer"), "{list}");
    assert!(ada.get(&format!("{PATH}?q=nothing")).text().contains("No tier is like that"));
    let csv = ada.get(&format!("{PATH}?format=csv")).expect_status(200);
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        csv.text().lines().any(|line| line.contains("partner") && line.contains("1000000")),
        "{}",
        csv.text()
    );
    ada.get(&format!("{PATH}/tier_01m7y800000000000000000000")).expect_status(404);
    let log = ada.get("/console/audit?format=csv").text();
    assert!(log.contains("tier.created") && log.contains("tier.updated"), "{log}");
}

#[test]
fn what_waits_is_led_to_and_a_tier_is_given_to_an_organisation() {
    let keyway = bare().config("registration = \"open\"\n").start();
    let ada = Visitor::first(&keyway);
    assert!(ada.get(PATH).text().contains("Nobody waits"));
    let bob = register(&keyway, "bob@example.org");
    bob.get(PATH).expect_status(403);
    bob.get(&format!("{PATH}/tier_new")).expect_status(403);
    bob.post(PATH, &[], &[("sec-fetch-site", "same-origin")]).expect_status(403);
    assert!(!bob.get("/console").text().contains(PATH), "not led there");
    assert!(ada.get("/console").text().contains(PATH), "led there");
    let page = bob.get("/console/applications").expect_status(200);
    let asked = bob.send(&page, "/console/applications", &[("purpose", "A search engine for recipes")]);
    let one = asked.header("location").unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
    let list = ada.get(PATH).expect_status(200).text();
    assert!(list.contains("A search engine for recipes") && list.contains(&one), "{list}");

    let organizations = ada.get("/v1/organizations?limit=100").json();
    let all = organizations["data"].as_array().cloned().unwrap_or_default();
    let his = all.iter().find(|it| it["name"] != "Default").cloned().unwrap_or_default();
    let (id, name) = (his["id"].as_str().unwrap_or_default(), his["name"].as_str().unwrap_or_default());
    let path = format!("{PATH}/tier_business");
    let give = format!("{path}/give");
    let page = ada.get(&path).expect_status(200);
    for (named, part) in [
        ("no such name", "There is no organisation of this name."),
        ("org_01m7y800000000000000000000", "There is no organisation with this id."),
    ] {
        let refused = ada.send(&page, &give, &[("organization", named)]);
        assert!(refused.status == 400 && refused.text().contains(part), "{}", refused.text());
        assert!(refused.text().contains("value=\"business\""), "the other form stays as it is");
    }
    let has = || {
        let organizations = ada.get("/v1/organizations?limit=100").json();
        let all = organizations["data"].as_array().cloned().unwrap_or_default();
        all.iter().find(|it| it["id"] == id).map(|it| it["tier_id"].clone()).unwrap_or_default()
    };
    assert_ne!(has(), "tier_business");
    let given = ada.send(&page, &give, &[("organization", name)]);
    assert_eq!(given.header("location"), Some(&*format!("{path}?done=saved")), "{}", given.text());
    assert_eq!(has(), "tier_business");
    assert!(ada.get(&path).text().contains("1 organisation has it"), "{}", ada.get(&path).text());
    let other = format!("{PATH}/tier_developer");
    ada.send(&ada.get(&other), &format!("{other}/give"), &[("organization", id)]);
    assert_eq!(has(), "tier_developer");
}
