//! Webhooks at the console: made, their secret shown once, changed, tried, removed; and what could not be sent.

use super::visitor::Visitor;
use crate::stage::bare;
use testkit::eventually;

const PATH: &str = "/console/webhooks";
const MESSAGES: &str = "/console/notifications";
const URL: &str = "https://hooks.example.com/T1/secret-part";

fn secret(shown: &str) -> String {
    let rest = shown.split("value=\"whsec_").nth(1).unwrap_or_else(|| panic!("no secret in {shown}"));
    format!("whsec_{}", rest.split('"').next().unwrap_or_default())
}

/// Makes one: its path and its secret.
fn make(ada: &Visitor<'_>, name: &str) -> (String, String) {
    let page = ada.get(&format!("{PATH}/new")).expect_status(200);
    let shown = ada.send(&page, PATH, &[("name", name), ("url", URL), ("format", "standard")]);
    let shown = shown.expect_status(200).text();
    let id = shown.split("/console/webhooks/wh_").nth(1).map(|rest| rest[..26].to_owned());
    (format!("{PATH}/wh_{}", id.unwrap_or_default()), secret(&shown))
}

#[test]
fn one_is_made_changed_and_removed_and_its_secret_is_shown_once() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    assert!(ada.get(PATH).expect_status(200).text().contains("No webhooks"));
    let page = ada.get(&format!("{PATH}/new")).expect_status(200);
    for (field, value) in [("url", "ftp://x.example/"), ("url", "https://user:pw@x.example/"), ("name", "")] {
        let given = [("name", "on-call"), ("url", URL), ("format", "standard")];
        let fields = given.map(|(name, was)| if name == field { (name, value) } else { (name, was) });
        let wrong = ada.send(&page, PATH, &fields);
        let beside = format!("id=\"{field}-error\"");
        assert!(wrong.status == 400 && wrong.text().contains(&beside), "{field}: {}", wrong.text());
    }
    // A form that is sent again makes nothing again, and shows nothing again.
    let fields = [("name", "once"), ("url", URL), ("format", "slack")];
    assert!(secret(&ada.send(&page, PATH, &fields).expect_status(200).text()).len() > 20);
    let again = ada.send(&page, PATH, &fields).expect_status(303);
    let once = again.header("location").unwrap_or_default().to_owned();
    assert!(ada.get(&once).expect_status(200).text().contains("A text for Slack"));

    let (path, first) = make(&ada, "on-call");
    let one = ada.get(&path).expect_status(200);
    assert!(one.text().contains("https://hooks.example.com/\u{2026}"), "{}", one.text());
    assert!(!one.text().contains(&first) && !one.text().contains("secret-part"), "{}", one.text());
    let fields = [("do", "edit"), ("name", "pager"), ("url", "")];
    let saved = ada.send(&one, &path, &fields).expect_status(303);
    assert_eq!(saved.header("location"), Some(&*format!("{path}?done=saved")));
    let wrong = ada.send(&one, &path, &[("do", "edit"), ("name", "pager"), ("url", "nothing")]);
    assert!(wrong.status == 400 && wrong.text().contains("id=\"url-error\""), "{}", wrong.text());
    ada.send(&one, &path, &[("do", "off")]).expect_status(303);
    let off = ada.get(&path).text();
    assert!(off.contains("Turn it on") && !off.contains("Send a test") && off.contains("<h1>pager</h1>"));
    let refused = ada.send(&one, &path, &[("do", "test")]);
    assert!(refused.status == 409 && refused.text().contains("Enable it first"), "{}", refused.text());
    let list = |query: &str| ada.get(&format!("{PATH}{query}")).expect_status(200).text();
    assert!(list("").contains(">pager</a>") && list("").contains(">once</a>"));
    assert!(list("?state=off").contains(">pager</a>") && !list("?state=off").contains(">once</a>"));
    assert!(list("?q=PAG&state=on").contains("No webhook is like that"));

    let rotate = format!("{path}/rotate");
    let asked = ada.get(&rotate).expect_status(200);
    let second = secret(&ada.send(&asked, &rotate, &[]).expect_status(200).text());
    assert_ne!(first, second);
    let gone = ada.send(&one, &format!("{path}/remove"), &[]).expect_status(303);
    assert_eq!(gone.header("location"), Some(&*format!("{PATH}?done=removed")));
    ada.get(&path).expect_status(404);
    let log = ada.get("/console/audit?format=csv").text();
    for event in ["webhook.created", "webhook.updated", "webhook.deleted"] {
        assert!(log.contains(event), "{event}: {log}");
    }
}

#[test]
fn what_could_not_be_sent_is_listed_and_tried_anew() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    assert!(ada.get(MESSAGES).expect_status(200).text().contains("Nobody was told anything yet"));
    assert!(ada.get(&format!("{MESSAGES}?failed=true")).text().contains("Nothing was given up"));
    // Nobody is there by this name: what is sent there waits, and is given up with the webhook.
    let (path, _) = make(&ada, "nowhere");
    let one = ada.get(&path);
    let sent = ada.send(&one, &path, &[("do", "test")]).expect_status(303);
    assert_eq!(sent.header("location"), Some(&*format!("{path}?done=sent")));
    let all = ada.get(MESSAGES).expect_status(200).text();
    assert!(all.contains("webhook test") && all.contains(">nowhere</a>") && all.contains("waits"), "{all}");
    ada.send(&one, &format!("{path}/remove"), &[]).expect_status(303);
    // A try that ran meanwhile puts it off once more, until the next one finds nobody.
    let failed = eventually("the message that was given up", || {
        let page = ada.get(&format!("{MESSAGES}?failed=true")).expect_status(200);
        page.text().contains("a webhook that was removed").then_some(page)
    });
    let text = failed.text();
    let message = text.split("name=\"message\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let message = message.unwrap_or_default().to_owned();
    let replay = format!("{MESSAGES}/replay");
    let tried = ada.send(&failed, &replay, &[("message", &message)]).expect_status(303);
    assert_eq!(tried.header("location"), Some(&*format!("{MESSAGES}?failed=true&done=sent")));
    let unknown = ada.send(&failed, &replay, &[("message", "msg_01m7y800000000000000000000")]);
    assert_eq!(unknown.status, 404);
    assert!(ada.get("/console/audit?format=csv").text().contains("notification.replayed"));
}
