//! GET, POST and DELETE `/v1/organization/routes[/{id}]`

use crate::stage::{MODEL, Scene, builder, hello, text};
use testkit::{Upstream, Value, json};

const ROUTES: &str = "/v1/organization/routes";
const OF_FILE: &str =
    "[routes.quick]\nstrategy = \"latency\"\ntargets = [{ model = \"mine/small\", weight = 3 }]\n";

fn ask(model: &str) -> Value {
    let mut body = hello(false);
    body["model"] = json!(model);
    body
}

#[test]
fn a_route_is_there_from_the_moment_the_call_returns_and_until_it_is_removed() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream));
    let (_, key) = scene.make_key();
    let chat = |model: &str| scene.keyway.post_json("/v1/chat/completions", &key, &ask(model));
    chat("mixed").expect_status(404);
    let new = json!({"name": "mixed", "strategy": "cost", "regions": [], "zero_retention": false,
        "targets": [{"model": MODEL, "weight": 2, "labels": [], "needs": [], "prompt_tokens_max": null}]});
    let made = scene.post(ROUTES, &new).expect_status(200).json();
    assert_eq!((&made["object"], &made["source"]), (&json!("organization.route"), &json!("stored")));
    assert_eq!((&made["strategy"], &made["targets"][0]["weight"]), (&json!("cost"), &json!(2)));
    let answer = chat("mixed").expect_status(200);
    assert_eq!(answer.header("x-keyway-model"), Some(MODEL));
    let id = text(&made["id"]);
    assert_eq!(scene.get_json(&format!("{ROUTES}/{id}")), made);
    let edit = json!({"strategy": "weight", "targets": [{"model": MODEL}], "affinity": false});
    let edited = scene.post(&format!("{ROUTES}/{id}"), &edit).expect_status(200).json();
    assert_eq!(
        (&edited["id"], &edited["strategy"], &edited["affinity"]),
        (&json!(id), &json!("weight"), &json!(false))
    );
    scene.delete(&format!("{ROUTES}/{id}")).expect_status(200);
    chat("mixed").expect_status(404);
    scene.get(&format!("{ROUTES}/{id}")).expect_status(404);
    scene.delete(&format!("{ROUTES}/{id}")).expect_status(404);
}

#[test]
fn what_makes_no_route_is_refused() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream).config(OF_FILE));
    let one = json!([{"model": MODEL}]);
    let table = [
        (json!({"name": "x"}), 400),
        (json!({"name": "x", "targets": []}), 400),
        (json!({"name": "x", "targets": ["mine/small"]}), 400),
        (json!({"name": "x", "targets": [{"model": "nobody/x"}]}), 400),
        (json!({"name": "x", "targets": [{"model": "quick"}]}), 400),
        (json!({"name": "x", "targets": [{"model": MODEL, "weight": 0}]}), 400),
        (json!({"name": "x", "targets": [{"model": MODEL, "needs": ["wings"]}]}), 400),
        (json!({"name": "x", "targets": [{"model": MODEL, "labels": ["team"]}]}), 400),
        (json!({"name": "x", "targets": [{"model": MODEL, "color": "red"}]}), 400),
        (json!({"name": "x", "strategy": "luck", "targets": one}), 400),
        (json!({"name": "a b", "targets": one}), 400),
        (json!({"name": "auto", "targets": one}), 400),
        (json!({"name": "auto:mine", "targets": one}), 400),
        (json!({"name": "x\" = 1 }\n[routes.y]", "targets": one}), 400),
        (json!({"name": "quick", "targets": one}), 409),
    ];
    for (body, status) in table {
        let answer = scene.post(ROUTES, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    scene.post(ROUTES, &json!({"name": "x", "targets": one})).expect_status(200);
    scene.post(ROUTES, &json!({"name": "x", "targets": one})).expect_status(409);
}

#[test]
fn the_files_routes_are_shown_and_changed_there() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream).config(OF_FILE));
    scene.post(ROUTES, &json!({"name": "x", "targets": [{"model": MODEL}]})).expect_status(200);
    let list = scene.get_json(ROUTES);
    let named: Vec<&Value> = list["data"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
    assert_eq!(named, ["quick", "x"]);
    assert_eq!(
        (&list["data"][0]["id"], &list["data"][0]["source"]),
        (&json!("config:quick"), &json!("config"))
    );
    let (all, pages) = super::super::walk(&scene, ROUTES, 1, "");
    assert_eq!((all.len(), pages), (2, 2));
    assert_eq!(scene.get_json(&format!("{ROUTES}/config:quick")), list["data"][0]);
    scene.delete(&format!("{ROUTES}/config:quick")).expect_status(409);
    scene.post(&format!("{ROUTES}/config:quick"), &json!({"targets": [{"model": MODEL}]})).expect_status(409);
    let (_, key) = scene.make_key();
    scene.keyway.post_json("/v1/chat/completions", &key, &ask("quick")).expect_status(200);
}

/// Permission for a route is permission for its targets.
#[test]
fn a_route_opens_no_model_that_its_caller_may_not_call() {
    let upstream = Upstream::start();
    let scene = Scene::start(builder(&upstream).config(OF_FILE));
    let narrow = scene.keyway.make_key_with("narrow", &["--model", "mine/other"]);
    let answer = scene.keyway.post_json("/v1/chat/completions", &narrow, &ask("quick"));
    assert_eq!((answer.status, answer.code().as_str()), (403, "model_not_allowed"));
    let by_name = scene.keyway.make_key_with("by name", &["--model", "quick"]);
    let answer = scene.keyway.post_json("/v1/chat/completions", &by_name, &ask("quick"));
    assert_eq!((answer.status, answer.code().as_str()), (403, "model_not_allowed"));
}
