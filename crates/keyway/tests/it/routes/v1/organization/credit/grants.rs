//! GET and POST `/v1/organization/credit` and `/v1/organization/credit/grants`

use super::super::{key_of, member, refused, walk};
use crate::database;
use crate::stage::{Scene, bare, fields, text};
use testkit::{Value, json};

const CREDIT: &str = "/v1/organization/credit";
const GRANTS: &str = "/v1/organization/credit/grants";

fn put(scene: &Scene, amount: &Value, kind: &str) -> Value {
    scene.post(GRANTS, &json!({"amount_usd": amount, "kind": kind})).expect_status(200).json()
}

#[test]
fn what_is_put_in_makes_the_balance() {
    let scene = Scene::start(bare());
    let none = scene.get(CREDIT).expect_status(200);
    assert_eq!(
        fields(&none.text()),
        [
            "object",
            "prepaid",
            "balance_usd",
            "granted_usd",
            "topped_up_usd",
            "held_usd",
            "remaining_usd",
            "credited_usd",
            "charged_usd"
        ]
    );
    assert_eq!((&none.json()["prepaid"], &none.json()["balance_usd"]), (&json!(false), &json!(0)));
    let entry = scene.post(GRANTS, &json!({"amount_usd": "5.25", "kind": "granted", "note": "welcome"}));
    assert_eq!(
        fields(&entry.expect_status(200).text()),
        ["object", "id", "kind", "amount_usd", "note", "created_at"]
    );
    put(&scene, &json!(10), "topped_up");
    // A mistake is taken back by an entry of its own.
    put(&scene, &json!(-0.25), "granted");
    let stands = scene.get_json(CREDIT);
    assert_eq!(stands["prepaid"], true);
    assert_eq!((&stands["granted_usd"], &stands["topped_up_usd"]), (&json!(5), &json!(10)));
    assert_eq!((&stands["balance_usd"], &stands["remaining_usd"]), (&json!(15), &json!(15)));
    let (all, _) = walk(&scene, GRANTS, 2, "&order=asc");
    let notes: Vec<&str> = all.iter().filter_map(|entry| entry["note"].as_str()).collect();
    assert_eq!(notes.len(), 3);
    assert!(notes.contains(&"welcome"), "{notes:?}");
    let set = scene.post(CREDIT, &json!({"prepaid": false})).expect_status(200).json();
    assert_eq!((&set["prepaid"], &set["balance_usd"]), (&json!(false), &json!(15)));
    let audit =
        "SELECT CAST(COUNT(*) AS TEXT) FROM audit_log WHERE event IN ('credit.granted', 'credit.updated')";
    assert_eq!(database::one(&scene.keyway, audit), "4");
}

#[test]
fn mistakes_name_their_field_and_put_nothing_in() {
    let scene = Scene::start(bare());
    put(&scene, &json!(1), "granted");
    let table = [
        (json!({"kind": "granted"}), "amount_usd"),
        (json!({"amount_usd": 1}), "kind"),
        (json!({"amount_usd": 0, "kind": "granted"}), "amount_usd"),
        (json!({"amount_usd": -2, "kind": "granted"}), "amount_usd"),
        (json!({"amount_usd": -1, "kind": "topped_up"}), "amount_usd"),
        (json!({"amount_usd": "ten", "kind": "granted"}), "amount_usd"),
        (json!({"amount_usd": 1, "kind": "gift"}), "kind"),
        (json!({"amount_usd": 1, "kind": "granted", "note": "x".repeat(501)}), "note"),
        (json!({"amount_usd": 1, "kind": "granted", "reference": "x"}), "reference"),
    ];
    for (body, param) in &table {
        refused(&scene.post(GRANTS, body), 400, "invalid_request", Some(param));
    }
    refused(&scene.post(CREDIT, &json!({})), 400, "invalid_request", Some("prepaid"));
    let most = json!({"amount_usd": 9_000_000_000_i64, "kind": "granted"});
    refused(&scene.post(GRANTS, &most), 409, "conflict", None);
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM credit_entries"), "1");
}

#[test]
fn a_customers_credit_is_the_operators_to_give() {
    let scene = Scene::start(bare());
    let user = member(&scene, "owner@example.com", "owner");
    let (_, owner) = key_of(&scene, &user);
    let ask = || {
        let body = json!({"amount_usd": 1, "kind": "granted"});
        scene.keyway.post_json(GRANTS, &owner, &body)
    };
    ask().expect_status(200);
    let org = text(&scene.get_json("/v1/organizations")["data"][0]["id"]);
    scene.post(&format!("/v1/organizations/{org}"), &json!({"tier_id": "tier_new"})).expect_status(200);
    refused(&ask(), 403, "wrong_key_type", None);
    let switch = scene.keyway.post_json(CREDIT, &owner, &json!({"prepaid": false}));
    refused(&switch, 403, "wrong_key_type", None);
    put(&scene, &json!(1), "granted");
    assert_eq!(scene.keyway.get(CREDIT, &owner).expect_status(200).json()["balance_usd"], 2);
}
