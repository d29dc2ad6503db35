//! Every part of every page, on one page: what is looked at in both themes before it is used.

use super::form::{Form, Wrong};
use super::page::Page;
use super::parts::field::{choice, tick};
use super::parts::filter::{Choose, filter};
use super::parts::stack::{Part, stack};
use super::parts::table::{facts, number, table, text};
use super::parts::{
    Field, Tone, badge, button, button_link, copied, danger_button, dialog, meter, paging, snippet, states,
    submit, tabs,
};
use crate::access::Grant;
use crate::access::session::cookie;
use crate::base::Refusal;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Shared};
use http::StatusCode;
use maud::{Markup, html};
use std::sync::Arc;

/// GET `/_/components`
#[must_use]
pub fn show(_: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let body = html! {
            (super::nav::themes(cookie::theme(&inbound.headers), "/_/components"))
            (part("Buttons and badges", &words()))
            (part("Form", &form()))
            (part("Table and paging", &list()))
            (part("Texts to take along", &texts()))
            (part("Chart", &chart()))
            (part("States", &other()))
        };
        let page = Page { scripts: &["filter.js"], wide: true, ..Page::new("Components", body) };
        let mut answer = page.answer_outside(StatusCode::OK, &inbound.headers);
        answer.set("x-robots-tag", "noindex");
        Ok(answer)
    })
}

fn part(title: &str, content: &Markup) -> Markup {
    html! { section .part { h2 { (title) } (content) } }
}

fn words() -> Markup {
    html! {
        div .row { (submit("First")) (button("a", "b", "Second")) (button_link("#", "A way on", false)) (danger_button("Revoke")) }
        div .row {
            (badge(Tone::Good, "active")) (badge(Tone::Warn, "expires in 3 days"))
            (badge(Tone::Bad, "revoked")) (badge(Tone::Plain, "test"))
        }
        div .row { (meter("Budget", 40, 100)) (meter("Budget", 95, 100)) }
        div .row { (dialog::opener("shown", "Open a dialog")) }
        (dialog::dialog("shown", "Revoke this key?", &html! { p { "It made 12 requests in the last 24 hours." } }))
    }
}

fn form() -> Markup {
    let wrong = Wrong::from(Refusal::field("email", "This is no address, as in ada@example.com."));
    let form = Form::empty();
    let options = [("a".to_owned(), "Default".to_owned()), ("b".to_owned(), "Production".to_owned())];
    html! {
        form .narrow method="get" action="/_/components" {
            (Field::new("name", "Name").needed().hint("What you will know it by.").came(&form, &wrong, "backend").show())
            (Field::new("email", "E-mail address").kind("email").needed().came(&form, &wrong, "ada@").show())
            (Field::new("project", "Project").options(&options).value("b").show())
            (Field::new("about", "Description").kind("textarea").placeholder("What it is for").show())
            fieldset { legend { "What it may" }
                (tick("scopes", "chat", "Chat", "Completions, whole and streamed", true))
                (tick("scopes", "models", "Models", "", false))
            }
            fieldset { legend { "Kind" }
                (choice("mode", "live", "Live", "Real models", true))
                (choice("mode", "test", "Test", "The sandbox alone", false))
            }
        }
    }
}

fn list() -> Markup {
    let columns = [text("Name"), text("Key"), text("State"), number("Requests")];
    let rows = vec![
        vec![
            html! { a href="#" { "backend" } },
            html! { code { "sk-kw-live-7Hq2..." } },
            badge(Tone::Good, "active"),
            html! { "12 004" },
        ],
        vec![
            html! { a href="#" { "a key with a rather long name that wraps" } },
            html! { code { "sk-kw-test-a1b2..." } },
            badge(Tone::Plain, "disabled"),
            html! { "7" },
        ],
    ];
    let options = [(String::new(), "All states".to_owned()), ("active".to_owned(), "Active".to_owned())];
    let choose = [Choose { name: "status", label: "State", options: &options, chosen: "active" }];
    html! {
        (filter("/_/components", &choose, Some(("q", "Search by name", ""))))
        (table("Keys", &columns, &rows))
        (paging::paging("/_/components", &[], 2, Some("key_2"), true))
        (facts(&[("Project", html! { "Default" }), ("Owner", html! { "Ada" })]))
    }
}

fn texts() -> Markup {
    let sample = "curl http://127.0.0.1:8080/v1/models \\\n  -H \"Authorization: Bearer $KEYWAY_API_KEY\"";
    html! {
        (copied("sample-key", "Key", "sk-kw-test-not-a-key"))
        (tabs::tabs("sample", "Language", &[("curl", snippet("curl-sample", "curl", sample)), ("Python", snippet("python-sample", "Python", "import openai"))]))
    }
}

fn chart() -> Markup {
    let part =
        |name: &str, values: &[u64], rest| Part { name: name.to_owned(), values: values.to_vec(), rest };
    let labels: Vec<String> = (1..=10).map(|day| format!("{day} Nov")).collect();
    let parts = [
        part("small", &[12, 40, 33, 58, 21, 0, 5, 44, 61, 39], false),
        part("large", &[4, 9, 12, 3, 0, 0, 8, 21, 14, 6], false),
        part("others", &[1, 0, 2, 5, 1, 0, 0, 3, 2, 1], true),
    ];
    stack("Requests per day, by model", &labels, &parts, |value| value.to_string(), |value| value.to_string())
}

fn other() -> Markup {
    html! {
        (states::empty("No keys yet", "A key lets a program call models.", &button_link("#", "Create a key", true)))
        (states::not_allowed("It takes the permission read:audit_logs, which your role does not have here."))
        (states::failed("That did not work", "The database did not answer within 10 seconds.", "req_01m7y800000000000000000000", Some("#")))
        p .notice.good role="status" { "Saved." }
        p .notice.bad { "This name is taken." }
    }
}
