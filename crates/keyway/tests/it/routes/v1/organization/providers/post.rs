//! GET, POST and DELETE `/v1/organization/providers[/{provider}[/test]]`

use super::super::refused;
use crate::stage::{Scene, builder, text};
use testkit::{Answer, Upstream, eventually, json};

const PROVIDERS: &str = "/v1/organization/providers";

fn far(upstream: &Upstream) -> testkit::Value {
    json!({"id": "far", "base_url": upstream.base_url(), "models_any": true, "display_name": "Far away"})
}

#[test]
fn a_host_of_ones_own_is_asked_from_the_moment_it_has_a_credential_until_it_is_taken_away() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let (_, key) = scene.make_key();
    let hello = json!({"model": "far/any", "messages": [{"role": "user", "content": "hi"}]});
    let ask = || scene.keyway.post_json("/v1/chat/completions", &key, &hello);
    assert_eq!(ask().status, 404);
    let made = scene.post(PROVIDERS, &far(&upstream)).expect_status(200).json();
    assert_eq!(
        (&made["source"], &made["on"], &made["display_name"]),
        (&json!("stored"), &json!(false), &json!("Far away"))
    );
    assert_eq!(ask().status, 404, "it has no credential");
    let secret = "sk-far-0123456789abcdefghij";
    let path = format!("{PROVIDERS}/far/credentials");
    let credential = scene.post(&path, &json!({"value": secret})).expect_status(200).json();
    ask().expect_status(200);
    assert_eq!(upstream.last().header("authorization"), Some(&*format!("Bearer {secret}")));
    let shown = scene.get_json(&format!("{PROVIDERS}/far"));
    assert_eq!((&shown["on"], &shown["credential"]), (&json!(true), &json!("installation")));

    scene.post(&format!("{PROVIDERS}/far"), &json!({"enabled": false})).expect_status(200);
    assert_eq!(ask().status, 404, "it is off");
    scene.post(&format!("{PROVIDERS}/far"), &json!({"enabled": true})).expect_status(200);
    ask().expect_status(200);
    let id = text(&credential["id"]);
    scene.post(&format!("{path}/{id}"), &json!({"enabled": false})).expect_status(200);
    assert_eq!(ask().status, 404, "its one credential is off");
    scene.post(&format!("{path}/{id}"), &json!({"enabled": true})).expect_status(200);
    ask().expect_status(200);
    scene.delete(&format!("{PROVIDERS}/far")).expect_status(200);
    assert_eq!(ask().status, 404);
    assert_eq!(scene.get_json(&path)["data"], json!([]), "its credentials went with it");
}

#[test]
fn what_the_file_defines_is_read_only_and_can_be_turned_off() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let (_, key) = scene.make_key();
    let mine = scene.get_json(&format!("{PROVIDERS}/mine"));
    assert_eq!((&mine["source"], &mine["on"], &mine["models"]), (&json!("config"), &json!(true), &json!(1)));
    let credentials = scene.get_json(&format!("{PROVIDERS}/mine/credentials"));
    assert_eq!(credentials["data"][0]["id"], "config");
    assert_eq!(credentials["data"][0]["source"], "config");
    let change = json!({"id": "mine", "base_url": "http://127.0.0.1:9/v1"});
    refused(&scene.post(PROVIDERS, &change), 409, "conflict", None);
    refused(&scene.delete(&format!("{PROVIDERS}/mine")), 409, "conflict", None);
    scene.chat(&key).expect_status(200);
    let off = scene.post(&format!("{PROVIDERS}/mine"), &json!({"enabled": false})).expect_status(200).json();
    assert_eq!(off["enabled"], false);
    assert_eq!(scene.chat(&key).status, 404);
    scene.post(&format!("{PROVIDERS}/mine"), &json!({"enabled": true})).expect_status(200);
    scene.chat(&key).expect_status(200);
}

#[test]
fn a_row_that_is_none_names_its_field() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let table = [
        (json!({"id": "far"}), "base_url"),
        (json!({"id": "Far", "base_url": upstream.base_url()}), "id"),
        (json!({"id": "x".repeat(33), "base_url": upstream.base_url()}), "id"),
        (json!({"id": "sandbox", "base_url": upstream.base_url()}), "id"),
        (json!({"id": "far", "base_url": "ftp://host"}), "base_url"),
        (json!({"id": "far", "base_url": "http://user:word@host/v1"}), "base_url"),
        (json!({"id": "far", "base_url": upstream.base_url(), "quirks": ["none-such"]}), "quirks"),
        (json!({"id": "far", "base_url": upstream.base_url(), "auth": "pigeon"}), "auth"),
        (json!({"id": "far", "base_urls": {"nothing": "http://host"}}), "base_url"),
        (json!({"id": "far", "base_urls": {"x\" = 1 }, quirks = [\"a": "http://host"}}), "base_url"),
        (json!({"id": "far", "base_url": upstream.base_url(), "api_version": "a b"}), "api_version"),
        (json!({"id": "far", "base_url": upstream.base_url(), "token_url": "nowhere"}), "token_url"),
        (json!({"id": "far", "base_url": upstream.base_url(), "balance": {"path": "/../x"}}), "balance"),
        (json!({"id": "far", "base_url": upstream.base_url(), "balance": {"path": "/x"}}), "balance"),
    ];
    for (body, field) in table {
        refused(&scene.post(PROVIDERS, &body), 400, "invalid_request", Some(field));
    }
    refused(&scene.post(&format!("{PROVIDERS}/nobody"), &json!({"enabled": true})), 404, "not_found", None);
}

