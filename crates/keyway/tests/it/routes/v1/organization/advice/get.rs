//! GET: what could cost less, and which keys may more than they need.

use super::super::refused;
use crate::console::visitor::Visitor;
use crate::database;
use crate::stage::{self, Scene, text};
use testkit::{Upstream, Value, json};

const ADVICE: &str = "/v1/organization/advice";
const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// A second host of the same model at half of its price, one that can do less, and one with dear hours.
const OTHERS: &str = r#"
[models."other/small"]
context_tokens = 128000
output_tokens_max = 8192
price = { input = 0.25, output = 0.75, cache_read = 0.025 }

[models."short/small"]
context_tokens = 1000
price = { input = 0.01, output = 0.01 }

[models."other/hourly"]
price = { input = 1.0, output = 1.0, hours = [{ weekdays = [1, 2, 3, 4, 5, 6, 7], from = "00:00", to = "12:00", input = 2.0, output = 2.0 }] }
"#;

fn now_ms() -> i64 {
    i64::try_from(stage::now_seconds()).unwrap() * 1000
}

/// Rows of what was used, as the shipper writes them.
struct Rows<'a> {
    org: &'a str,
    project: &'a str,
    key: &'a str,
}

impl Rows<'_> {
    fn add(
        &self,
        (width, bucket_ms): (&str, i64),
        model: &str,
        requests: i64,
        tokens: [i64; 3],
        usd: i64,
    ) -> String {
        let [fresh, cached, answer] = tokens;
        let values = format!(
            "'p', 'chat_completions', 0, {requests}, {fresh}, {cached}, {answer}, {usd}000000000, {usd}000000000"
        );
        let counted =
            "provider, kind, test, requests, in_uncached, cache_read, out_text, cost_nanousd, sell_nanousd";
        let (org, project, key) = (self.org, self.project, self.key);
        let of_key = match width {
            "d" => format!(
                " INSERT INTO usage_key (key_id, bucket_ms, requests, errors, tokens, sell_nanousd) VALUES ('{key}', \
                 {bucket_ms}, {requests}, 0, {fresh} + {cached} + {answer}, {usd}000000000) ON CONFLICT (key_id, \
                 bucket_ms) DO UPDATE SET sell_nanousd = usage_key.sell_nanousd + excluded.sell_nanousd;"
            ),
            _ => String::new(),
        };
        format!(
            "INSERT INTO usage_rollup (width, bucket_ms, org_id, project_id, key_id, user_id, model_asked, label, \
             model_served, {counted}) VALUES ('{width}', {bucket_ms}, '{org}', '{project}', '{key}', '', '{model}', \
             '', '{model}', {values}); \
             INSERT INTO usage_total (width, bucket_ms, org_id, project_id, model_served, {counted}) \
             VALUES ('{width}', {bucket_ms}, '{org}', '{project}', '{model}', {values});{of_key}"
        )
    }
}

fn start(upstream: &Upstream) -> Scene {
    let builder = stage::builder(upstream)
        .provider("other", &upstream.base_url(), "other-credential-0123456789")
        .provider("short", &upstream.base_url(), "short-credential-0123456789");
    Scene::start(builder.config(OTHERS))
}

fn of<'a>(list: &'a Value, advice: &str) -> Vec<&'a Value> {
    list["data"].as_array().unwrap().iter().filter(|it| it["advice"] == advice).collect()
}

