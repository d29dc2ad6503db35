//! Groups at the console: made, filled, given roles and a place in a project, removed.

use super::visitor::Visitor;
use crate::stage::bare;
use testkit::json;

const PATH: &str = "/console/groups";
const NOBODY: &str = "01m7y800000000000000000000";

fn went(answer: &testkit::Response, to: &str) {
    assert_eq!(answer.header("location"), Some(to), "{}", answer.text());
}

#[test]
fn a_group_has_people_roles_and_a_place_in_projects() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    let body = json!({"email": "grace@example.com", "name": "Grace", "role": "viewer"}).to_string();
    let grace = ada.ask("POST", "/v1/organization/users", &headers, &body).expect_status(200).json();
    let grace = grace["id"].as_str().unwrap_or_default().to_owned();
    let page = ada.get(PATH).expect_status(200);
    assert!(page.text().contains("No groups"), "{}", page.text());
    let wrong = ada.send(&page, PATH, &[("name", "")]);
    assert!(wrong.status == 400 && wrong.text().contains("id=\"name-error\""), "{}", wrong.text());
    let made = ada.send(&page, PATH, &[("name", "Search team")]);
    let path = made.header("location").unwrap_or_default().trim_end_matches("?done=made").to_owned();
    assert!(path.starts_with("/console/groups/group_"), "{}", made.text());

    let one = ada.get(&path).expect_status(200);
    assert!(one.text().contains("Nobody yet") && one.text().contains("In no project"), "{}", one.text());
    let (users, roles) = (format!("{path}/users"), format!("{path}/roles"));
    went(&ada.send(&one, &users, &[("user_id", &grace)]), &format!("{path}?done=saved"));
    let again = ada.send(&one, &users, &[("user_id", &grace)]);
    assert!(again.status == 409 && again.text().contains("in this group already"), "{}", again.text());
    let nobody = ada.send(&one, &users, &[("user_id", &format!("user_{NOBODY}"))]);
    assert!(nobody.status == 400 && nobody.text().contains("id=\"user_id-error\""), "{}", nobody.text());
    went(&ada.send(&one, &roles, &[("role_id", "billing")]), &format!("{path}?done=saved"));
    let wrong = ada.send(&one, &roles, &[("role_id", "king")]);
    assert!(wrong.status == 400 && wrong.text().contains("id=\"role_id-error\""), "{}", wrong.text());
    let one = ada.get(&path).expect_status(200);
    assert!(one.text().contains(">Grace</a>") && one.text().contains("value=\"billing\""), "{}", one.text());
    assert!(ada.get(PATH).text().contains(">1</td>"), "{}", ada.get(PATH).text());

    // A project takes it in as it does people.
    let project = ada.get("/v1/organization/projects").json()["data"][0]["id"].clone();
    let project = format!("/console/projects/{}", project.as_str().unwrap_or_default());
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    let page = ada.get(&project).expect_status(200);
    assert!(page.text().contains("Search team (group)"), "{}", page.text());
    ada.send(&page, &format!("{project}/members"), &[("user", &id), ("role", "member")]).expect_status(303);
    assert!(ada.get(&path).text().contains(">Default</a>"));

    went(&ada.send(&one, &path, &[("name", "Finders")]), &format!("{path}?done=saved"));
    assert!(ada.get(&path).text().contains("<h1>Finders</h1>"));
    let away = format!("{roles}/remove");
    went(&ada.send(&one, &away, &[("role_id", "billing")]), &format!("{path}?done=removed"));
    went(
        &ada.send(&one, &format!("{users}/remove"), &[("user_id", &grace)]),
        &format!("{path}?done=removed"),
    );
    assert!(ada.get(&path).text().contains("Nobody yet"));
    went(&ada.send(&one, &format!("{path}/remove"), &[]), &format!("{PATH}?done=removed"));
    ada.get(&path).expect_status(404);
    let log = ada.get("/console/audit?format=csv").text();
    for event in ["group.created", "group.user.added", "role.assignment.created", "group.deleted"] {
        assert!(log.contains(event), "{event}: {log}");
    }
}
