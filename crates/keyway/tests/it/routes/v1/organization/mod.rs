//! `/v1/organization`

mod admin_api_keys;
mod alerts;
mod audit_logs;
mod budgets;
mod costs;
mod credit;
mod explain;
mod groups;
mod invites;
mod ip_allowlist;
mod key_review;
mod limit_increase_requests;
mod models;
mod nodes;
mod permission;
mod prices;
mod projects;
mod providers;
mod requests;
mod role_table;
mod roles;
mod routes;
mod settings;
mod tiers;
mod usage;
mod users;
mod verification_requests;
mod webhooks;

pub use usage::counted as usage_counted;

use crate::stage::Scene;
use testkit::{Response, Value, json};

/// An id of the right form that nothing has.
const NOBODY: &str = "01m7y800000000000000000000";

/// The answer is a refusal with this status, code and field.
pub fn refused(answer: &Response, status: u16, code: &str, param: Option<&str>) {
    let body = answer.json();
    let said = (answer.status, body["error"]["code"].as_str(), body["error"]["param"].as_str());
    assert_eq!(said, (status, Some(code), param), "{body}");
    assert!(body["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// Walks a list page by page: all entries, and how many pages there were.
fn walk(scene: &Scene, path: &str, limit: usize, more: &str) -> (Vec<Value>, usize) {
    let (mut all, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let page = scene.get_json(&format!("{path}?limit={limit}{more}{after}"));
        pages += 1;
        let data = page["data"].as_array().expect("a list").clone();
        assert_eq!(page["object"], "list");
        assert_eq!(page["first_id"], data.first().map_or(Value::Null, |first| first["id"].clone()));
        assert!(data.len() <= limit);
        all.extend(data);
        if page["has_more"] == false {
            return (all, pages);
        }
        assert_eq!(page["last_id"], all.last().expect("an entry")["id"]);
        after = format!("&after={}", crate::stage::text(&page["last_id"]));
    }
}

/// Makes somebody a member: their id.
pub fn member(scene: &Scene, email: &str, role: &str) -> String {
    let body = json!({"email": email, "name": email, "role": role});
    crate::stage::text(&scene.post("/v1/organization/users", &body).expect_status(200).json()["id"])
}

/// An admin key that stands for somebody: its id and its secret.
pub fn key_of(scene: &Scene, user: &str) -> (String, String) {
    let body = json!({"name": "of a person", "owner": user});
    let made = scene.post("/v1/organization/admin_api_keys", &body).expect_status(200).json();
    (crate::stage::text(&made["id"]), crate::stage::text(&made["value"]))
}
