//! What holds for every page.

use super::roles::about;
use super::visitor::Visitor;
use crate::stage::bare;
use crate::table::pages;
use keyway::relay::Route;
use testkit::Keyway;

/// A page's path, about the key that the first start made.
fn path(keyway: &Keyway, route: &Route) -> String {
    let list = keyway.json(&["key", "list"]);
    about(route, list["data"][0]["id"].as_str().unwrap_or_default())
}

#[test]
fn every_page_says_what_a_browser_may_do_with_it() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let mut seen = 0;
    for route in pages().filter(|route| route.method == "GET") {
        let answer = ada.get(&path(&keyway, route));
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{}",
            route.name
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", route.name);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", route.name);
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{}", route.name);
        let text = answer.text();
        assert!(
            !text.contains("<script>") && !text.contains(" style=") && !text.contains(" onclick="),
            "{}",
            route.name
        );
        assert!(!text.contains("http://cdn") && !text.contains("src=\"http"), "{}", route.name);
        seen += usize::from(answer.status == 200);
    }
    assert!(seen >= 9, "{seen} pages were there");
}

#[test]
fn who_is_not_signed_in_is_led_to_it_and_back() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let nobody = Visitor::new(&keyway);
    for route in pages().filter(|route| route.needs != keyway::access::verify::Needs::Nothing) {
        let answer = if route.method == "GET" {
            nobody.get(&path(&keyway, route))
        } else {
            nobody.post(&path(&keyway, route), &[], &[("sec-fetch-site", "same-origin")])
        };
        let to = answer.header("location").unwrap_or_default().to_owned();
        assert!(
            answer.status == 303 && to.starts_with("/sign-in?next="),
            "{}: {}",
            route.name,
            answer.status
        );
    }
    let to = nobody.get("/console/keys?status=active").header("location").unwrap_or_default().to_owned();
    assert_eq!(to, "/sign-in?next=%2Fconsole%2Fkeys%3Fstatus%3Dactive");
    let page = nobody.get(&to);
    let entered = nobody.send(
        &page,
        "/sign-in",
        &[("email", super::visitor::ADA), ("password", super::visitor::PASSWORD)],
    );
    assert_eq!(entered.header("location"), Some("/console/keys?status=active"));
    let page = Visitor::new(&keyway).get("/sign-in?next=https%3A%2F%2Fevil.example");
    assert!(!page.text().contains("evil"), "nobody is led elsewhere");
    ada.get("/console").expect_status(200);
}

#[test]
fn what_pages_load_is_there_for_good_under_its_name() {
    let keyway = bare().start();
    let page = Visitor::new(&keyway).get("/_/components").expect_status(200).text();
    let mut loaded = 0;
    for part in page.split(['"']).filter(|part| part.starts_with("/_/assets/")) {
        let answer = keyway.get(part, "").expect_status(200);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"), "{part}");
        loaded += 1;
    }
    assert!(loaded >= 4, "{page}");
    let whole: usize = page.len();
    assert!(whole < 100_000, "{whole} bytes");
}
