//! Texts in the order of their worth for a question.

use crate::scene::{PROVIDER_SECRET, Scene};
use testkit::{Answer, Upstream, json};

const PATH: &str = "/v1/rerank";
const BODY: &str = r#"{"model":"mine/small","query":"q","documents":["a","b"],"top_n":1}"#;

#[test]
fn an_order_goes_through_and_its_tokens_are_booked() {
    let scene = Scene::start();
    let key = scene.keyway.make_key_with("rerank", &["--scope", "create:rerank"]);
    let results = json!([{"index": 1, "relevance_score": 0.9}]);
    for (body, input, origin) in [
        (json!({"results": results, "usage": {"total_tokens": 40, "prompt_tokens": 40}}), 40, "reported"),
        (json!({"results": results, "meta": {"tokens": {"input_tokens": 30}}}), 30, "reported"),
        (json!({"results": results}), BODY.len().div_ceil(4), "estimated"),
    ] {
        scene.upstream.push(Answer::json(200, &body));
        let answer = scene.keyway.post_bytes(PATH, &key, BODY.as_bytes()).expect_status(200);
        assert_eq!(answer.text(), body.to_string());
        assert_eq!(scene.upstream.last().path, "/v1/rerank");
        let entry = &scene.log(usize::try_from(scene.upstream.count()).unwrap())[0];
        assert_eq!((&entry["usage"]["in_uncached"], &entry["usage_origin"]), (&json!(input), &json!(origin)));
    }
    let without = scene.keyway.post_bytes(PATH, &scene.key, BODY.as_bytes());
    assert_eq!((without.status, without.code().as_str()), (403, "missing_scope"));
}

#[test]
fn voyage_is_asked_in_its_own_shape() {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let row = format!(
        "[providers.order]\nbase_url = {{ voyage-rerank = \"{base}\" }}\nspeaks = [\"voyage-rerank\"]\nauth = \"none\"\n\
         [models.\"order/best\"]\nkind = \"rerank\"\nprice = {{ input = 1.0 }}\n"
    );
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, &row);
    let key = scene.keyway.make_key_with("rerank", &["--scope", "create:rerank"]);
    let answer = json!({"object": "list", "data": [{"relevance_score": 0.75, "index": 1}], "usage": {"total_tokens": 1000}});
    scene.upstream.push(Answer::json(200, &answer));
    let told = scene.keyway.post_bytes(PATH, &key, BODY.replace("mine/small", "order/best").as_bytes());
    let told = told.expect_status(200);
    let expected = json!({"results": [{"index": 1, "relevance_score": 0.75}], "meta": {"tokens": {"input_tokens": 1000}}});
    assert_eq!((told.json(), told.header("x-keyway-cost-usd")), (expected, Some("0.001")));
    assert_eq!(
        scene.upstream.last().json(),
        json!({"model": "best", "query": "q", "documents": ["a", "b"], "top_k": 1})
    );
}

#[test]
fn searches_are_billed_as_they_are_counted_and_a_budget_holds_the_most_there_can_be() {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let model = "[models.\"mine/search\"]\nkind = \"rerank\"\nprice = { search = 0.002 }\n";
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, model);
    let limits = ["--scope", "create:rerank", "--budget", "0.005usd/total"];
    let key = scene.keyway.make_key_with("rerank", &limits);
    let ask = |documents: usize| {
        let body = json!({"model": "mine/search", "query": "q", "documents": vec!["a"; documents]});
        scene.keyway.post_json(PATH, &key, &body)
    };
    assert_eq!(ask(300).status, 402);
    scene
        .upstream
        .push(Answer::json(200, &json!({"results": [], "meta": {"billed_units": {"search_units": 2}}})));
    assert_eq!(ask(190).expect_status(200).header("x-keyway-cost-usd"), Some("0.004"));
    assert_eq!((ask(1).status, scene.upstream.count()), (402, 1));
    let entry = &scene.log(3)[1];
    assert_eq!((&entry["usage"]["units"], &entry["usage_origin"]), (&json!(2), &json!("reported")));
}
