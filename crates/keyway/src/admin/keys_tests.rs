use super::*;
use crate::base::Code;

fn new(text: &str, project: Option<&str>) -> Result<NewKey, Refusal> {
    read(Body::parse(text.as_bytes()).unwrap(), project)
}

#[test]
fn a_new_project_key_is_read() {
    let asked = r#"{"name":"a","description":"d","scopes":["create:images"],"models":[],
        "expires_in_seconds":60,"mode":"test"}"#;
    let new = new(asked, Some("proj_1")).unwrap();
    assert_eq!((new.name.as_str(), new.description.as_str()), ("a", "d"));
    assert_eq!(new.scopes, Some(vec!["create:images".to_owned()]));
    assert_eq!((new.models, new.expires_in_seconds, new.test), (Some(vec![]), Some(60), true));
    assert_eq!(new.project.as_deref(), Some("proj_1"));
}

#[test]
fn what_is_not_known_is_refused() {
    let table = [
        (r#"{"name":"a","projects":[]}"#, Some("p"), Code::InvalidRequest, "projects"),
        (r#"{"name":"a","projects":1}"#, None, Code::InvalidRequest, "projects"),
        (r#"{"name":"a","models":[]}"#, None, Code::InvalidRequest, "models"),
        (r#"{"name":"a","colour":1}"#, Some("p"), Code::InvalidRequest, "colour"),
        (r#"{"name":"a","mode":"dry"}"#, Some("p"), Code::InvalidRequest, "mode"),
        (r#"{"name":"a","expires_in_seconds":-1}"#, Some("p"), Code::InvalidRequest, "expires_in_seconds"),
        (r#"{"name":"a","expires_in_seconds":1.5}"#, Some("p"), Code::InvalidRequest, "expires_in_seconds"),
        (r#"{"name":"a","scopes":"all"}"#, Some("p"), Code::InvalidRequest, "scopes"),
        (r#"{"name":"a","budget":{}}"#, Some("p"), Code::InvalidRequest, "budget.limit_usd"),
        (r#"{"name":"a","budget":{"limit_usd":1}}"#, Some("p"), Code::InvalidRequest, "budget.window"),
        (
            r#"{"name":"a","budget":{"limit_usd":1e3,"window":"day"}}"#,
            Some("p"),
            Code::InvalidRequest,
            "budget.limit_usd",
        ),
        (
            r#"{"name":"a","budget":{"limit_usd":1,"window":"year"}}"#,
            Some("p"),
            Code::InvalidRequest,
            "budget.window",
        ),
        (
            r#"{"name":"a","budget":{"limit_usd":1,"window":"day","x":1}}"#,
            Some("p"),
            Code::InvalidRequest,
            "budget.x",
        ),
        (r#"{"name":"a","budget":{"limit_usd":1,"window":"day"}}"#, None, Code::InvalidRequest, "budget"),
        (r#"{"name":null}"#, Some("p"), Code::InvalidRequest, "name"),
        ("{}", None, Code::InvalidRequest, "name"),
    ];
    for (text, project, code, param) in table {
        let refusal = new(text, project).unwrap_err();
        assert_eq!((refusal.code, refusal.param.as_deref()), (code, Some(param)), "{text}");
    }
}
