//! GET `/v1/organization/users`

use super::super::{NOBODY, member, refused, walk};
use crate::stage::{Scene, bare};

const PATH: &str = "/v1/organization/users";

#[test]
fn pages_and_addresses() {
    let scene = Scene::start(bare());
    let ids: Vec<String> = (0..5).map(|at| member(&scene, &format!("u{at}@x.y"), "viewer")).collect();
    let (all, pages) = walk(&scene, PATH, 2, "");
    assert_eq!(pages, 3);
    let mut sorted = ids;
    sorted.sort();
    assert_eq!(
        all.iter().map(|user| user["id"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>(),
        sorted
    );
    let (newest, _) = walk(&scene, PATH, 2, "&order=desc");
    assert_eq!(newest.into_iter().rev().collect::<Vec<_>>(), all);
    let some = scene.get_json(&format!("{PATH}?emails[]=U1@x.y&emails[]=nobody@x.y&emails[]=u3@x.y"));
    assert_eq!(some["data"].as_array().map(Vec::len), Some(2), "{some}");
    refused(&scene.get(&format!("{PATH}?after=key_{NOBODY}")), 400, "invalid_request", Some("after"));
    refused(&scene.get(&format!("{PATH}/user_{NOBODY}")), 404, "not_found", None);
}
