//! A refusal as people see it: the way to sign in, what is not theirs, what failed.

use super::page::{Page, see};
use super::parts::paging::encoded;
use super::parts::states;
use crate::base::{Code, Fields, Refusal};
use crate::relay::Outbound;
use http::StatusCode;
use maud::html;

/// The page of a refusal, for a request that asked for a target by a method.
#[must_use]
pub fn refused(
    refusal: &Refusal,
    headers: &Fields,
    (method, target): (&str, &str),
    request: &str,
) -> Outbound {
    if refusal.code == Code::InvalidApiKey {
        // What was sent by form is not sent again by itself.
        let next = if method == "GET" { target } else { "/console" };
        return see(&format!("/sign-in?next={}", encoded(next)));
    }
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (title, body) = match refusal.code {
        Code::MissingScope | Code::WrongKeyType => {
            ("No permission", states::not_allowed(&said(&refusal.message)))
        }
        Code::NotFound => (
            "Not here",
            html! { p { (refusal.message) } p .faint { "It may be gone, or belong to somebody else." } },
        ),
        _ => {
            let again = (method == "GET").then_some(target);
            ("That did not work", states::failed("That did not work", &refusal.message, request, again))
        }
    };
    let body = html! { (body) p { a href="/console" { "Back to the console" } } };
    Page::new(title, body).answer_outside(status, headers)
}

/// What a key is told, said to a person.
fn said(message: &str) -> String {
    match message.split('`').nth(1) {
        Some(scope) => format!("It takes the permission {scope}, which your role does not have here."),
        None => "It takes the installation's operator.".to_owned(),
    }
}
