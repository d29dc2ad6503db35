//! A provider of sign-in that says what it is told to: OpenID Connect, and GitHub's shape of OAuth.

use super::visitor::Visitor;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use testkit::upstream::Request;
use testkit::{Answer, Response, Upstream, Value, json};

/// The client's secret, with what has to be escaped on its way.
pub const SECRET: &str = "s3cret:/+%&=with more";
pub const CLIENT: &str = "keyway-client";

/// What is told of who comes next.
#[derive(Clone)]
struct Plan {
    header: Value,
    claims: Value,
    signed: bool,
    codes: BTreeMap<String, Asked>,
    exchanges: usize,
}

/// What a code stands for.
#[derive(Clone)]
struct Asked {
    nonce: String,
    challenge: String,
    back: String,
}

/// The running provider.
pub struct Idp {
    pub upstream: Upstream,
    plan: Arc<Mutex<Plan>>,
}

impl Idp {
    pub fn start() -> Self {
        let plan = Arc::new(Mutex::new(Plan {
            header: json!({"alg": "EdDSA", "kid": "one"}),
            claims: json!({}),
            signed: true,
            codes: BTreeMap::new(),
            exchanges: 0,
        }));
        let script = Arc::clone(&plan);
        let upstream = Upstream::scripted(move |request| answer(&mut script.lock().unwrap(), request));
        Self { upstream, plan }
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.upstream.address())
    }

    /// Its row in the settings.
    pub fn row(&self, name: &str, kind: &str) -> String {
        format!(
            "[sign_in.{name}]\nkind = \"{kind}\"\nlabel = \"The {name}\"\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\n\
             credential = \"env:SIGN_IN_SECRET\"\n",
            self.issuer()
        )
    }

    /// Says who comes next, with these claims besides or instead; `null` leaves one out.
    pub fn vouch(&self, subject: &str, email: &str, claims: &Value) {
        let mut all = json!({"sub": subject, "email": email, "email_verified": true, "name": "Eve Example"});
        for (name, value) in claims.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        let mut plan = self.plan.lock().unwrap();
        (plan.claims, plan.header, plan.signed) = (all, json!({"alg": "EdDSA", "kid": "one"}), true);
    }

    /// The same with another header, and signed or not.
    pub fn forge(&self, header: Value, signed: bool) {
        let mut plan = self.plan.lock().unwrap();
        (plan.header, plan.signed) = (header, signed);
    }

    /// How many codes were brought.
    pub fn exchanges(&self) -> usize {
        self.plan.lock().unwrap().exchanges
    }

    /// Lets a browser in that was sent there: what it is led back to.
    pub fn let_in(&self, way: &str) -> String {
        let (at, query) = way.split_once('?').expect("a query");
        assert!(at.starts_with(&self.issuer()), "{way}");
        let asked = members(query);
        assert_eq!((asked["client_id"].as_str(), asked["code_challenge_method"].as_str()), (CLIENT, "S256"));
        let code = format!("code-{}", self.plan.lock().unwrap().codes.len());
        let get = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let stands =
            Asked { nonce: get("nonce"), challenge: get("code_challenge"), back: get("redirect_uri") };
        let (_, path) = stands.back.split_once("/sign-in/").expect("the way back");
        let back = format!("/sign-in/{path}?code={code}&state={}", asked["state"]);
        self.plan.lock().unwrap().codes.insert(code, stands);
        back
    }
}

/// Where a browser is led that presses the button of a provider on a page.
pub fn depart(visitor: &Visitor<'_>, page: &Response, action: &str, provider: &str) -> String {
    let answer = visitor.send(page, action, &[("provider", provider)]).expect_status(200);
    let refresh = answer.header("refresh").expect("a way on");
    let way = refresh.strip_prefix("0; url=").expect("at once").to_owned();
    assert!(answer.text().contains(&way.replace('&', "&amp;")), "a link for browsers that stay");
    way
}

