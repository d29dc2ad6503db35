//! What pages show and do, through the whole program.

use super::visitor::Visitor;
use crate::stage::{bare, hello};
use testkit::{Keyway, Response};

/// Pages with something on them, and words that are there.
fn used(keyway: &Keyway) -> String {
    let made = keyway.json(&["key", "create", "--name", "backend", "--test"]);
    let key = made["value"].as_str().unwrap_or_default().to_owned();
    let mut body = hello(false);
    body["model"] = "sandbox/echo".into();
    for _ in 0..12 {
        keyway.post_json("/v1/chat/completions", &key, &body).expect_status(200);
    }
    key
}

fn command(page: &str) -> Option<String> {
    let code = page.split("id=\"take-command\">").nth(1)?.split("</code>").next()?;
    Some(code.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&").replace("&gt;", ">"))
}

fn call(page: &str) -> Option<String> {
    let code = page.split("id=\"take-call\">").nth(1)?.split("</code>").next()?;
    let url = code.rsplit("\\\n  \"").next().or_else(|| code.rsplit("&quot;http").next())?;
    let path =
        url.split("/v1/").nth(1)?.trim_end_matches("&quot;").trim_end_matches('"').replace("&amp;", "&");
    Some(format!("/v1/{path}"))
}

/// Where a request's page is, as soon as it is in the log.
fn request_path(ada: &Visitor<'_>) -> String {
    testkit::eventually("a request in the log", || {
        let page = ada.get("/console/requests").text();
        let rest = page.split("/console/requests/req_").nth(1)?;
        Some(format!("/console/requests/req_{}", &rest[..26]))
    })
}

fn made(answer: &Response, prefix: &str) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let to = answer.header("location").unwrap_or_default().to_owned();
    assert!(to.starts_with(prefix) && to.contains("?done="), "{to}");
    to.split('?').next().unwrap_or_default().to_owned()
}

#[test]
fn a_call_shows_in_sums_lists_and_with_its_way() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    assert!(ada.get("/console").text().contains("Make your first call"));
    assert!(ada.get("/console/usage").text().contains("No requests in this time"));
    assert!(ada.get("/console/requests").text().contains("No requests yet"));
    used(&keyway);
    let path = request_path(&ada);
    let usage = testkit::eventually("every request in the sums", || {
        let page = ada.get("/console/usage?by=key").text();
        page.contains("<strong>12</strong>").then_some(page)
    });
    assert!(usage.contains("backend") && usage.contains("Cost per day, by API key"), "{usage}");
    let home = ada.get("/console?period=24h").expect_status(200).text();
    assert!(home.contains("sandbox/echo") && home.contains("Needs attention"), "{home}");
    let one = ada.get(&path).expect_status(200).text();
    for part in ["Route", "sandbox/echo", "backend", "200", "They are not kept"] {
        assert!(one.contains(part), "{part}: {one}");
    }
    let none = ada.get("/console/requests?status=server").text();
    assert!(none.contains("No request is like that"), "{none}");
    // The log's lines come in their own time, which may be after the sums have counted them.
    let csv = testkit::eventually("every request in the list", || {
        let csv = ada.get("/console/requests?format=csv").expect_status(200);
        (csv.text().lines().count() == 13).then_some(csv)
    });
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let export =
        usage.split("href=\"/v1/organization/usage/export").nth(1).and_then(|rest| rest.split('"').next());
    let export = format!("/v1/organization/usage/export{}", export.unwrap_or_default().replace("&amp;", "&"));
    assert!(
        ada.get(&export).expect_status(200).text().contains("api_key_id") || export.contains("api_key_id")
    );
}

