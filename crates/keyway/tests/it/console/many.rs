//! Pages about more than one page holds.

use super::visitor::Visitor;
use crate::stage::bare;
use std::collections::BTreeSet;
use testkit::{Keyway, Value, json};

/// More keys than a page of any list shows.
const KEYS: usize = 60;

fn make_keys(keyway: &Keyway, ada: &Visitor<'_>) -> BTreeSet<String> {
    let projects = keyway.json(&["project", "list"]);
    let project = projects["data"][0]["id"].as_str().unwrap_or_default().to_owned();
    let path = format!("/v1/organization/projects/{project}/api_keys");
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    let make = |number: usize| -> String {
        let body = json!({"name": format!("worker {number}")}).to_string();
        let made: Value = ada.ask("POST", &path, &headers, &body).expect_status(200).json();
        made["id"].as_str().unwrap_or_default().to_owned()
    };
    (0..KEYS).map(make).collect()
}

/// The keys that a page leads to, in its order, and where the next page is.
fn read(page: &str) -> (Vec<String>, Option<String>) {
    let ids = page.split("href=\"/console/keys/key_").skip(1).map(|rest| format!("key_{}", &rest[..26]));
    let next = page.split("rel=\"next\"").next().filter(|before| before.len() < page.len());
    let next = next.and_then(|before| before.rsplit("href=\"").next()?.split('"').next());
    (ids.collect(), next.map(|to| to.replace("&amp;", "&")))
}

#[test]
fn a_review_of_many_keys_has_each_of_them_once() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let made = make_keys(&keyway, &ada);
    let mut seen = Vec::new();
    let mut next = Some("/console/review".to_owned());
    let mut pages = 0;
    while let Some(path) = next {
        let page = ada.get(&path).expect_status(200).text();
        let (ids, more) = read(&page);
        assert!(ids.len() < KEYS, "a page shows a part");
        seen.extend(ids);
        next = more;
        pages += 1;
    }
    assert!(pages > 1 && pages < KEYS, "{pages} pages");
    let different: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(different.len(), seen.len(), "no key is there twice");
    assert!(made.is_subset(&different), "every key without an end is there");

    // One form serves every button.
    let page = ada.get("/console/review");
    assert_eq!(page.text().matches("action=\"/console/review\"").count(), 1);
    let first = seen[0].clone();
    let what = format!("{first} never_expires");
    assert!(page.text().contains(&format!("form=\"settle\" name=\"settle\" value=\"{what}\"")));
    assert_eq!(ada.send(&page, "/console/review", &[("settle", &what)]).status, 303);
    assert!(!ada.get("/console/review").text().contains(&what), "it has an end now");
}