#[test]
fn what_was_used_says_what_would_have_been_saved() {
    let upstream = Upstream::start();
    let scene = start(&upstream);
    let org = text(&scene.get_json("/v1/organizations")["data"][0]["id"]);
    let (key, _) = scene.make_key();
    let rows = Rows { org: &org, project: &scene.project, key: &key };
    let day_ms = now_ms() - now_ms() % DAY_MS;
    let mut all = rows.add(("d", day_ms - DAY_MS), "mine/small", 1_000, [20_000_000, 0, 0], 100);
    // Too long ago, too little, and somebody else's.
    all.push_str(&rows.add(("d", day_ms - 40 * DAY_MS), "mine/small", 1_000, [90_000_000, 0, 0], 900));
    all.push_str(&rows.add(("d", day_ms - 2 * DAY_MS), "other/small", 1_000, [10, 0, 0], 0));
    all.push_str(&rows.add(("d", day_ms - DAY_MS), "other/hourly", 200, [2_000, 0, 0], 60));
    for (hour, usd) in [(1, 40), (13, 20)] {
        all.push_str(&rows.add(
            ("h", day_ms - DAY_MS + hour * HOUR_MS),
            "other/hourly",
            100,
            [1_000, 0, 0],
            usd,
        ));
    }
    all.push_str(" UPDATE usage_rollup SET truncated_requests = 100 WHERE width = 'd' AND model_served = 'other/hourly';");
    database::execute(&scene.keyway, &all);
    let list = scene.get_json(ADVICE);
    let cheaper = of(&list, "cheaper_model");
    assert_eq!(cheaper.len(), 1, "{list}");
    assert_eq!((&cheaper[0]["saves_usd"], &cheaper[0]["spent_usd"]), (&json!(50), &json!(100)));
    assert!(text(&cheaper[0]["detail"]).contains("other/small is as good"), "{list}");
    let cache = of(&list, "cache");
    assert_eq!(
        (cache[0]["saves_usd"].as_f64(), &cache[0]["api_key_id"]),
        (Some(45.0), &json!(key)),
        "{list}"
    );
    assert_eq!(of(&list, "long_prompts")[0]["saves_usd"], 50, "{list}");
    let truncated = of(&list, "truncated");
    assert_eq!((truncated.len(), &truncated[0]["saves_usd"]), (1, &json!(30)), "{list}");
    assert!(text(&truncated[0]["detail"]).starts_with("50 % of the answers"), "{list}");
    let hours = of(&list, "off_peak");
    assert_eq!(hours[0]["saves_usd"], 20, "{list}");
    assert!(text(&hours[0]["detail"]).starts_with("50 % of the requests"), "{list}");
    // What saves most comes first, and the command says the same.
    assert_eq!(list["data"][0]["saves_usd"], 50);
    assert_eq!(scene.keyway.json(&["advise"])["data"], list["data"]);
    assert!(scene.keyway.cli(&["advise"]).stdout.contains("$45 in 30 days"));
    refused(&scene.get(&format!("{ADVICE}?order=desc")), 400, "invalid_request", Some("order"));
    refused(&scene.get(&format!("{ADVICE}?after=x")), 400, "invalid_request", Some("after"));
}

#[test]
fn a_narrower_key_is_one_call_or_one_click_away() {
    let upstream = Upstream::start();
    let scene = start(&upstream);
    let wide = json!({"name": "wide", "expires_in_seconds": 86400, "ip_allowlist": ["127.0.0.0/8", "10.0.0.0/8"],
                      "models": ["mine/*", "other/*"]});
    let made = [scene.create_key(&wide), scene.create_key(&wide)];
    let old_ms = now_ms() - 100 * DAY_MS;
    for key in &made {
        let answer = scene.chat(&text(&key["value"])).expect_status(200);
        let _ = scene.request(answer.header("x-request-id").unwrap());
        let id = text(&key["id"]);
        let networks = format!("SELECT network FROM key_networks WHERE key_id = '{id}'");
        testkit::eventually("its network", || {
            (!database::rows(&scene.keyway, &networks).is_empty()).then_some(())
        });
        database::execute(
            &scene.keyway,
            &format!(
                "UPDATE keys SET created_ms = {old_ms} WHERE id = '{id}'; \
                 UPDATE key_networks SET first_ms = {old_ms} WHERE key_id = '{id}'"
            ),
        );
    }
    let id = |place: usize| text(&made[place]["id"]);
    let advice = |key: &str| {
        let list = scene.get_json(&format!("{ADVICE}?limit=100"));
        of(&list, "over_broad").into_iter().find(|it| it["api_key_id"] == key).cloned()
    };
    let found = advice(&id(0)).expect("advice");
    let closes: Vec<String> = found["closes"].as_array().unwrap().iter().map(text).collect();
    for closed in ["scope create:embeddings", "model other/*", "address 10.0.0.0/8"] {
        assert!(closes.iter().any(|it| it == closed), "{closed}: {found}");
    }
    // By the call that it names.
    assert_eq!(found["apply"]["method"], "POST");
    let path = text(&found["apply"]["path"]);
    scene.post(&path, &found["apply"]["body"]).expect_status(200);
    let narrow = scene.get_json(&scene.key_path(&id(0)));
    let expected = (&json!(["mine/*"]), &json!(["127.0.0.0/8"]));
    assert_eq!((&narrow["models"], &narrow["ip_allowlist"]), expected);
    scene.chat(&text(&made[0]["value"])).expect_status(200);
    assert_eq!(advice(&id(0)), None);
    // By the button of the page.
    let ada = Visitor::first(&scene.keyway);
    let page = ada.get("/console/review").expect_status(200);
    assert!(page.text().contains("Do it") && page.text().contains("address 10.0.0.0/8"), "{}", page.text());
    let key = id(1);
    let settle =
        |finding: &str| ada.send(&page, "/console/review", &[("settle", &format!("{key} {finding}"))]);
    settle("over_broad").expect_status(303);
    let narrow = scene.get_json(&scene.key_path(&key));
    assert_eq!((&narrow["models"], &narrow["ip_allowlist"]), expected);
    assert_eq!(settle("over_broad").status, 409, "it is done");
    assert_eq!(settle("never_rotated").status, 409, "this shows a secret");
    assert!(ada.get("/console/advice").expect_status(200).text().contains("Nothing to save"));
}
