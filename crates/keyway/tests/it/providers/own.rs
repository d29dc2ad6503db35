//! Two organisations with credentials of their own at one provider: nothing of theirs ever mixes.

use crate::stage::{Scene, builder, text};
use testkit::{Answer, Response, Upstream, Value, json};

const INSTALLATION: &str = "sk-of-the-installation-0123456789";
const PROVIDERS: &str = "/v1/organization/providers";

/// An organisation, its admin key and a live key.
struct Tenant {
    id: String,
    admin: String,
    key: String,
}

fn tenant(scene: &Scene, name: &str) -> Tenant {
    let id = text(&scene.post("/v1/organizations", &json!({"name": name})).expect_status(200).json()["id"]);
    let bearer = format!("Bearer {}", scene.admin);
    let headers = [("authorization", bearer.as_str()), ("openai-organization", id.as_str())];
    let path = "/v1/organization/admin_api_keys";
    let made = scene.keyway.request("POST", path, &headers, br#"{"name":"root"}"#).expect_status(200).json();
    let admin = text(&made["value"]);
    let post =
        |path: &str, body: &Value| scene.keyway.post_json(path, &admin, body).expect_status(200).json();
    let project = text(&post("/v1/organization/projects", &json!({"name": "p"}))["id"]);
    let made = post(&format!("/v1/organization/projects/{project}/api_keys"), &json!({"name": "k"}));
    Tenant { id, admin, key: text(&made["value"]) }
}

/// The provider `mistral` of the catalogue, at the scripted one's address.
fn scene(upstream: &Upstream) -> Scene {
    let scene = Scene::start(builder(upstream).env("KEYWAY_WORKERS", "1"));
    scene.post(PROVIDERS, &json!({"id": "mistral", "base_url": upstream.base_url()})).expect_status(200);
    scene
}

fn add(scene: &Scene, admin: &str, secret: &str) -> String {
    let path = format!("{PROVIDERS}/mistral/credentials");
    text(&scene.keyway.post_json(&path, admin, &json!({"value": secret})).expect_status(200).json()["id"])
}

fn ask(scene: &Scene, key: &str) -> Response {
    let body = json!({"model": "mistral/any", "messages": [{"role": "user", "content": "hi"}]});
    scene.keyway.post_json("/v1/chat/completions", key, &body)
}

fn shown(upstream: &Upstream) -> String {
    upstream.last().header("authorization").unwrap_or_default().replace("Bearer ", "")
}

#[test]
fn each_goes_with_its_own_credential_over_its_own_connection_and_falls_on_nobody_elses() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (one, other, third) = (tenant(&scene, "one"), tenant(&scene, "other"), tenant(&scene, "third"));
    add(&scene, &scene.admin, INSTALLATION);
    let own = add(&scene, &one.admin, "sk-of-one-0123456789abcdef");
    add(&scene, &other.admin, "sk-of-other-0123456789abcdef");
    let mut connections = Vec::new();
    for (tenant, secret) in [
        (&one, "sk-of-one-0123456789abcdef"),
        (&other, "sk-of-other-0123456789abcdef"),
        (&third, INSTALLATION),
        (&one, "sk-of-one-0123456789abcdef"),
    ] {
        ask(&scene, &tenant.key).expect_status(200);
        assert_eq!(shown(&upstream), secret);
        connections.push(upstream.last().connection);
    }
    assert_eq!(connections[0], connections[3], "one's is used again");
    assert!(connections[0] != connections[1] && connections[1] != connections[2], "{connections:?}");

    // What is refused to one is nobody else's trouble.
    upstream.always(|request| {
        if request.header("authorization").is_some_and(|it| it.contains("of-one")) {
            return Answer::error(401, "invalid_request_error", "invalid_api_key", "no such key");
        }
        Answer::ok()
    });
    assert_eq!(ask(&scene, &one.key).code(), "upstream_auth");
    ask(&scene, &other.key).expect_status(200);
    ask(&scene, &third.key).expect_status(200);
    let before = upstream.count();
    let path = format!("{PROVIDERS}/mistral/credentials/{own}");
    let error = testkit::eventually("what the provider said", || {
        let shown = scene.keyway.get(&path, &one.admin).json();
        shown["last_error"].as_str().map(str::to_owned)
    });
    assert_eq!(error, "the provider refuses the credential (HTTP 401)");
    assert_eq!(scene.keyway.delete(&path, &other.admin).status, 404);
    assert_eq!(upstream.count(), before);
    // Without one of its own it goes as everybody does.
    scene.keyway.delete(&path, &one.admin).expect_status(200);
    ask(&scene, &one.key).expect_status(200);
    assert_eq!(shown(&upstream), INSTALLATION);
    let line = scene.requests().into_iter().find(|line| line["attempts"][0]["credential_id"] == own.as_str());
    assert!(line.is_none(), "lines of one are not the operator's organisation's");
    let lines = scene.keyway.get("/v1/organization/requests?limit=100", &one.admin).json();
    let with = |line: &Value| line["attempts"][0]["credential_id"] == own.as_str();
    let lines = lines["data"].as_array().cloned().unwrap_or_default();
    assert!(lines.iter().any(with), "{lines:?}");
}

/// A route of a tenant's own: the provider first, another one behind it.
fn ask_route(scene: &Scene, tenant: &Tenant) -> (String, String) {
    let body = json!({"model": "r", "messages": [{"role": "user", "content": "hi"}]});
    let answer = scene.keyway.post_json("/v1/chat/completions", &tenant.key, &body).expect_status(200);
    let told = |name: &str| answer.header(name).unwrap_or_default().to_owned();
    (told("x-keyway-provider"), told("x-keyway-attempts"))
}

