//! What cannot be sent, and where a credential cannot go.

use super::*;

fn endpoint(url: &str) -> Result<Endpoint, crate::base::Fault> {
    Endpoint::new(url, AuthStyle::Bearer, Some(Secret::new("sk-canary".into())))
}

/// The failure, without anything having been sent: there is nobody at this address.
async fn refused(request: Request<'_>) -> bool {
    let endpoint = endpoint("http://127.0.0.1:1/v1").unwrap();
    matches!(lanes(limits()).send(&endpoint, &request).await.err(), Some(Failure::Unsendable(_)))
}

#[tokio::test]
async fn injected_headers_are_refused() {
    for (name, value) in [
        ("x", "a\r\nx-api-key: stolen"),
        ("x", "a\nb"),
        ("x", "a\rb"),
        ("x", "a\0b"),
        ("x\r\ny", "a"),
        ("x y", "a"),
        ("", "a"),
        ("Authorization", "Bearer other"),
        ("X-API-Key", "other"),
        ("host", "elsewhere"),
        ("Content-Length", "1"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("cookie", "a=b"),
    ] {
        assert!(refused(Request { headers: &[(name, value)], ..chat() }).await, "{name:?}: {value:?}");
    }
    assert!(refused(Request { accept: "a\r\nb: c", ..chat() }).await);
    assert!(refused(Request { content_type: "a\nb", ..chat() }).await);
}

#[tokio::test]
async fn paths_that_lead_elsewhere_are_refused() {
    for path in [
        "",
        "chat",
        "/a b",
        "/a\r\nhost: x",
        "/a?b",
        "/a#b",
        "/..",
        "/a/../b",
        "/./a",
        "/%2e%2E/a",
        "/.%2e",
        "/a\\b",
        "/\u{e9}",
        "/a\0",
    ] {
        assert!(refused(Request::post(path, Bytes::new())).await, "{path:?}");
    }
    for query in ["a b", "a#b", "a\r\nb"] {
        assert!(refused(Request { query: Some(query), ..chat() }).await, "{query:?}");
    }
    assert!(refused(Request { method: Method::CONNECT, ..chat() }).await);
    for path in ["/models/gemini-2.5:generate", "/a/...b", "/a%2Fb"] {
        assert!(!refused(Request::post(path, Bytes::new())).await, "{path:?}");
    }
}

#[test]
fn base_urls_are_checked() {
    for url in [
        "",
        "api.openai.com",
        "ftp://a/",
        "http://",
        "https://user:pw@a/v1",
        "https://a/v1?x=1",
        "https://a/v1#x",
        "https://a:0/",
        "https://a:/",
        "https://a:99999/",
        "https://a/../b",
        "http://a%2eb/",
        "https://[::g]/",
    ] {
        assert!(endpoint(url).is_err(), "{url}");
    }
    for (url, origin, path) in [
        ("https://API.OpenAI.com/v1/", "https://api.openai.com:443", "/v1"),
        ("http://localhost:11434/v1", "http://localhost:11434", "/v1"),
        ("http://[::1]:80", "http://[::1]:80", ""),
        ("https://a/", "https://a:443", ""),
    ] {
        let endpoint = endpoint(url).unwrap();
        assert_eq!((endpoint.origin().to_string(), endpoint.base_path()), (origin.to_owned(), path));
    }
}

/// What shows the sender on a connection to `connected`: a member of the query, and the end of the head.
fn shown(endpoint: &Endpoint, connected: &Origin) -> Result<(Option<String>, String), Failure> {
    let request = Request::get("/");
    let proof = endpoint.proof(connected, &request, &Clock::standing_at(0))?;
    let tail = String::from_utf8(proof.tail.bytes().to_vec()).unwrap();
    Ok((proof.query.map(str::to_owned), tail))
}

#[test]
fn a_credential_goes_to_its_origin_only() {
    let bound = endpoint("https://api.example.com/v1").unwrap();
    let tail = |url: &str| shown(&bound, endpoint(url).unwrap().origin()).map(|(_, tail)| tail);
    let line = "authorization: Bearer sk-canary\r\n\r\n".to_owned();
    assert_eq!(tail("https://api.example.com:443/other"), Ok(line));
    for url in [
        "http://api.example.com:443",
        "https://api.example.com:8443",
        "https://example.com",
        "https://api.example.com.",
    ] {
        assert!(matches!(tail(url), Err(Failure::Unsendable(_))), "{url}");
    }
}

#[test]
fn each_style_has_its_header_and_no_error_shows_the_credential() {
    let tail = |style: AuthStyle, secret: Option<&str>| {
        let endpoint = Endpoint::new("http://a", style, secret.map(|text| Secret::new(text.into())))?;
        assert!(!format!("{endpoint:?}").contains("sk-canary"));
        let (query, tail) = shown(&endpoint, endpoint.origin()).unwrap();
        Ok::<_, crate::base::Fault>(query.unwrap_or_default() + &tail)
    };
    for (name, line) in [
        ("bearer", "authorization: Bearer sk-canary\r\n\r\n"),
        ("x-api-key", "x-api-key: sk-canary\r\n\r\n"),
        ("x-goog-api-key", "x-goog-api-key: sk-canary\r\n\r\n"),
        ("azure", "api-key: sk-canary\r\n\r\n"),
        ("query", "key=sk-canary\r\n"),
    ] {
        let style = AuthStyle::named(name).unwrap();
        assert_eq!(tail(style, Some("sk-canary")).unwrap(), line);
        assert_eq!(tail(style, None).unwrap(), "\r\n");
    }
    assert_eq!(tail(AuthStyle::named("none").unwrap(), None).unwrap(), "\r\n");
    assert!(AuthStyle::named("sigv5").is_none());
    assert!(tail(AuthStyle::Query, Some("sk-canary&a=b")).is_err());
    for secret in ["", "sk-canary\r\nhost: x", "sk canary", "sk-canary\u{e9}"] {
        let fault = tail(AuthStyle::Bearer, Some(secret)).unwrap_err();
        assert!(!fault.to_string().contains("canary"), "{fault}");
    }
    assert!(tail(AuthStyle::None, Some("sk-canary")).is_err());
}

#[test]
fn static_headers_are_checked() {
    let with = |name: &str, value: &str| endpoint("http://a").unwrap().with_header(name, value);
    assert!(with("anthropic-version", "2023-06-01").is_ok());
    assert!(with("authorization", "x").is_err());
    assert!(with("x", "a\r\nb: c").is_err());
}