#[test]
fn what_pages_say_of_the_api_and_the_command_line_works() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    used(&keyway);
    let request = request_path(&ada);
    let projects = ada.get("/v1/organization/projects").json();
    let project = format!("/console/projects/{}", projects["data"][0]["id"].as_str().unwrap_or_default());
    let users = ada.get("/v1/organization/users").json();
    let member = format!("/console/members/{}", users["data"][0]["id"].as_str().unwrap_or_default());
    let keys = keyway.json(&["key", "list"]);
    let key = format!("/console/keys/{}", keys["data"][0]["id"].as_str().unwrap_or_default());
    let of_project =
        format!("/console/keys?project={}", projects["data"][0]["id"].as_str().unwrap_or_default());
    let group = keyway.json(&["group", "create", "--name", "team"]);
    let group = format!("/console/groups/{}", group["id"].as_str().unwrap_or_default());
    let organizations = ada.get("/v1/organizations").json();
    let organization =
        format!("/console/organizations/{}", organizations["data"][0]["id"].as_str().unwrap_or_default());
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    let hook = "{\"name\":\"on-call\",\"url\":\"https://hooks.example.com/x\"}";
    let hook = ada.ask("POST", "/v1/organization/webhooks", &headers, hook).expect_status(200).json();
    let webhook = format!("/console/webhooks/{}", hook["id"].as_str().unwrap_or_default());
    let mut seen = 0;
    for path in [
        "/console/keys",
        &of_project,
        &key,
        "/console/admin-keys",
        "/console/groups",
        &group,
        "/console/webhooks",
        &webhook,
        "/console/notifications",
        "/console/notifications?failed=true",
        "/console/nodes",
        "/console/organizations",
        &organization,
        "/console/tiers",
        "/console/tiers/tier_developer",
        "/console/usage",
        "/console/requests",
        &request,
        "/console/models",
        "/console/models/sandbox%2Fecho",
        "/console/audit",
        "/console/audit/verify",
        "/console/review",
        "/console/projects",
        &project,
        "/console/members",
        &member,
        "/console/roles",
        "/console/budgets",
        "/console/limits",
        "/console/credit",
        "/console/settings",
    ] {
        let page = ada.get(path).expect_status(200).text();
        if let Some(call) = call(&page).filter(|call| !call.starts_with("/v1/models")) {
            ada.get(&call).expect_status(200);
            seen += 1;
        }
        let command = command(&page).unwrap_or_else(|| panic!("{path} names no command"));
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let output = keyway.cli(&words);
        assert_eq!(output.code, Some(0), "{path}: {command}: {}", output.stderr);
    }
    assert!(seen >= 26, "{seen} pages named a call");
}

#[test]
fn what_the_api_does_the_pages_do() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = ada.get("/console/projects");
    let answer = ada.send(&page, "/console/projects", &[("name", "Search"), ("environment", "staging")]);
    let project = made(&answer, "/console/projects/proj_");
    let page = ada.get(&project).expect_status(200);
    assert!(page.text().contains("Search") && page.text().contains("staging"));
    let answer =
        ada.send(&page, &format!("{project}/models"), &[("mode", "allow_list"), ("model_ids", "sandbox/*")]);
    made(&answer, &project);
    let answer = ada.send(&page, &format!("{project}/accounts"), &[("name", "worker"), ("role", "member")]);
    made(&answer, &project);
    let page = ada.get(&project);
    assert!(page.text().contains("Only sandbox/*") && page.text().contains("worker"), "{}", page.text());
    let wrong =
        ada.send(&page, &project, &[("name", "Search"), ("environment", "staging"), ("ip_allowlist", "x")]);
    assert!(wrong.status == 400 && wrong.text().contains("ip_allowlist"), "{}", wrong.text());

    let page = ada.get("/console/budgets");
    let fields =
        [("name", "Everything"), ("limit_usd", "12.50"), ("window", "month"), ("enforcement", "hard")];
    let budget = made(&ada.send(&page, "/console/budgets", &fields), "/console/budgets/bud_");
    let page = ada.get(&budget).expect_status(200);
    assert!(page.text().contains("$12.50") && page.text().contains("everything"), "{}", page.text());
    let fields = [("name", "Everything"), ("limit_usd", "ten"), ("enforcement", "soft")];
    let wrong = ada.send(&page, &budget, &fields);
    assert!(wrong.status == 400 && wrong.text().contains("no amount in USD"), "{}", wrong.text());
    let fields = [("name", "Everything"), ("limit_usd", "20"), ("enforcement", "soft")];
    made(&ada.send(&page, &budget, &fields), &budget);
    assert!(ada.get("/console/budgets").text().contains("warns, refuses nothing"));
    made(&ada.send(&ada.get(&budget), &format!("{budget}/remove"), &[]), "/console/budgets");
    assert!(ada.get("/console/budgets").text().contains("No budgets"));

    let page = ada.get("/console/limits");
    made(&ada.send(&page, "/console/limits", &[("requests_per_minute", "60")]), "/console/limits");
    assert!(ada.get("/console/limits").text().contains("60 requests per minute"));

    let page = ada.get("/console/credit");
    let fields = [("amount_usd", "50"), ("kind", "topped_up"), ("note", "Invoice 7")];
    made(&ada.send(&page, "/console/credit", &fields), "/console/credit");
    assert!(ada.get("/console/credit").text().contains("Invoice 7"));

    let page = ada.get("/console/roles");
    let fields = [("role_name", "Watcher"), ("description", "looks"), ("permissions", "read:usage")];
    made(&ada.send(&page, "/console/roles", &fields), "/console/roles");
    assert!(ada.get("/console/roles").text().contains("Watcher"));

    let page = ada.get("/console/settings");
    made(&ada.send(&page, "/console/settings", &[("key_name_pattern", "shop-*")]), "/console/settings");
    assert!(ada.get("/console/settings").text().contains("shop-*"));
    let log = ada.get("/console/audit?format=csv").text();
    for event in ["project.created", "budget.created", "budget.deleted", "rate_limit.updated", "role.created"]
    {
        assert!(log.contains(event), "{event}: {log}");
    }
    assert!(ada.get("/console/audit/verify").text().contains("whole"));
}

