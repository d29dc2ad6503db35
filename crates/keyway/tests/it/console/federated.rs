//! Signing in by the word of others, and everything that is not their word.

use super::idp::{Idp, SECRET, depart, sign_in};
use super::mail::letter;
use super::visitor::{ADA, PASSWORD, Visitor};
use crate::stage::bare;
use testkit::keyway::Builder;
use testkit::{Keyway, Response, json};

const EVE: &str = "eve@example.org";
const ACCOUNT: &str = "/console/account";
const LINK: &str = "/console/account/identities/link";
const UNLINK: &str = "/console/account/identities/unlink";
const API: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];

fn with(rows: &[String]) -> Builder {
    bare()
        .config("egress_networks = [\"127.0.0.0/8\"]\nregistration = \"open\"\n")
        .config(&rows.concat())
        .env("SIGN_IN_SECRET", SECRET)
}

fn open(idp: &Idp) -> Keyway {
    with(&[idp.row("idp", "oidc")]).start()
}

/// Where a new session leads; a test of somebody who was let in.
fn is_in(answer: &Response) -> bool {
    let session =
        |value: &str| value.strip_prefix("keyway-session=").is_some_and(|rest| !rest.starts_with(';'));
    answer.status == 303 && answer.headers.iter().any(|(_, value)| session(value))
}

/// Nobody was let in: a page that says why, and no session.
fn is_out(answer: &Response) -> bool {
    let session = answer.headers.iter().any(|(_, value)| value.starts_with("keyway-session="));
    [400, 409].contains(&answer.status) && !session && answer.text().contains("You are not signed in")
}

/// Organisations: everybody who makes an account has one of their own.
fn people(keyway: &Keyway) -> usize {
    let (_, admin) = keyway.make_admin_key("root");
    let list = keyway.get("/v1/organizations?limit=100", &admin).expect_status(200).json();
    list["data"].as_array().map_or(0, Vec::len)
}