#[test]
fn a_test_asks_for_the_models_alone_and_says_what_is_wrong() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let test = |body| scene.post(&format!("{PROVIDERS}/mine/test"), &body).expect_status(200).json();
    let good = test(json!({}));
    assert_eq!((&good["ok"], &good["models"], &good["status"]), (&json!(true), &json!(1), &json!(200)));
    let asked = upstream.last();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/v1/models"));
    assert_eq!(upstream.billed().len(), 0);
    upstream.push(Answer::error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key: sk-up"));
    let bad = test(json!({"credential_id": "config"}));
    assert_eq!((&bad["ok"], &bad["status"]), (&json!(false), &json!(401)));
    assert_eq!(bad["error"], "the provider refuses the credential");
    refused(&scene.post(&format!("{PROVIDERS}/openai/test"), &json!({})), 404, "not_found", None);
}

/// As api-docs.deepseek.com has it, and nothing but it is asked for.
fn told(request: &testkit::upstream::Request) -> Answer {
    if request.path.ends_with("/user/balance") {
        let spent = request.header("authorization").is_some_and(|it| it.contains("spent"));
        let infos = json!([{"currency": "CNY", "total_balance": "110.00", "granted_balance": "10.00",
            "topped_up_balance": "100.00"}]);
        return Answer::json(200, &json!({"is_available": !spent, "balance_infos": infos}));
    }
    if request.path.ends_with("/models") {
        return Answer::json(200, &json!({"object": "list", "data": [{"id": "deepseek-flash"}]}));
    }
    Answer::ok()
}

#[test]
fn what_is_left_on_an_account_is_told_by_test_credential_and_command() {
    let upstream = Upstream::scripted(told);
    let scene = Scene::start(builder(&upstream));
    scene.post(PROVIDERS, &json!({"id": "deepseek", "base_url": upstream.base_url()})).expect_status(200);
    let path = format!("{PROVIDERS}/deepseek/credentials");
    let made = scene.post(&path, &json!({"value": "sk-deep-0123456789abcdef"})).expect_status(200).json();
    assert_eq!(made["account"], json!(null), "it was not asked yet");
    let tested = scene.post(&format!("{PROVIDERS}/deepseek/test"), &json!({})).expect_status(200).json();
    let left = json!([{"currency": "CNY", "total": "110.00", "granted": "10.00", "topped_up": "100.00"}]);
    assert_eq!((&tested["ok"], &tested["account"]["balances"]), (&json!(true), &left));
    assert_eq!(upstream.last().path, "/v1/user/balance");
    assert_eq!(upstream.last().header("authorization"), Some("Bearer sk-deep-0123456789abcdef"));
    let id = text(&made["id"]);
    let shown = scene.get_json(&format!("{path}/{id}"));
    assert_eq!((&shown["account"]["balances"], &shown["account"]["usable"]), (&left, &json!(true)));
    assert!(shown["account"]["as_of"].as_i64().is_some_and(|at| at > 1_700_000_000), "{shown}");
    assert_eq!(scene.keyway.json(&["provider", "credential", "show", "deepseek", &id]), shown);
    let listed = scene.keyway.cli(&["provider", "test", "deepseek"]).expect_code(0).stdout;
    assert!(listed.contains("110.00 CNY"), "{listed}");
    // Another credential may be another account's; one that is empty fails the test.
    let edited = scene.post(&format!("{path}/{id}"), &json!({"value": "sk-spent-0123456789abcdef"}));
    assert_eq!(edited.expect_status(200).json()["account"], json!(null));
    let tested = scene.post(&format!("{PROVIDERS}/deepseek/test"), &json!({})).expect_status(200).json();
    assert_eq!((&tested["ok"], &tested["account"]["usable"]), (&json!(false), &json!(false)));
    assert_eq!(tested["error"], "the account at the provider cannot pay");
    // Who tells nothing is not asked.
    let count = upstream.count();
    scene.post(&format!("{PROVIDERS}/mine/test"), &json!({})).expect_status(200);
    assert_eq!((upstream.count(), upstream.last().path.as_str()), (count + 1, "/v1/models"));
}