#[test]
fn an_invitation_is_sent_and_its_link_is_shown_once() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = ada.get("/console/members");
    let fields = [("email", "bob@example.org"), ("role", "viewer"), ("project", "")];
    let shown = ada.send(&page, "/console/members/invite", &fields).expect_status(200).text();
    let link =
        shown.split("/invitation?token=").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let mail = super::mail::letter(&keyway, "bob@example.org", "You are invited");
    assert_eq!(mail.link(), format!("/invitation?token={link}"));
    let again = ada.get("/console/members").text();
    assert!(again.contains("bob@example.org") && again.contains("waits") && !again.contains(link));
    let wrong = ada.send(&page, "/console/members/invite", &[("email", "bob"), ("role", "viewer")]);
    assert_eq!(wrong.status, 400);
}

#[test]
fn the_playground_calls_under_a_key_that_nobody_knows() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = ada.get("/console/playground").expect_status(200);
    let project = page.text().split("<option value=\"proj_").nth(1).map(|rest| rest[..26].to_owned());
    let project = format!("proj_{}", project.unwrap_or_default());
    let ask =
        |mode: &str| ada.send(&page, "/console/playground/token", &[("project", &project), ("mode", mode)]);
    let token = ask("test").expect_status(200).json()["token"].as_str().unwrap_or_default().to_owned();
    let mut body = hello(false);
    body["model"] = "sandbox/echo".into();
    let headers = [("authorization", format!("Bearer {token}")), ("origin", "http://127.0.0.1".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    keyway.request("POST", "/v1/chat/completions", &headers, body.to_string().as_bytes()).expect_status(200);
    ask("test").expect_status(200);
    let keys = ada.get("/console/keys?q=playground").text();
    assert_eq!(
        keys.matches("nobody knows").count() + keys.matches(">playground</a>").count(),
        1,
        "one key serves every token"
    );
    testkit::eventually("the call in the log", || {
        ada.get("/console/requests").text().contains("playground").then_some(())
    });
    // The token may nothing else, and nobody else's project is open to it.
    let other = [("project", "proj_01m7y800000000000000000000"), ("mode", "test")];
    assert_eq!(ada.send(&page, "/console/playground/token", &other).status, 404);
    assert_eq!(keyway.get("/v1/organization/projects", &token).status, 403);
}

/// Every statement between two places of the log, each as often as it was made.
fn statements(log: &str) -> std::collections::BTreeMap<String, usize> {
    let mut count = std::collections::BTreeMap::new();
    // Whether a connection takes writes is asked before each use of it, for no page's sake.
    let is_asked = |line: &&str| line.contains("sqlx::query") && !line.contains("transaction_read_only");
    for line in log.lines().filter(is_asked) {
        let text = line.split("\"summary\":\"").nth(1).unwrap_or(line);
        let text = text.split("\",\"").next().unwrap_or(text).to_owned();
        *count.entry(text).or_default() += 1;
    }
    count
}

/// The statement that was made most often while a page was shown, and how often.
fn most_alike(keyway: &Keyway, ada: &Visitor, path: &str) -> (String, usize) {
    let before = keyway.stderr().len();
    ada.get(path).expect_status(200);
    let made = statements(&keyway.stderr()[before..]);
    let most = made.into_iter().max_by_key(|(_, count)| *count);
    most.unwrap_or_else(|| panic!("the log says no statement of {path}"))
}

#[test]
fn no_page_asks_the_database_once_for_each_row() {
    const LOOKS: usize = 3;
    const ROWS: usize = 15;
    /// What a page asks more than once, such as names of what it shows and sums of two times.
    const ALIKE_MAX: usize = 4;
    let keyway = bare().config("log = \"info,sqlx::query=debug\"\n").start();
    let ada = Visitor::first(&keyway);
    used(&keyway);
    let request = request_path(&ada);
    let group = keyway.json(&["group", "create", "--name", "everybody"]);
    let group_id = group["id"].as_str().unwrap_or_default();
    let group = format!("/console/groups/{group_id}");
    for number in 0..ROWS {
        let project = keyway.json(&["project", "create", "--name", &format!("project {number}")]);
        let project = project["id"].as_str().unwrap_or_default().to_owned();
        let _ = keyway.make_key_with(&format!("key {number}"), &["--project", &project]);
        let name = format!("budget {number}");
        let _ = keyway.json(&[
            "budget",
            "create",
            "--name",
            &name,
            "--limit",
            "5usd/month",
            "--project",
            &project,
        ]);
        let body =
            format!("{{\"email\":\"p{number}@example.com\",\"name\":\"P {number}\",\"role\":\"viewer\"}}");
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
        let user = ada.ask("POST", "/v1/organization/users", &headers, &body).expect_status(200).json();
        let _ = keyway.json(&["group", "add", group_id, user["id"].as_str().unwrap_or_default()]);
        let hook = format!("{{\"name\":\"hook {number}\",\"url\":\"https://hooks.example.com/x\"}}");
        ada.ask("POST", "/v1/organization/webhooks", &headers, &hook).expect_status(200);
        let _ = keyway.json(&["admin-key", "create", "--name", &format!("admin {number}")]);
        let _ = keyway.json(&["group", "create", "--name", &format!("group {number}")]);
        let _ = keyway.json(&["org", "create", "--name", &format!("organization {number}")]);
        let _ = keyway.json(&["tier", "create", "--name", &format!("tier {number}")]);
        let _ = keyway.json(&["service-account", "create", "--project", &project, "--name", "worker"]);
    }
    for path in [
        "/console",
        "/console/keys",
        "/console/keys?format=csv",
        "/console/keys/new",
        "/console/admin-keys",
        "/console/groups",
        &group,
        "/console/webhooks",
        "/console/notifications",
        "/console/nodes",
        "/console/organizations",
        "/console/tiers",
        "/console/usage?by=key",
        "/console/usage?by=project",
        "/console/requests",
        "/console/requests?part=list",
        &request,
        "/console/models",
        "/console/audit",
        "/console/review",
        "/console/projects",
        "/console/members",
        "/console/roles",
        "/console/budgets",
        "/console/limits",
        "/console/credit",
        "/console/settings",
        "/console/playground",
    ] {
        // What the program does beside a page, such as a look of the watch, stands in the same log: what a page asks,
        // it asks each time.
        let looks: Vec<_> = (0..LOOKS).map(|_| most_alike(&keyway, &ada, path)).collect();
        let (text, count) = looks.iter().min_by_key(|(_, count)| *count).cloned().unwrap_or_default();
        assert!(count <= ALIKE_MAX, "{path} asks {count} times: {text}");
    }
}
