//! Known answers: AWS's published test suite, an assertion that OpenSSL signed, and the exchange of one.

use super::aws::{Keys, Signer};
use super::google::Account;
use super::sigv4::{Scope, Signed, authorization};
use super::{AuthStyle, Terms};
use crate::base::tasks::Tasks;
use crate::base::{Clock, Secret};
use crate::upstream::{Endpoint, Failure, Lanes, Limits, Request, Tls};
use bytes::Bytes;
use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The account, the day and the service of AWS's test suite (github.com/awslabs/aws-c-auth,
/// tests/aws-signing-test-suite/v4).
const SUITE_KEYS: &str = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SUITE: Scope<'_> = Scope { region: "us-east-1", service: "service", instant: "20150830T123600Z" };
const SESSION: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

fn keys(text: &str) -> Keys {
    Keys::read(&Secret::new(text.to_owned())).unwrap()
}

#[test]
fn signatures_of_the_published_suite() {
    let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let both = format!("{unreserved}={unreserved}");
    let path = format!("/{unreserved}");
    for (case, method, path, query, signature) in [
        ("get-vanilla", "GET", "/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("post-vanilla", "POST", "/", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "get-unreserved",
            "GET",
            &path,
            "",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ),
        (
            "get-utf8",
            "GET",
            "/\u{1234}",
            "",
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
        ),
        (
            "get-space",
            "GET",
            "/example space/",
            "",
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
        ),
        (
            "get-vanilla-query-order-key-case",
            "GET",
            "/",
            "Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "get-vanilla-query-order-encoded",
            "GET",
            "/",
            "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        ),
        (
            "get-vanilla-query-unreserved",
            "GET",
            "/",
            &both,
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
        ),
    ] {
        let headers = [("host", "example.amazonaws.com"), ("x-amz-date", SUITE.instant)];
        let signed = Signed { method, path: ["", path], query, headers: &headers, body: b"" };
        assert_eq!(
            authorization(&keys(SUITE_KEYS), &SUITE, &signed),
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature={signature}"
            ),
            "{case}"
        );
    }
}

#[test]
fn bodies_and_session_tokens_of_the_published_suite() {
    let host = ("host", "example.amazonaws.com");
    let date = ("x-amz-date", SUITE.instant);
    let form = [
        ("content-length", "13"),
        ("content-type", "application/x-www-form-urlencoded"),
        host,
        ("x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"),
        date,
    ];
    let post = Signed { method: "POST", path: ["/", ""], query: "", headers: &form, body: b"Param1=value1" };
    assert!(
        authorization(&keys(SUITE_KEYS), &SUITE, &post)
            .ends_with("=d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b")
    );
    let with_session = [host, date, ("x-amz-security-token", SESSION)];
    let get = Signed { method: "GET", path: ["", ""], query: "", headers: &with_session, body: b"" };
    assert!(authorization(&keys(SUITE_KEYS), &SUITE, &get).ends_with(
        "SignedHeaders=host;x-amz-date;x-amz-security-token, \
         Signature=07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"
    ));
}

#[test]
fn a_request_is_signed_as_it_is_written() {
    let secret = Secret::new(format!("{SUITE_KEYS}:{SESSION}"));
    let signer = Signer::new(&secret, "bedrock-runtime.eu-west-1.amazonaws.com", None).unwrap();
    let request = Request::post("/model/some.model-v1%3A0/converse", Bytes::from_static(b"{}"));
    let lines =
        signer.lines(&request, "bedrock-runtime.eu-west-1.amazonaws.com", "", 1_440_938_160_000).unwrap();
    // As botocore 1.43 signs the same request.
    let expected = format!(
        "x-amz-date: 20150830T123600Z\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=AKIDEXAMPLE/20150830/eu-west-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
         Signature=6dac1d69919e00a4f38d3d0afdc33aab34d47e24f5382811c7c7a27df87692dc\r\n\
         x-amz-security-token: {SESSION}\r\n\r\n"
    );
    assert_eq!(String::from_utf8(lines.to_vec()).unwrap(), expected);
}

