//! What whoever runs the installation sees and does at the console: nodes, organisations, prices, rules in words.

use super::visitor::Visitor;
use crate::stage::bare;
use testkit::eventually;

const ORGANIZATIONS: &str = "/console/organizations";

#[test]
fn nodes_are_seen_with_how_they_are() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = eventually("the node's row", || {
        let page = ada.get("/console/nodes").expect_status(200).text();
        page.contains("answers you now").then_some(page)
    });
    assert!(page.contains("node_") && page.contains(env!("CARGO_PKG_VERSION")), "{page}");
    // As of any other, a slow machine may be late to say that it lives.
    eventually("a live node", || {
        ada.get("/console/nodes").text().contains("One node serves, and is live.").then_some(())
    });
    // One that ended without a word is cut off: a row as it leaves it.
    crate::database::execute(
        &keyway,
        "INSERT INTO nodes (id, boot, version, listen, started_ms, seen_ms, seen_seq, health) \
            SELECT 'node_gone', 'boot_gone', '0.0.1', '127.0.0.1:1', started_ms, seen_ms - 60000, 0, '{}' FROM nodes",
    );
    let page = eventually("one live and one cut off", || {
        let page = ada.get("/console/nodes").expect_status(200).text();
        page.contains("1 live, 1 cut off").then_some(page)
    });
    assert!(page.contains("node_gone") && page.contains("Not every node runs the same version"), "{page}");
}

#[test]
fn an_organisation_is_made_renamed_and_archived() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = ada.get(ORGANIZATIONS).expect_status(200);
    assert!(page.text().contains(">Default</a>"), "{}", page.text());
    for (fields, id) in [
        ([("name", ""), ("tier_id", "")], "name-error"),
        ([("name", "Acme"), ("tier_id", "tier_none")], "tier_id-error"),
    ] {
        let wrong = ada.send(&page, ORGANIZATIONS, &fields);
        assert!(wrong.status == 400 && wrong.text().contains(id), "{id}: {}", wrong.text());
    }
    let made = ada.send(&page, ORGANIZATIONS, &[("name", "Acme"), ("tier_id", "tier_developer")]);
    let path = made.header("location").unwrap_or_default().trim_end_matches("?done=made").to_owned();
    assert!(path.starts_with("/console/organizations/org_"), "{}", made.text());
    let one = ada.get(&path).expect_status(200);
    assert!(one.text().contains(">developer</a>"), "{}", one.text());
    let saved = ada.send(&one, &path, &[("name", "Acme Ltd"), ("tier_id", "tier_business")]);
    assert_eq!(saved.header("location"), Some(&*format!("{path}?done=saved")), "{}", saved.text());
    assert!(
        ada.get(&path).text().contains("<h1>Acme Ltd</h1>")
            && ada.get(&path).text().contains(">business</a>")
    );
    let list = |query: &str| ada.get(&format!("{ORGANIZATIONS}{query}")).expect_status(200).text();
    assert!(list("?q=ACME&status=active&tier=tier_business").contains(">Acme Ltd</a>"));
    assert!(list("?tier=tier_developer").contains("No organisation is like that"));
    assert!(list("?format=csv").contains("Acme Ltd"));
    let archive = format!("{path}/archive");
    let wrong = ada.send(&one, &archive, &[("confirm", "Acme")]);
    assert!(wrong.status == 400 && wrong.text().contains("id=\"confirm-error\""), "{}", wrong.text());
    let gone = ada.send(&one, &archive, &[("confirm", "Acme Ltd")]);
    assert_eq!(
        gone.header("location"),
        Some(&*format!("{path}?done=organization-archived")),
        "{}",
        gone.text()
    );
    let after = ada.get(&path).text();
    assert!(after.contains("archived") && !after.contains(&archive), "no button for what cannot be done");
    assert!(list("?status=archived").contains(">Acme Ltd</a>"));
    ada.get(&format!("{ORGANIZATIONS}/org_01m7y800000000000000000000")).expect_status(404);
}

#[test]
fn a_price_is_set_on_the_models_page_and_one_to_come_is_taken_back() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let path = "/console/models/sandbox%2Fecho";
    let page = ada.get(path).expect_status(200);
    for (fields, id) in [
        ([("input", "1"), ("output", ""), ("effective_on", "")], "output-error"),
        ([("input", "a lot"), ("output", "2"), ("effective_on", "")], "input-error"),
        ([("input", "1"), ("output", "2"), ("effective_on", "2001-01-01")], "effective_on-error"),
    ] {
        let wrong = ada.send(&page, "/console/prices", &fields);
        assert!(wrong.status == 400 && wrong.text().contains(id), "{id}: {}", wrong.text());
    }
    let set = |on: &str, output: &str| {
        let fields =
            [("input", "1.25"), ("output", output), ("effective_on", on), ("source", "our contract")];
        let set = ada.send(&page, "/console/prices", &fields);
        assert_eq!(set.header("location"), Some(&*format!("{path}?done=saved")), "{}", set.text());
    };
    set("", "7.50");
    set("2100-01-31", "8");
    let page = ada.get(path).expect_status(200);
    let text = page.text();
    assert!(text.contains("$7.50") && text.contains("our contract") && text.contains("to come"), "{text}");
    let price = text.split("name=\"price\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let price = price.unwrap_or_else(|| panic!("no price to take back in {text}")).to_owned();
    let gone = ada.send(&page, "/console/prices/remove", &[("price", &price)]);
    assert_eq!(gone.header("location"), Some(&*format!("{path}?done=removed")), "{}", gone.text());
    let text = ada.get(path).text();
    assert!(!text.contains("to come") && text.contains("$7.50"), "{text}");
    let log = ada.get("/console/audit?format=csv").text();
    assert!(log.contains("price.created") && log.contains("price.deleted"), "{log}");
}

#[test]
fn the_simulator_says_its_rules_in_words() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let key = keyway.json(&["key", "create", "--name", "backend", "--test", "--model", "sandbox/echo"]);
    let key = key["id"].as_str().unwrap_or_default();
    let ask = |model: &str| {
        let path = format!("/console/routes/simulator?model={model}&key={key}");
        ada.get(&path).expect_status(200).text()
    };
    let sent = ask("sandbox%2Fecho");
    for words in
        ["it would be sent", "The key is in order", "The key may call this model", "The limits have room"]
    {
        assert!(sent.contains(words), "{words}: {sent}");
    }
    let refused = ask("sandbox%2Fslow");
    assert!(refused.contains("it would be refused"), "{refused}");
    assert!(refused.contains("<strong>The key may call this model: no. </strong>"), "{refused}");
    for page in [&sent, &refused] {
        for name in ["key_status", "key_type", "model_allowlist", "rate_limits", "ip_allowlist"] {
            assert!(!page.contains(name), "{name}: {page}");
        }
    }
}
