//! GET `/v1/organization/nodes`

use crate::stage::{Scene, bare};
use testkit::json;

#[test]
fn the_running_server_is_listed() {
    let scene = Scene::start(bare());
    let page = testkit::eventually("the node's row", || {
        let page = scene.get_json("/v1/organization/nodes");
        (page["data"].as_array().map(Vec::len) == Some(1)).then_some(page)
    });
    let node = &page["data"][0];
    assert_eq!(node["object"], "organization.node");
    assert_eq!(node["listen"], scene.keyway.address().to_string());
    assert_eq!(node["health"]["draining"], json!(false));
    assert!(node["id"].as_str().is_some_and(|id| id.starts_with("node_")), "{node}");
    assert_eq!((&page["object"], &page["has_more"]), (&json!("list"), &json!(false)));
}
