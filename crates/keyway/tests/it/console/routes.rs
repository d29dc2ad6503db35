//! Routes at the console: a draft, what would change, the change, and back again; who would be asked.

use super::visitor::{Visitor, hidden};
use crate::stage::bare;
use testkit::{Keyway, Response};

const PATH: &str = "/console/routes";

/// A field's value on a page, by its name.
fn value(page: &str, name: &str) -> String {
    let from =
        page.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("no field {name}: {page}"));
    let value = from.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    value.replace("&quot;", "\"").replace("&amp;", "&")
}

/// Sends a form and, on the page that says what would change, applies it.
fn applied(ada: &Visitor<'_>, page: &Response, path: &str, fields: &[(&str, &str)]) -> (String, String) {
    let compared = ada.send(page, path, fields).expect_status(200);
    let done = ada.send(&compared, path, &[("do", "apply")]);
    assert_eq!(done.status, 303, "{}", done.text());
    (
        compared.text(),
        done.header("location").unwrap_or_default().split('?').next().unwrap_or_default().to_owned(),
    )
}

fn call(keyway: &Keyway, key: &str, model: &str) -> String {
    let body = testkit::json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] });
    let answer = keyway.post_json("/v1/chat/completions", key, &body).expect_status(200);
    answer.header("x-keyway-model").unwrap_or_default().to_owned()
}

#[test]
fn a_route_is_made_changed_brought_back_and_removed() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let (_, key) = keyway.make_key("k");
    assert!(ada.get(PATH).text().contains("No routes yet"));
    let page = ada.get(&format!("{PATH}/new")).expect_status(200);
    // What makes no route stands beside its field, and nothing of the form is lost.
    let wrong = [("name", "fast"), ("strategy", "priority"), ("model-1", "nobody/nothing")];
    let refused = ada.send(&page, PATH, &wrong).expect_status(400).text();
    assert_eq!(value(&refused, "model-1"), "nobody/nothing");
    let fields = [
        ("name", "fast"),
        ("strategy", "priority"),
        ("model-1", "sandbox/slow"),
        ("place-1", "2"),
        ("model-2", "sandbox/echo"),
        ("place-2", "1"),
        ("affinity", "yes"),
    ];
    let (compared, one) = applied(&ada, &page, PATH, &fields);
    assert!(compared.contains("<ins>1. sandbox/echo, weight 1, for every request</ins>"), "{compared}");
    assert_eq!(call(&keyway, &key, "fast"), "sandbox/echo");
    // A change is shown before it is made, and leaves what it does not name.
    let page = ada.get(&format!("{one}/edit")).expect_status(200);
    assert_eq!(
        (value(&page.text(), "model-1"), value(&page.text(), "model-2")),
        ("sandbox/echo".into(), "sandbox/slow".into())
    );
    let narrower =
        [("strategy", "priority"), ("model-1", "sandbox/echo"), ("weight-1", "3"), ("affinity", "yes")];
    let (compared, _) = applied(&ada, &page, &one, &narrower);
    assert!(compared.contains("<del>2. sandbox/slow") && !compared.contains("Sessions"), "{compared}");
    // What it said earlier is one step away.
    let page = ada.get(&one).expect_status(200);
    let (compared, _) = applied(&ada, &page, &one, &[("do", "compare")]);
    assert!(compared.contains("<ins>2. sandbox/slow"), "{compared}");
    let edit = ada.get(&format!("{one}/edit")).expect_status(200);
    let again = ada.send(&edit, &one, &fields).expect_status(200);
    assert!(again.text().contains("Nothing would change"), "{}", again.text());
    let page = ada.get(&format!("{PATH}/new"));
    let taken = ada.send(&ada.send(&page, PATH, &fields), PATH, &[("do", "apply")]).expect_status(409);
    assert!(taken.text().contains("is taken"), "{}", taken.text());
    let page = ada.get(&one);
    assert_eq!(ada.send(&page, &format!("{one}/remove"), &[]).status, 303);
    ada.get(&one).expect_status(404);
    let body = testkit::json!({ "model": "fast", "messages": [] });
    let _ = keyway.post_json("/v1/chat/completions", &key, &body).expect_status(404);
}

#[test]
fn the_simulator_says_who_would_be_asked_and_why() {
    let config = "[routes.\"team/quick\"]\ntargets = [{ model = \"sandbox/slow\", needs = [\"tools\"] }, { model = \"sandbox/echo\" }]\n";
    let keyway = bare().config(config).start();
    let ada = Visitor::first(&keyway);
    let (id, _) = keyway.make_key("k");
    let list = ada.get(PATH).text();
    assert!(list.contains("the configuration file") && list.contains("config%3Ateam%2Fquick"), "{list}");
    let one = format!("{PATH}/config%3Ateam%2Fquick");
    let page = ada.get(&one).expect_status(200);
    assert!(
        page.text().contains("requests in need of tools") && !page.text().contains("/edit"),
        "{}",
        page.text()
    );
    let form = hidden(&ada.get(&format!("{PATH}/new")).text(), PATH);
    ada.post(&one, &form, &[("sec-fetch-site", "same-origin")]).expect_status(409);
    let simulate = |query: &str| ada.get(&format!("{PATH}/simulator?{query}"));
    let plain = simulate("model=team%2Fquick").expect_status(200).text();
    assert!(plain.contains("it would be sent") && plain.contains("not asked"), "{plain}");
    let tools = simulate(&format!("model=team%2Fquick&needs=tools&key={id}")).expect_status(200).text();
    assert!(tools.contains("asked first") && !tools.contains("not asked"), "{tools}");
    let nobody = simulate("model=team%2Fquick&key=key_00000000000000000000000000").expect_status(400).text();
    assert!(nobody.contains("There is no such key"), "{nobody}");
    assert!(simulate("model=nothing").expect_status(200).text().contains("it would be refused"));
    simulate("model=auto&max_tokens=many").expect_status(400);
    assert!(!simulate("").expect_status(200).text().contains("What would happen"));
}