#[test]
fn who_is_vouched_for_has_an_account_and_is_the_same_person_again() {
    let idp = Idp::start();
    let keyway = open(&idp);
    Visitor::first(&keyway);
    idp.vouch("eve-1", EVE, &json!({}));
    let eve = Visitor::new(&keyway);
    let page = eve.get("/sign-in?next=/console/models").expect_status(200);
    assert!(page.text().contains("Sign in with The idp"));
    let way = depart(&eve, &page, "/sign-in/with", "idp");
    assert!(way.contains("tenant=1&response_type=code") && way.contains("scope=openid%20email"), "{way}");
    let back = idp.let_in(&way);
    let answer = eve.get(&back);
    assert!(is_in(&answer), "{} {}", answer.status, answer.text());
    assert_eq!(answer.header("location"), Some("/console/models"));
    let home = eve.get("/console").expect_status(200).text();
    assert!(home.contains("Eve Example") && home.contains("s organisation"), "{home}");
    // Their address is confirmed by the provider's word: live keys at once.
    let project = eve.get("/v1/organization/projects").expect_status(200).json()["data"][0]["id"].clone();
    let path = format!("/v1/organization/projects/{}/api_keys", project.as_str().unwrap());
    eve.ask("POST", &path, &API, r#"{"name":"live","mode":"live"}"#).expect_status(200);
    // A code and a state are good once, for the browser that has just used them too.
    assert!(is_out(&eve.get(&back)));
    assert_eq!(idp.exchanges(), 1, "a state that is over reaches nobody");
    // The same person, whatever their address is by now.
    idp.vouch("eve-1", "eve@elsewhere.example", &json!({"name": "Another"}));
    let again = Visitor::new(&keyway);
    assert!(is_in(&sign_in(&again, &idp, "idp")));
    assert!(again.get("/console").text().contains("Eve Example"));
    assert_eq!(people(&keyway), 2);
}

#[test]
fn a_word_that_does_not_hold_lets_nobody_in() {
    let idp = Idp::start();
    let keyway = open(&idp);
    Visitor::first(&keyway);
    for (name, claims) in [
        ("for another client", json!({"aud": "another"})),
        ("for several", json!({"aud": ["keyway-client", "another"]})),
        ("of another issuer", json!({"iss": "https://accounts.google.com"})),
        ("of another trip", json!({"nonce": "another"})),
        ("without a trip", json!({"nonce": null})),
        ("run out", json!({"exp": 1_000_000_000})),
        ("of nobody", json!({"sub": ""})),
        ("of somebody endless", json!({"sub": "s".repeat(256)})),
        ("of an address that is not theirs", json!({"email_verified": false})),
        ("without an address, told of somebody else", json!({"email": null, "info_sub": "mallory"})),
    ] {
        idp.vouch("eve-1", EVE, &claims);
        assert!(is_out(&sign_in(&Visitor::new(&keyway), &idp, "idp")), "{name}");
    }
    for (header, signed) in [
        (json!({"alg": "none"}), false),
        (json!({"alg": "none"}), true),
        (json!({"alg": "HS256", "kid": "one"}), true),
        (json!({"alg": "EdDSA", "kid": "one"}), false),
        (json!({"alg": "EdDSA", "kid": "two"}), true),
        (json!({"alg": "EdDSA", "kid": "one", "crit": ["b64"]}), true),
    ] {
        idp.vouch("eve-1", EVE, &json!({}));
        idp.forge(header.clone(), signed);
        assert!(is_out(&sign_in(&Visitor::new(&keyway), &idp, "idp")), "{header} {signed}");
    }
    assert_eq!(people(&keyway), 1, "nobody was made");
    // What the token leaves out, the provider tells beside it.
    idp.vouch("eve-1", EVE, &json!({"email": null, "email_verified": null}));
    let eve = Visitor::new(&keyway);
    assert!(is_in(&sign_in(&eve, &idp, "idp")));
    assert!(eve.get("/console").text().contains("told@example.org"));
}

#[test]
fn a_way_back_is_for_the_browser_that_left_and_the_provider_it_left_for() {
    let (one, two) = (Idp::start(), Idp::start());
    let keyway = with(&[one.row("one", "oidc"), two.row("two", "oidc")]).start();
    Visitor::first(&keyway);
    for idp in [&one, &two] {
        idp.vouch("eve-1", EVE, &json!({}));
    }
    let leave = |visitor: &Visitor<'_>| depart(visitor, &visitor.get("/sign-in"), "/sign-in/with", "one");
    // Somebody else's code and state, in a browser that left by itself or not at all.
    let (eve, mallory) = (Visitor::new(&keyway), Visitor::new(&keyway));
    let (eves, mallorys) = (one.let_in(&leave(&eve)), one.let_in(&leave(&mallory)));
    assert!(is_out(&eve.get(&mallorys)));
    assert!(is_out(&Visitor::new(&keyway).get(&eves)));
    assert!(is_out(&eve.get(&eves)), "it was brought by somebody else before");
    // The one's state with the other's code.
    let (first, second) = (leave(&eve), leave(&eve));
    let state = |back: &str| back.split_once("state=").map(|(_, state)| state.to_owned()).unwrap();
    let (first, second) = (one.let_in(&first), one.let_in(&second));
    let swapped = first.replace(&state(&first), &state(&second));
    assert!(is_out(&eve.get(&swapped)), "the code was asked for with another challenge");
    // A provider answers for itself alone.
    let back = one.let_in(&leave(&eve));
    assert!(is_out(&eve.get(&back.replace("/back/one", "/back/two"))));
    let back = one.let_in(&leave(&eve));
    assert!(is_out(&eve.get(&format!("{back}&iss=https%3A%2F%2Fevil.example"))));
    let back = one.let_in(&leave(&eve));
    assert!(is_out(&eve.get(&format!("/sign-in/back/one?error=access_denied&state={}", state(&back)))));
    for odd in ["", "?state=", "?state=x&code=y", "?code=y"] {
        assert!(is_out(&eve.get(&format!("/sign-in/back/one{odd}"))), "{odd}");
    }
    assert_eq!((people(&keyway), two.exchanges()), (1, 0));
    // Nothing of it is in the way of who does it right.
    assert!(is_in(&eve.get(&one.let_in(&leave(&eve)))));
    // What another site sends begins nothing.
    let page = Visitor::new(&keyway);
    let fields = super::visitor::hidden(&page.get("/sign-in").text(), "/sign-in/with");
    let mut fields = fields;
    fields.push(("provider".to_owned(), "one".to_owned()));
    page.post("/sign-in/with", &fields, &[("sec-fetch-site", "cross-site")]).expect_status(403);
    page.post("/sign-in/with", &fields[1..], &[("sec-fetch-site", "same-origin")]).expect_status(403);
    let text = [("sec-fetch-site", "same-origin"), ("content-type", "text/plain")];
    page.ask("POST", "/sign-in/with", &text, "provider=one").expect_status(400);
}

#[test]
fn an_address_is_nobodys_way_into_an_account() {
    let (one, two) = (Idp::start(), Idp::start());
    let keyway = with(&[one.row("one", "oidc"), two.row("two", "oidc")]).start();
    let ada = Visitor::first(&keyway);
    one.vouch("mallory", ADA, &json!({}));
    assert!(is_out(&sign_in(&Visitor::new(&keyway), &one, "one")), "an account with a password");
    one.vouch("eve-1", EVE, &json!({}));
    assert!(is_in(&sign_in(&Visitor::new(&keyway), &one, "one")));
    two.vouch("eve-1", EVE, &json!({}));
    assert!(is_out(&sign_in(&Visitor::new(&keyway), &two, "two")), "the same address and subject, elsewhere");
    // Who is made a member by their address alone is not taken over either.
    let member = json!({"email": "carol@example.com", "role": "owner", "name": "Carol"}).to_string();
    ada.ask("POST", "/v1/organization/users", &API, &member).expect_status(200);
    one.vouch("mallory", "carol@example.com", &json!({}));
    assert!(is_out(&sign_in(&Visitor::new(&keyway), &one, "one")));
    // Ada links it herself; then it is a way in, and nobody else's.
    let page = ada.get(ACCOUNT).expect_status(200);
    let way = depart(&ada, &page, LINK, "one");
    one.vouch("ada-1", "unrelated@example.net", &json!({}));
    let back = one.let_in(&way);
    assert_eq!(ada.get(&back).header("location"), Some("/console/account?done=linked"));
    letter(&keyway, ADA, "Your account was changed");
    let second = Visitor::new(&keyway);
    assert!(is_in(&sign_in(&second, &one, "one")));
    assert!(second.get("/console").text().contains(ADA));
    let eve = Visitor::new(&keyway);
    one.vouch("eve-1", EVE, &json!({}));
    assert!(is_in(&sign_in(&eve, &one, "one")));
    // Linking and unlinking are for who has just shown who they are: a provider may know a browser from
    // long ago.
    let page = eve.get(ACCOUNT).expect_status(200);
    let sent = eve.send(&page, UNLINK, &[]);
    assert_eq!(sent.header("location"), Some("/console/confirm?next=%2Fconsole%2Faccount"));
    let confirm = eve.get("/console/confirm?next=/console/account").expect_status(200);
    assert!(!confirm.text().contains("type=\"password\""), "she has none");
    let way = depart(&eve, &confirm, "/console/confirm/with", "one");
    assert!(way.contains("max_age=0"), "{way}");
    one.vouch("ada-1", ADA, &json!({}));
    assert!(is_out(&eve.get(&one.let_in(&way))), "that is Ada");
    let way = depart(&eve, &confirm, "/console/confirm/with", "one");
    one.vouch("eve-1", EVE, &json!({"auth_time": 1_000_000_000}));
    assert!(is_out(&eve.get(&one.let_in(&way))), "she was not asked again");
    let way = depart(&eve, &confirm, "/console/confirm/with", "one");
    one.vouch("eve-1", EVE, &json!({}));
    assert_eq!(eve.get(&one.let_in(&way)).header("location"), Some(ACCOUNT));
    // It is her only way in.
    let page = eve.get(ACCOUNT).expect_status(200);
    assert_eq!(eve.send(&page, UNLINK, &[]).status, 409);
    // Ada's is linked with her; neither Eve nor a session that is over takes it.
    let way = depart(&eve, &page, LINK, "one");
    one.vouch("ada-1", ADA, &json!({}));
    assert_eq!(eve.get(&one.let_in(&way)).status, 409);
    let way = depart(&eve, &page, LINK, "two");
    two.vouch("eve-2", EVE, &json!({}));
    let back = two.let_in(&way);
    eve.send(&page, "/sign-out", &[]);
    assert!(is_out(&eve.get(&back)), "she signed out meanwhile");
    // Unlinked, it is no way in; registering by it finds the address of nobody.
    let page = ada.get(ACCOUNT).expect_status(200);
    assert_eq!(ada.send(&page, UNLINK, &[]).header("location"), Some("/console/account?done=unlinked"));
    one.vouch("ada-1", ADA, &json!({}));
    assert!(is_out(&sign_in(&Visitor::new(&keyway), &one, "one")));
    assert_eq!(Visitor::new(&keyway).sign_in(ADA, PASSWORD).status, 303);
}

#[test]
fn an_invitation_lets_in_by_a_provider_too_and_nothing_else_does() {
    let idp = Idp::start();
    let keyway = open(&idp);
    let ada = Visitor::first(&keyway);
    let body = json!({"email": "bob@example.com", "role": "developer"}).to_string();
    ada.ask("POST", "/v1/organization/invites", &API, &body).expect_status(200);
    let link = letter(&keyway, "bob@example.com", "You are invited").link();
    let bob = Visitor::new(&keyway);
    let page = bob.get(&link).expect_status(200);
    assert!(page.text().contains("Join with The idp"));
    let way = depart(&bob, &page, "/sign-in/with", "idp");
    idp.vouch("bob-1", "bob@private.example", &json!({"email_verified": false, "name": "Bob B"}));
    let answer = bob.get(&idp.let_in(&way));
    assert!(is_in(&answer), "{} {}", answer.status, answer.text());
    let home = bob.get("/console").expect_status(200).text();
    assert!(home.contains("bob@example.com") && home.contains("Default"), "{home}");
    bob.get(&link).expect_status(404);
}

#[test]
fn who_is_not_invited_is_not_let_in_by_a_provider() {
    let idp = Idp::start();
    let keyway = bare()
        .config("egress_networks = [\"127.0.0.0/8\"]\n")
        .config(&idp.row("idp", "oidc"))
        .env("SIGN_IN_SECRET", SECRET)
        .start();
    Visitor::first(&keyway);
    let said = |subject: &str, email: &str| {
        idp.vouch(subject, email, &json!({}));
        let answer = sign_in(&Visitor::new(&keyway), &idp, "idp");
        assert!(is_out(&answer));
        let text = answer.text();
        text.split("<main").nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(said("a", ADA), said("b", "nobody@example.com"), "known or not is one answer");
}

#[test]
fn github_says_who_somebody_is_by_a_number() {
    let hub = Idp::start();
    let keyway = with(&[hub.row("github", "github")]).start();
    Visitor::first(&keyway);
    hub.vouch("4711", "unconfirmed@example.org", &json!({"email_verified": false}));
    assert!(is_out(&sign_in(&Visitor::new(&keyway), &hub, "github")));
    hub.vouch("4711", EVE, &json!({}));
    let eve = Visitor::new(&keyway);
    assert!(is_in(&sign_in(&eve, &hub, "github")));
    assert!(eve.get("/console").text().contains(EVE));
    let page = eve.get("/sign-in");
    let way = depart(&eve, &page, "/sign-in/with", "github");
    assert!(way.contains("scope=read%3Auser%20user%3Aemail"), "{way}");
    let back = hub.let_in(&way);
    let other = back.replace("code=code-", "code=none-");
    assert!(is_out(&eve.get(&other)), "a code that GitHub does not know");
}

#[test]
fn a_provider_that_is_gone_or_lies_of_itself_is_told_so() {
    let (idp, liar) = (Idp::start(), Idp::start());
    let gone = idp.row("gone", "oidc").replace(&idp.issuer(), "http://127.0.0.1:9");
    // The document at the address is another issuer's.
    let other = liar.row("liar", "oidc").replace(&liar.issuer(), &format!("{}/another", liar.issuer()));
    let keyway = with(&[gone, other]).start();
    let visitor = Visitor::new(&keyway);
    let page = visitor.get("/sign-in");
    for name in ["gone", "liar"] {
        let answer = visitor.send(&page, "/sign-in/with", &[("provider", name)]).expect_status(502);
        assert!(answer.text().contains("cannot be asked at the moment"));
    }
    visitor.send(&page, "/sign-in/with", &[("provider", "none")]).expect_status(404);
}

/// Whether a request with these cookies alone is led to signing in.
fn opens_nothing(keyway: &Keyway, cookie: &str) -> bool {
    let page = keyway.request("GET", "/console", &[("cookie", cookie)], b"");
    let api = keyway.request("GET", "/v1/organization/projects", &[("cookie", cookie)], b"");
    let led = page.header("location").is_some_and(|path| path.starts_with("/sign-in"));
    page.status == 303 && led && api.status == 401
}

#[test]
fn what_a_browser_held_before_it_came_back_is_no_session_after() {
    let idp = Idp::start();
    let keyway = open(&idp);
    Visitor::first(&keyway);
    idp.vouch("mallory-1", "mallory@example.org", &json!({"name": "Mallory"}));
    let mallory = Visitor::new(&keyway);
    assert!(is_in(&sign_in(&mallory, &idp, "idp")));
    let theirs = mallory.cookies.borrow()["keyway-session"].clone();
    // Mallory puts into Eve's browser what Mallory knows: a visit, and a session, invented or Mallory's own.
    for planted in ["chosen-by-mallory", theirs.as_str()] {
        let eve = Visitor::new(&keyway);
        eve.cookies.borrow_mut().clone_from(&mallory.cookies.borrow());
        eve.cookies.borrow_mut().insert("keyway-session".to_owned(), planted.to_owned());
        idp.vouch("eve-1", EVE, &json!({}));
        let page = eve.get("/sign-in").expect_status(200);
        let way = depart(&eve, &page, "/sign-in/with", "idp");
        let before = eve.cookie();
        assert!(is_in(&eve.get(&idp.let_in(&way))));
        assert_ne!(eve.cookies.borrow()["keyway-session"], planted);
        assert!(eve.get("/console").expect_status(200).text().contains("Eve Example"));
        // What was there before has not become Eve's.
        if planted == theirs {
            let page = keyway.request("GET", "/console", &[("cookie", &before)], b"").expect_status(200);
            assert!(page.text().contains("Mallory") && !page.text().contains("Eve Example"));
        } else {
            assert!(opens_nothing(&keyway, &before));
        }
    }
    // A visit alone is nobody, on the way and after it.
    let eve = Visitor::new(&keyway);
    let way = depart(&eve, &eve.get("/sign-in"), "/sign-in/with", "idp");
    let visit = eve.cookie();
    assert!(opens_nothing(&keyway, &visit), "while she is away");
    assert!(is_in(&eve.get(&idp.let_in(&way))));
    assert!(opens_nothing(&keyway, &visit), "when she is back");
}

#[test]
fn a_session_by_a_provider_is_over_when_it_is_ended_and_the_next_is_another() {
    let idp = Idp::start();
    let keyway = open(&idp);
    Visitor::first(&keyway);
    idp.vouch("eve-1", EVE, &json!({}));
    let eve = Visitor::new(&keyway);
    let way = depart(&eve, &eve.get("/sign-in"), "/sign-in/with", "idp");
    let back = idp.let_in(&way);
    assert!(is_in(&eve.get(&back)));
    let ended = eve.cookie();
    let home = eve.get("/console").expect_status(200);
    assert_eq!(eve.send(&home, "/sign-out", &[]).header("location"), Some("/sign-in"));
    assert!(eve.cookies.borrow()["keyway-session"].is_empty(), "the browser is told to forget it");
    assert!(opens_nothing(&keyway, &ended));
    // Neither the way by which it was begun nor a new session brings it back.
    assert!(is_out(&eve.get(&back)));
    assert!(is_in(&sign_in(&eve, &idp, "idp")));
    assert_ne!(eve.cookie(), ended);
    assert!(opens_nothing(&keyway, &ended));
    eve.get("/console").expect_status(200);
}

#[test]
fn what_another_site_sends_goes_to_no_provider_and_unlinks_nothing() {
    let idp = Idp::start();
    let keyway = open(&idp);
    Visitor::first(&keyway);
    idp.vouch("eve-1", EVE, &json!({}));
    let (eve, other) = (Visitor::new(&keyway), Visitor::new(&keyway));
    for visitor in [&eve, &other] {
        assert!(is_in(&sign_in(visitor, &idp, "idp")));
    }
    let confirm = "/console/confirm?next=/console/account";
    for (page, path) in [(ACCOUNT, LINK), (ACCOUNT, UNLINK), (confirm, "/console/confirm/with")] {
        let form = |visitor: &Visitor<'_>| {
            let mut fields = super::visitor::hidden(&visitor.get(page).expect_status(200).text(), path);
            fields.push(("provider".to_owned(), "idp".to_owned()));
            fields
        };
        let (own, foreign) = (form(&eve), form(&other));
        for headers in [
            vec![("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
            vec![("sec-fetch-site", "same-site")],
            vec![("origin", "null")],
            vec![],
        ] {
            assert_eq!(eve.post(path, &own, &headers).status, 403, "{path} {headers:?}");
        }
        let ours = ("sec-fetch-site", "same-origin");
        assert_eq!(eve.post(path, &foreign, &[ours]).status, 403, "{path}: the form of another session");
        assert_eq!(eve.post(path, &[], &[ours]).status, 403, "{path}: no form of ours");
        for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
            let sent = eve.ask("POST", path, &[ours, ("content-type", kind)], "form_token=x&provider=idp");
            assert_eq!(sent.status, 400, "{path} as {kind}");
        }
    }
    assert_eq!(idp.exchanges(), 2, "nobody was sent anywhere");
    assert!(eve.get(ACCOUNT).expect_status(200).text().contains("The idp"));
    assert!(is_in(&sign_in(&Visitor::new(&keyway), &idp, "idp")), "it is linked still");
}