#[test]
fn what_one_is_refused_rests_for_one_alone() {
    let (upstream, behind) = (Upstream::start(), Upstream::start());
    let scene = Scene::start(builder(&behind).env("KEYWAY_WORKERS", "1"));
    scene.post(PROVIDERS, &json!({"id": "mistral", "base_url": upstream.base_url()})).expect_status(200);
    let tenants = ["one", "other", "third"].map(|name| tenant(&scene, name));
    add(&scene, &scene.admin, INSTALLATION);
    add(&scene, &tenants[0].admin, "sk-of-one-0123456789abcdef");
    add(&scene, &tenants[1].admin, "sk-of-other-0123456789abcdef");
    let route = json!({"name": "r", "targets": [{"model": "mistral/any"}, {"model": "mine/small"}]});
    for tenant in &tenants {
        scene.keyway.post_json("/v1/organization/routes", &tenant.admin, &route).expect_status(200);
    }
    let first = ("mistral".to_owned(), "1".to_owned());
    let (moved, rests) = (("mine".to_owned(), "2".to_owned()), ("mine".to_owned(), "1".to_owned()));
    let all = || [0, 1, 2].map(|at| ask_route(&scene, &tenants[at]));
    assert_eq!(all(), [first.clone(), first.clone(), first.clone()]);
    upstream.always(|request| match request.header("authorization") {
        Some(it) if it.contains("of-one") => Answer::unauthorized(),
        _ => Answer::ok(),
    });
    assert_eq!(all(), [moved.clone(), first.clone(), first.clone()]);
    assert_eq!(all(), [rests.clone(), first.clone(), first.clone()]);
    upstream.always(|request| match request.header("authorization") {
        Some(it) if it.contains("of-one") => Answer::unauthorized(),
        Some(it) if it.contains("of-other") => Answer::rate_limited(60),
        _ => Answer::ok(),
    });
    assert_eq!(all(), [rests.clone(), moved, first.clone()]);
    assert_eq!(all(), [rests.clone(), rests, first]);
}

#[test]
fn a_provider_that_is_on_for_one_is_not_there_for_another() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (one, other) = (tenant(&scene, "one"), tenant(&scene, "other"));
    let off = ask(&scene, &other.key);
    add(&scene, &one.admin, "sk-of-one-0123456789abcdef");
    ask(&scene, &one.key).expect_status(200);
    let still = ask(&scene, &other.key);
    let told = |answer: &Response| (answer.status, answer.json()["error"].clone());
    assert_eq!(told(&still), told(&off));
    assert_eq!(still.status, 404);
    let shown = scene.keyway.get(&format!("{PROVIDERS}/mistral"), &other.admin).expect_status(200).json();
    assert_eq!(
        (&shown["on"], &shown["credential"], &shown["models"]),
        (&json!(false), &json!(null), &json!(0))
    );
    let models = |key: &str| scene.keyway.get("/v1/models", key).text();
    assert!(!models(&other.key).contains("mistral/"));
}

#[test]
fn its_own_credential_costs_no_credit_and_counts_in_budgets_at_cost() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let one = tenant(&scene, "one");
    add(&scene, &scene.admin, INSTALLATION);
    let price = json!({"id": "mistral/priced", "context_tokens": 1000, "output_tokens_max": 100});
    scene.post("/v1/organization/models", &price).expect_status(200);
    let price = json!({"model": "mistral/priced", "input": 1000, "output": 1000});
    scene.post("/v1/organization/prices", &price).expect_status(200);
    let tier = json!({"name": "dear", "markup_ppm": 1_000_000});
    let tier = text(&scene.post("/v1/organization/tiers", &tier).expect_status(200).json()["id"]);
    let path = format!("/v1/organizations/{}", one.id);
    scene.post(&path, &json!({"tier_id": tier})).expect_status(200);
    let bearer = format!("Bearer {}", scene.admin);
    let headers = [("authorization", bearer.as_str()), ("openai-organization", one.id.as_str())];
    let set = scene.keyway.request("POST", "/v1/organization/credit", &headers, br#"{"prepaid":true}"#);
    set.expect_status(200);
    let budget = json!({"name": "b", "limit_usd": 100, "window": "day"});
    let made =
        scene.keyway.post_json("/v1/organization/budgets", &one.admin, &budget).expect_status(200).json();
    let body = json!({"model": "mistral/priced", "max_tokens": 10,
        "messages": [{"role": "user", "content": "hi"}]});
    let ask = || scene.keyway.post_json("/v1/chat/completions", &one.key, &body);
    assert_eq!(ask().code(), "insufficient_balance", "the installation's account is not free");
    add(&scene, &one.admin, "sk-of-one-0123456789abcdef");
    let answer = ask().expect_status(200);
    let usage = &answer.json()["usage"];
    let tokens = usage["total_tokens"].as_f64().unwrap_or_default();
    let cost: f64 = answer.header("x-keyway-cost-usd").unwrap_or_default().parse().unwrap_or_default();
    assert!((cost - tokens / 1000.0).abs() < 1e-9, "{cost} for {tokens} tokens");
    let path = format!("/v1/organization/budgets/{}", text(&made["id"]));
    let spent = testkit::eventually("the budget's sum", || {
        let spent = scene.keyway.get(&path, &one.admin).json()["spent_usd"].as_f64()?;
        (spent > 0.0).then_some(spent)
    });
    assert!((spent - cost).abs() < 1e-9, "{spent} of {cost}");
    let credit = scene.keyway.get("/v1/organization/credit", &one.admin).expect_status(200).json();
    assert_eq!(credit["balance_usd"], json!(0), "{credit}");
    scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
}
