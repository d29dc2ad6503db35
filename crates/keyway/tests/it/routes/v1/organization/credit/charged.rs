//! What requests cost their organisation: sell prices, budgets, balances.

use super::super::{key_of, member, usage_counted as counted};
use crate::stage::{self, Scene, hello, text};
use testkit::{Answer, Upstream, Usage, Value, eventually, json};

/// A server whose every answer costs 0.00062 USD at the provider.
fn scene(upstream: &Upstream) -> Scene {
    Scene::start(stage::builder(upstream))
}

fn upstream() -> Upstream {
    Upstream::scripted(|_| Answer::ok().usage(Usage { prompt: 1000, completion: 200, cached: 400 }))
}

fn org(scene: &Scene) -> String {
    text(&scene.get_json("/v1/organizations")["data"][0]["id"])
}

/// Gives the organisation a tier that sells a quarter above cost.
fn give_tier(scene: &Scene) {
    let tier = json!({"name": "gold", "markup_ppm": 250_000});
    let tier = scene.post("/v1/organization/tiers", &tier).expect_status(200).json();
    let path = format!("/v1/organizations/{}", org(scene));
    scene.post(&path, &json!({"tier_id": tier["id"]})).expect_status(200);
}

#[test]
fn a_tenant_pays_and_sees_the_sell_price_and_the_operator_the_cost() {
    let upstream = upstream();
    let scene = scene(&upstream);
    give_tier(&scene);
    let put = json!({"amount_usd": 1, "kind": "granted"});
    scene.post("/v1/organization/credit/grants", &put).expect_status(200);
    let made = scene.create_key(&json!({"name": "k", "budget": {"limit_usd": 1, "window": "month"}}));
    let key = text(&made["value"]);
    let answer = scene.chat(&key).expect_status(200);
    assert_eq!(answer.header("x-keyway-cost-usd"), Some("0.000775"));
    counted(&scene, 1);
    let user = member(&scene, "owner@example.com", "owner");
    let (_, owner) = key_of(&scene, &user);
    let result = |admin: &str, path: &str| -> Value {
        let path = format!("/v1/organization/{path}?start_time={}", stage::yesterday());
        let page = scene.keyway.get(&path, admin).expect_status(200).json();
        let buckets = page["data"].as_array().cloned().unwrap_or_default();
        let found = buckets.iter().find_map(|bucket| bucket["results"].get(0).cloned());
        found.unwrap_or_else(|| panic!("nothing: {page}"))
    };
    let (ours, theirs) = (result(&scene.admin, "usage/completions"), result(&owner, "usage/completions"));
    assert_eq!((&ours["cost_usd"], &ours["provider_cost_usd"]), (&json!(0.000775), &json!(0.00062)));
    assert_eq!((&theirs["cost_usd"], theirs.get("provider_cost_usd")), (&json!(0.000775), None));
    let (ours, theirs) = (result(&scene.admin, "costs"), result(&owner, "costs"));
    assert_eq!(
        (&ours["amount"]["value"], &ours["provider_amount"]["value"]),
        (&json!(0.000775), &json!(0.00062))
    );
    assert_eq!((&theirs["amount"]["value"], theirs.get("provider_amount")), (&json!(0.000775), None));
    let line =
        scene.keyway.get("/v1/organization/requests", &owner).expect_status(200).json()["data"][0].clone();
    assert_eq!((&line["cost_usd"], line.get("provider_cost_usd")), (&json!(0.000775), None));
    assert_eq!(scene.requests()[0]["provider_cost_usd"], 0.00062);
    // The budget and the balance are charged what it was sold for.
    let budget = scene.get_json("/v1/organization/budgets")["data"][0].clone();
    assert_eq!((&budget["spent_usd"], &budget["remaining_usd"]), (&json!(0.000775), &json!(0.999225)));
    let shown = scene.keyway.get("/v1/key", &key).expect_status(200).json();
    assert_eq!(shown["budgets"][0], budget);
    let credit = scene.get_json("/v1/organization/credit");
    assert_eq!((&credit["balance_usd"], &credit["charged_usd"]), (&json!(0.999225), &json!(0.000775)));
    let balance = scene.keyway.get("/user/balance", &key).expect_status(200).json();
    assert_eq!(balance["balance_infos"][0]["granted_balance"], "0.999225");
}

#[test]
fn an_empty_balance_refuses_until_something_is_put_in() {
    let upstream = upstream();
    let scene = scene(&upstream);
    let (_, key) = scene.make_key();
    scene.chat(&key).expect_status(200);
    scene.post("/v1/organization/credit", &json!({"prepaid": true})).expect_status(200);
    let refused = scene.chat(&key);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (402, "insufficient_balance"),
        "{}",
        refused.text()
    );
    assert_eq!(upstream.count(), 1);
    // By command: obeyed within a second.
    let _ = scene.keyway.json(&["credit", "grant", "1usd", "--kind", "topped_up"]);
    eventually("the balance is there", || (scene.chat(&key).status == 200).then_some(()));
}

#[test]
fn a_tokens_budget_is_within_its_keys() {
    let upstream = upstream();
    let scene = scene(&upstream);
    let (_, key) = scene.make_key();
    for format in ["opaque", "jwt"] {
        let asked = json!({"expires_in_seconds": 600, "budget_usd": 0.000001, "format": format});
        let token = scene.keyway.post_json("/v1/tokens", &key, &asked).expect_status(200).json();
        assert_eq!(token["budget_usd"], json!(0.000001), "{token}");
        let token = text(&token["value"]);
        let shown = scene.keyway.get("/v1/key", &token).expect_status(200).json();
        assert_eq!(shown["budgets"][0]["limit_usd"], json!(0.000001), "{shown}");
        let refused = scene.keyway.post_json("/v1/chat/completions", &token, &hello(false));
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (402, "insufficient_quota"),
            "{}",
            refused.text()
        );
    }
    scene.chat(&key).expect_status(200);
    // It is no budget of the organisation's that anybody lists.
    assert_eq!(scene.get_json("/v1/organization/budgets")["data"], json!([]));
}