/// Goes to a provider and back, from the page of signing in.
pub fn sign_in(visitor: &Visitor<'_>, idp: &Idp, provider: &str) -> Response {
    let page = visitor.get("/sign-in").expect_status(200);
    let way = depart(visitor, &page, "/sign-in/with", provider);
    visitor.get(&idp.let_in(&way))
}

fn members(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: Option<u8>| char::from(byte.unwrap()).to_digit(16).unwrap() as u8;
        bytes.push(if byte == b'%' { hex(rest.next()) * 16 + hex(rest.next()) } else { byte });
    }
    String::from_utf8(bytes).expect("text")
}

fn answer(plan: &mut Plan, request: &Request) -> Answer {
    let issuer = format!("http://{}", request.header("host").unwrap_or_default());
    match request.path.as_str() {
        path if path.ends_with("/.well-known/openid-configuration") => Answer::json(
            200,
            &json!({"issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
                "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
                "userinfo_endpoint": format!("{issuer}/me")}),
        ),
        "/keys" => Answer::json(
            200,
            &json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "use": "sig",
                "x": URL_SAFE_NO_PAD.encode(pair().public_key())}]}),
        ),
        "/token" => tokens(plan, request, &issuer),
        "/login/oauth/access_token" => {
            let form = members(&request.text());
            assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), (CLIENT, SECRET));
            match taken(plan, request) {
                Some(_) => Answer::json(200, &json!({"access_token": "gho_1", "token_type": "bearer"})),
                None => Answer::json(200, &json!({"error": "bad_verification_code"})),
            }
        }
        "/api/v3/user" if is_bearer(request, "gho_1") => Answer::json(
            200,
            &json!({"id": plan.claims["sub"].as_str().unwrap().parse::<u64>().unwrap(),
                "login": "eve", "name": null}),
        ),
        "/api/v3/user/emails" if is_bearer(request, "gho_1") => Answer::json(
            200,
            &json!([{"email": "other@example.org", "primary": false, "verified": true},
                {"email": plan.claims["email"], "primary": true, "verified": plan.claims["email_verified"]}]),
        ),
        "/me" if is_bearer(request, "at_1") => Answer::json(
            200,
            &json!({"sub": plan.claims["info_sub"].as_str().unwrap_or("eve-1"),
                "email": "told@example.org", "email_verified": true}),
        ),
        _ => Answer::json(404, &json!({})),
    }
}

fn is_bearer(request: &Request, token: &str) -> bool {
    request.header("authorization") == Some(&format!("Bearer {token}"))
}

/// The code of a form, when it is good, for the first time, and brought by who asked for it.
fn taken(plan: &mut Plan, request: &Request) -> Option<Asked> {
    plan.exchanges += 1;
    let form = members(&request.text());
    let asked = plan.codes.remove(form.get("code")?)?;
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier")?));
    (proof == asked.challenge && form.get("redirect_uri") == Some(&asked.back)).then_some(asked)
}

fn tokens(plan: &mut Plan, request: &Request, issuer: &str) -> Answer {
    let basic = request.header("authorization").and_then(|it| it.strip_prefix("Basic ")).unwrap_or_default();
    let basic = String::from_utf8(STANDARD.decode(basic).unwrap_or_default()).unwrap_or_default();
    let (id, secret) = basic.split_once(':').unwrap_or_default();
    if (id, decoded(secret).as_str()) != (CLIENT, SECRET) {
        return Answer::json(401, &json!({"error": "invalid_client"}));
    }
    let Some(asked) = taken(plan, request) else {
        return Answer::json(400, &json!({"error": "invalid_grant"}));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({"iss": issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.nonce,
        "auth_time": now});
    for (name, value) in plan.claims.as_object().into_iter().flatten() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    let text =
        [&plan.header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string().as_bytes())).join(".");
    let signature = if plan.signed { pair().sign(text.as_bytes()).as_ref().to_vec() } else { Vec::new() };
    let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
    Answer::json(200, &json!({"id_token": token, "access_token": "at_1", "token_type": "Bearer"}))
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("a key")
}
