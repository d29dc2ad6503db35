//! GET `/v1/organization/usage/...` of every kind, and `/usage/export`

use super::super::refused;
use super::counted;
use crate::database;
use crate::stage::{self, MODEL, Scene, bare, yesterday};
use testkit::{Answer, Upstream, json};

const USAGE: &str = "/v1/organization/usage";

#[test]
fn every_kind_has_its_route() {
    let scene = Scene::start(bare());
    for kind in [
        "completions",
        "embeddings",
        "rerank",
        "moderations",
        "images",
        "audio_speeches",
        "audio_transcriptions",
    ] {
        let page = scene.get_json(&format!(
            "{USAGE}/{kind}?start_time={}&bucket_width=1h&limit=1&group_by=batch&group_by=service_tier&group_by=label&batch=false",
            yesterday()
        ));
        assert_eq!((&page["object"], &page["has_more"]), (&json!("page"), &json!(true)), "{kind}");
        assert_eq!(page["data"][0]["object"], "bucket");
        refused(&scene.get(&format!("{USAGE}/{kind}")), 400, "invalid_request", Some("start_time"));
    }
    scene.get(&format!("{USAGE}/vector_stores?start_time=1")).expect_status(404);
}

#[test]
fn nothing_is_a_batch() {
    let upstream = Upstream::scripted(|_| Answer::ok());
    let scene = Scene::start(stage::builder(&upstream));
    let (_, key) = scene.make_key();
    scene.chat(&key).expect_status(200);
    counted(&scene, 1);
    let count = |query: &str| {
        let page = scene.get_json(&format!("{USAGE}/completions?start_time={}{query}", yesterday()));
        stage::total(&page)["num_model_requests"].clone()
    };
    assert_eq!((count("&batch=false"), count("&batch=true")), (json!(1), json!(0)));
}

#[test]
fn an_export_is_csv_and_recorded() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(super::completions::tokens()));
    let scene = Scene::start(stage::builder(&upstream));
    let (id, key) = scene.make_key();
    scene.chat(&key).expect_status(200);
    scene.chat(&key).expect_status(200);
    counted(&scene, 2);
    let answer = scene.get(&format!("{USAGE}/export?start_time={}", yesterday())).expect_status(200);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = answer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "start_time,project_id,user_id,key_id,model_served,provider,kind,requests,failed,unpriced,estimated,\
         input_uncached_tokens,input_cached_tokens,input_cache_write_tokens,input_audio_tokens,input_image_tokens,\
         output_text_tokens,output_reasoning_tokens,output_audio_tokens,units,cost_usd,provider_cost_usd"
    );
    let of_key = format!(",{},,{id},{MODEL},mine,chat_completions,", scene.project);
    // Over midnight there are two lines.
    assert!(lines[1].contains(&of_key), "{text}");
    if lines.len() == 2 {
        assert!(lines[1].ends_with(",2,0,0,0,1200,800,0,0,0,400,0,0,0,0.00124,0.00124"), "{text}");
    }
    let by_model = scene.get(&format!("{USAGE}/export?start_time={}&group_by=model", yesterday()));
    assert!(by_model.expect_status(200).text().starts_with("start_time,model_served,requests,"));
    let _ = scene.keyway.cli(&["usage", "--csv"]).expect_code(0);
    let audit = "SELECT CAST(COUNT(*) AS TEXT) FROM audit_log WHERE event = 'usage.exported'";
    assert_eq!(database::one(&scene.keyway, audit), "3");
}
