//! Somebody at a browser that runs no scripts: keeps cookies, reads forms, sends them.

use super::mail::account;
use std::cell::RefCell;
use std::collections::BTreeMap;
use testkit::{Keyway, Response};

/// The password of everybody in these tests.
pub const PASSWORD: &str = "violet-harbour-27";
/// The first person's address.
pub const ADA: &str = "ada@example.com";

/// A browser's cookies, and the server it visits.
pub struct Visitor<'a> {
    pub keyway: &'a Keyway,
    pub cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Visitor<'a> {
    /// Somebody new.
    pub fn new(keyway: &'a Keyway) -> Self {
        Self { keyway, cookies: RefCell::default() }
    }

    /// Somebody who has just made the first account by the set-up link.
    pub fn first(keyway: &'a Keyway) -> Self {
        let visitor = Self::new(keyway);
        let answer = visitor.set_up(&setup_link(keyway));
        assert_eq!((answer.status, answer.header("location")), (303, Some("/console?welcome=1")));
        visitor
    }

    /// Fills in the form of a set-up link and sends it.
    pub fn set_up(&self, link: &str) -> Response {
        let page = self.get(link);
        self.send(&page, "/setup", &[("name", "Ada"), ("email", ADA), ("password", PASSWORD)])
    }

    /// Signs in.
    pub fn sign_in(&self, email: &str, password: &str) -> Response {
        let page = self.get("/sign-in");
        self.send(&page, "/sign-in", &[("email", email), ("password", password)])
    }

    /// Somebody who has just registered and signed in.
    pub fn registered(keyway: &'a Keyway, email: &str) -> Self {
        let visitor = Self::new(keyway);
        let page = visitor.get("/register").expect_status(200);
        let fields = [("name", "Bob"), ("email", email), ("password", PASSWORD)];
        assert_eq!(visitor.send(&page, "/register", &fields).status, 303);
        account(keyway, email);
        assert_eq!(visitor.sign_in(email, PASSWORD).status, 303);
        visitor
    }

    /// Opens a page.
    pub fn get(&self, path: &str) -> Response {
        self.ask("GET", path, &[], "")
    }

    /// Sends the form of a page that leads to a path, with these fields besides its hidden ones.
    pub fn send(&self, page: &Response, path: &str, fields: &[(&str, &str)]) -> Response {
        let mut all = hidden(&page.text(), path);
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(path, &all, &[("sec-fetch-site", "same-origin")])
    }

    /// Sends fields as a form, with these header fields.
    pub fn post(&self, path: &str, fields: &[(String, String)], headers: &[(&str, &str)]) -> Response {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.ask("POST", path, &all, &pairs.join("&"))
    }

    /// Any request, with the cookies there are; keeps those that come.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let cookie = self.cookie();
        let mut all = headers.to_vec();
        if !cookie.is_empty() {
            all.push(("cookie", &cookie));
        }
        let answer = self.keyway.request(method, path, &all, body.as_bytes());
        for (name, value) in &answer.headers {
            if name == "set-cookie" {
                let (pair, _) = value.split_once(';').unwrap_or((value, ""));
                let (name, value) = pair.split_once('=').expect("a cookie has a name");
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// The `Cookie` field.
    pub fn cookie(&self) -> String {
        let cookies = self.cookies.borrow();
        let pairs: Vec<String> = cookies
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }
}

/// The set-up link that the first start printed, without the host.
pub fn setup_link(keyway: &Keyway) -> String {
    testkit::eventually("the set-up link", || {
        let text = keyway.stdout();
        let (_, rest) = text.split_once("/setup?token=")?;
        rest.split_once('\n').map(|(token, _)| format!("/setup?token={token}"))
    })
}

/// The hidden fields of the form of a page that leads to a path.
pub fn hidden(page: &str, path: &str) -> Vec<(String, String)> {
    let leads = format!("method=\"post\" action=\"{path}\"");
    let form = page.split("<form").find(|form| form.contains(&leads));
    let form = form.unwrap_or_else(|| panic!("no form to {path} in:\n{page}"));
    let form = form.split("</form>").next().unwrap_or_default();
    let inputs = form.split("<input ").filter(|input| input.starts_with("type=\"hidden\""));
    let value = |input: &str, name: &str| {
        let rest = input.split(&format!("{name}=\"")).nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().replace("&quot;", "\"").replace("&amp;", "&")
    };
    inputs.map(|input| (value(input, "name"), value(input, "value"))).collect()
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