/// What takes a row of the catalogue for a known vendor takes a row set at run time for another like it.
#[test]
fn a_lookalike_is_a_row_that_is_set_at_run_time() {
    let upstream = Upstream::scripted(|request| match request.path.strip_prefix("/v1") {
        Some("/purse") => Answer::json(200, &json!({"data": {"left": 12.50}})),
        Some("/models") => Answer::json(200, &json!({"data": []})),
        _ => Answer::ok(),
    });
    let scene = Scene::start(builder(&upstream));
    let (_, key) = scene.make_key();
    let row = json!({"id": "alike", "base_url": upstream.base_url(), "auth": "azure", "models_any": true,
        "quirks": ["max-tokens-only", "no-developer-role", "store-false"], "zero_retention": true,
        "balance": {"path": "/purse", "currency": "EUR", "total": "/data/left"}});
    scene.post(PROVIDERS, &row).expect_status(200);
    let path = format!("{PROVIDERS}/alike/credentials");
    scene.post(&path, &json!({"value": "sk-alike-0123456789abcdef"})).expect_status(200);
    let body = json!({"model": "alike/any", "max_completion_tokens": 7, "store": true,
        "messages": [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "hi"}]});
    scene.keyway.post_json("/v1/chat/completions", &key, &body).expect_status(200);
    let sent = upstream.last();
    assert_eq!(sent.header("api-key"), Some("sk-alike-0123456789abcdef"));
    let said = sent.json();
    assert_eq!((&said["max_tokens"], &said["store"]), (&json!(7), &json!(false)));
    assert_eq!(said["messages"][0]["role"], "system");
    // Anthropic's clients are before it as well.
    let body =
        json!({"model": "alike/any", "max_tokens": 7, "messages": [{"role": "user", "content": "hi"}]});
    scene.keyway.post_json("/v1/messages", &key, &body).expect_status(200);
    let tested = scene.post(&format!("{PROVIDERS}/alike/test"), &json!({})).expect_status(200).json();
    let left = json!([{"currency": "EUR", "total": "12.5", "granted": null, "topped_up": null}]);
    assert_eq!(tested["account"]["balances"], left, "{tested}");
}

#[test]
fn accounts_are_looked_at_by_themselves() {
    let upstream = Upstream::scripted(told);
    let scene = Scene::start(builder(&upstream).env("KEYWAY_PROVIDER_BALANCE_SECONDS", "1"));
    scene.post(PROVIDERS, &json!({"id": "deepseek", "base_url": upstream.base_url()})).expect_status(200);
    let path = format!("{PROVIDERS}/deepseek/credentials");
    scene.post(&path, &json!({"value": "sk-deep-0123456789abcdef"})).expect_status(200);
    let left = eventually("what is left", || {
        let shown = scene.get_json(&path);
        shown["data"][0]["account"]["balances"][0]["total"].as_str().map(str::to_owned)
    });
    assert_eq!(left, "110.00");
}

#[test]
fn a_command_changes_what_a_running_server_asks() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let (_, key) = scene.make_key();
    let hello = json!({"model": "far/any", "messages": [{"role": "user", "content": "hi"}]});
    let status = || scene.keyway.post_json("/v1/chat/completions", &key, &hello).status;
    let base = upstream.base_url();
    let set = ["provider", "set", "far", "--base-url", &base, "--models-any", "true"];
    scene.keyway.cli(&set).expect_code(0);
    let secret = b"sk-far-by-stdin-0123456789\n";
    let added =
        scene.keyway.cli_with_input(&["provider", "add", "far", "--json"], secret).expect_code(0).json();
    assert_eq!((&added["hint"], &added["owner"]), (&json!("6789"), &json!("installation")));
    eventually("the new provider", || (status() == 200).then_some(()));
    let tested = scene.keyway.json(&["provider", "test", "far"]);
    assert_eq!((&tested["ok"], &tested["models"]), (&json!(true), &json!(1)));
    let id = text(&added["id"]);
    let rotate = ["provider", "credential", "edit", "far", &id, "--rotate", "--json"];
    scene.keyway.cli_with_input(&rotate, b"sk-far-another-9876543210").expect_code(0);
    eventually("the exchanged credential", || {
        status();
        (upstream.last().header("authorization") == Some("Bearer sk-far-another-9876543210")).then_some(())
    });
    scene.keyway.cli(&["provider", "disable", "far"]).expect_code(0);
    eventually("the end of it", || (status() == 404).then_some(()));
    upstream.always(|_| Answer::error(401, "invalid_request_error", "invalid_api_key", "no"));
    scene.keyway.cli(&["provider", "test", "mine"]).expect_code(1);
}