#[test]
fn keys_and_regions() {
    let json = json!({"AccessKeyId": "AKIA1", "SecretAccessKey": "abc", "SessionToken": "t:1"}).to_string();
    for (text, session) in [("AKIA1:abc", None), ("AKIA1:abc:t:1", Some("t:1")), (json.as_str(), Some("t:1"))]
    {
        let keys = keys(text);
        let seen = keys.session.as_ref().map(Secret::reveal);
        assert_eq!((keys.id.as_str(), keys.secret.reveal(), seen), ("AKIA1", "abc", session), "{text}");
    }
    for text in ["", "AKIA1", "AKIA1:", ":abc", "A/B:abc", "A:b c", "{}", "{\"AccessKeyId\":\"a\"}"] {
        let fault = Keys::read(&Secret::new(text.to_owned())).err().unwrap();
        assert!(fault.to_string().contains("is not ACCESS_KEY_ID"), "{fault}");
    }
    let secret = Secret::new(SUITE_KEYS.to_owned());
    for (host, row, known) in [
        ("bedrock-runtime.eu-west-1.amazonaws.com", None, true),
        ("vpce-1-2.bedrock-runtime.us-east-1.vpce.amazonaws.com", None, true),
        ("127.0.0.1", None, false),
        ("bedrock", None, false),
        ("127.0.0.1", Some("eu-north-1"), true),
    ] {
        assert_eq!(Signer::new(&secret, host, row).is_ok(), known, "{host}");
    }
}

/// The file of a service account, with a key made for this test.
fn service_account() -> Secret {
    let file = json!({
        "type": "service_account", "client_email": "robot@project.iam.gserviceaccount.com",
        "private_key_id": "k1", "private_key": include_str!("tests/service_account.pem"),
        "token_uri": "http://169.254.169.254/token",
    });
    Secret::new(file.to_string())
}

/// Signed by OpenSSL 3 with the same key.
#[test]
fn an_assertion_is_the_one_that_openssl_signs() {
    let account = Account::new(&service_account(), None).unwrap();
    let expected = include_str!("tests/assertion.txt");
    assert_eq!(account.assertion(1_795_000_000).unwrap(), expected);
}

#[test]
fn what_is_no_service_account_is_told_without_it() {
    for text in [
        "canary".to_owned(),
        json!({"type": "authorized_user", "client_email": "canary", "private_key": "canary"}).to_string(),
        json!({"type": "service_account", "client_email": "canary", "private_key": "canary"}).to_string(),
    ] {
        let fault = Account::new(&Secret::new(text), None).err().unwrap().to_string();
        assert!(fault.contains("not a service account") && !fault.contains("canary"), "{fault}");
    }
}

/// A token service and a provider in one: answers each request with the next of `answers`.
async fn answering(answers: Vec<(u16, String)>) -> (String, UnboundedReceiver<String>, Tasks) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (seen, requests) = unbounded_channel();
    let tasks = Tasks::default();
    tasks.spawn(async move {
        for (status, body) in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 16 * 1024];
            let mut length = 0;
            while !String::from_utf8_lossy(&read[..length]).contains("\r\n\r\n") {
                length += socket.read(&mut read[length..]).await.unwrap();
            }
            seen.send(String::from_utf8_lossy(&read[..length]).into_owned()).unwrap();
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (base, requests, tasks)
}

fn token(value: &str, seconds: u64) -> (u16, String) {
    (200, json!({"access_token": value, "expires_in": seconds, "token_type": "Bearer"}).to_string())
}

#[tokio::test]
async fn a_token_is_fetched_kept_and_exchanged_ahead_of_its_end() {
    let ok = || (200, "{}".to_owned());
    let answers = vec![
        (400, json!({"error": "invalid_grant"}).to_string()),
        token("first-token", 3_600),
        ok(),
        ok(),
        (500, String::new()),
        ok(),
        token("second-token", 3_600),
        ok(),
    ];
    let (base, mut requests, _tasks) = answering(answers).await;
    let url = format!("{base}/token");
    let terms = Terms { token_url: Some(&url), ..Terms::default() };
    let endpoint = Endpoint::on(&base, AuthStyle::GoogleOauth, Some(service_account()), terms).unwrap();
    let clock = Clock::standing_at(1_795_000_000_000);
    let lanes = Lanes::new(Limits::default(), clock.clone(), Arc::new(Tls::new(None)));
    let request = Request::get("/x");
    let ask = || lanes.send(&endpoint, &request);
    assert_eq!(ask().await.err(), Some(Failure::Token));
    let first = requests.recv().await.unwrap();
    assert!(first.starts_with("POST /token HTTP/1.1\r\n") && first.contains("&assertion=eyJ"), "{first}");
    // Whoever comes at once is not a second one to be refused.
    assert_eq!(ask().await.err(), Some(Failure::Token));
    for (wait_ms, expected) in [
        (2_500, &["POST /token", "first-token"][..]),
        (3_000_000, &["first-token"][..]),
        (400_000, &["POST /token", "first-token"][..]),
        (10_000, &["POST /token", "second-token"][..]),
    ] {
        clock.advance_ms(wait_ms);
        assert_eq!(ask().await.unwrap().status, 200);
        for part in expected {
            let request = requests.recv().await.unwrap();
            assert!(request.contains(part), "{part} in {request}");
        }
    }
    assert_eq!(endpoint.masked("x second-token".to_owned()), "x [redacted]");
}
