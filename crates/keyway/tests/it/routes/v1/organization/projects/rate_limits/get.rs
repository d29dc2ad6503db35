//! GET `/v1/organization/projects/{project}/rate_limits` and `/v1/organization/rate_limits`

use super::super::super::{NOBODY, refused, walk};
use crate::stage::{Scene, bare, fields, text};
use testkit::json;

#[test]
fn the_whole_comes_first_then_models_by_name() {
    let scene = Scene::start(bare());
    for path in [format!("{}/rate_limits", scene.project_path), "/v1/organization/rate_limits".to_owned()] {
        let empty = scene.get_json(&path);
        assert_eq!((&empty["data"][0]["id"], &empty["data"][0]["model"]), (&json!("rl-all"), &json!(null)));
        assert_eq!((&empty["has_more"], empty["data"].as_array().map(Vec::len)), (&json!(false), Some(1)));
        for model in ["sandbox/slow", "sandbox/echo", "sandbox/error"] {
            let body = json!({"max_requests_per_1_minute": 5});
            scene.post(&format!("{path}/rl-{model}"), &body).expect_status(200);
        }
        let (all, pages) = walk(&scene, &path, 2, "");
        let ids: Vec<String> = all.iter().map(|row| text(&row["id"])).collect();
        assert_eq!(ids, ["rl-all", "rl-sandbox/echo", "rl-sandbox/error", "rl-sandbox/slow"]);
        assert_eq!(pages, 2);
        assert_eq!(
            fields(&all[1].to_string()).len(),
            8,
            "object, id, model and a field for each kind: {}",
            all[1]
        );
        for (query, param) in [("?limit=0", "limit"), ("?colour=1", "colour"), ("?after=a&after=b", "after")]
        {
            refused(&scene.get(&format!("{path}{query}")), 400, "invalid_request", Some(param));
        }
    }
}

#[test]
fn a_project_that_is_not_there() {
    let scene = Scene::start(bare());
    let path = format!("/v1/organization/projects/proj_{NOBODY}/rate_limits");
    refused(&scene.get(&path), 404, "not_found", None);
    refused(&scene.post(&format!("{path}/rl-all"), &json!({})), 404, "not_found", None);
}
