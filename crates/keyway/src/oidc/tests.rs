//! Tokens of every kind of key, and tokens that are nobody's word.

use super::Unproven;
use super::id_token::{Token, Wanted};
use super::keys::KeySet;
use super::openid::challenge;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn wanted() -> Wanted<'static> {
    Wanted { issuer: "https://id.example", client_id: "keyway", nonce: "n-1", anew: false, now_seconds: NOW }
}

fn claims() -> Value {
    json!({"iss": "https://id.example", "sub": "s-1", "aud": "keyway", "exp": NOW + 60, "iat": NOW, "nonce": "n-1",
        "email": "a@example.com", "email_verified": true})
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", b64(header.to_string()), b64(claims.to_string()))
}

fn ed25519() -> (Ed25519KeyPair, Value) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": b64(pair.public_key())});
    (pair, key)
}

fn signed(header: &Value, claims: &Value) -> String {
    let text = unsigned(header, claims);
    let signature = ed25519().0.sign(text.as_bytes());
    format!("{text}.{}", b64(signature))
}

fn keys(keys: &[Value]) -> KeySet {
    serde_json::from_value(json!({ "keys": keys })).unwrap()
}

fn read(token: &str, set: &KeySet, wanted: &Wanted<'_>) -> Result<String, Unproven> {
    Token::parse(token)?.claims(set, wanted).map(|claims| claims.sub)
}

#[test]
fn a_challenge_is_as_documented() {
    // RFC 7636, appendix B.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[test]
fn keys_of_every_kind_verify_what_they_are_for() {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    // PKCS#1: a sequence of two numbers, 2,048 bits and 65,537.
    let der = rsa.public_key().as_ref();
    let (modulus, exponent) = (&der[9..265], &der[267..]);
    let rsa_key = json!({"kty": "RSA", "kid": "r", "use": "sig", "n": b64(modulus), "e": b64(exponent)});
    let sign_rsa = |algorithm: &'static dyn RsaEncoding, name: &str| {
        let text = unsigned(&json!({"alg": name, "kid": "r"}), &claims());
        let mut signature = vec![0; rsa.public_modulus_len()];
        rsa.sign(algorithm, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", b64(signature))
    };
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = ec.public_key().as_ref();
    let ec_key =
        json!({"kty": "EC", "crv": "P-256", "kid": "e", "x": b64(&point[1..33]), "y": b64(&point[33..])});
    let text = unsigned(&json!({"alg": "ES256", "kid": "e"}), &claims());
    let es256 = format!("{text}.{}", b64(ec.sign(&SystemRandom::new(), text.as_bytes()).unwrap()));
    let set = keys(&[rsa_key.clone(), ec_key, ed25519().1]);
    let eddsa = signed(&json!({"alg": "EdDSA", "kid": "ed"}), &claims());
    for token in [sign_rsa(&RSA_PKCS1_SHA256, "RS256"), sign_rsa(&RSA_PSS_SHA256, "PS256"), es256, eddsa] {
        assert_eq!(read(&token, &set, &wanted()), Ok("s-1".to_owned()), "{token}");
    }
    // A signature of one algorithm is none of another, and a key that is for something else signs nothing.
    assert!(read(&sign_rsa(&RSA_PKCS1_SHA256, "PS256"), &set, &wanted()).is_err());
    for (member, value) in [("use", "enc"), ("alg", "RS512"), ("kid", "other"), ("kty", "EC")] {
        let mut other = rsa_key.clone();
        other[member] = json!(value);
        let token = sign_rsa(&RSA_PKCS1_SHA256, "RS256");
        assert!(read(&token, &keys(&[other]), &wanted()).is_err(), "{member}");
    }
}

#[test]
fn what_no_key_of_the_issuer_signed_is_nobodys_word() {
    let set = keys(&[ed25519().1]);
    let good = signed(&json!({"alg": "EdDSA", "kid": "ed"}), &claims());
    assert!(read(&good, &set, &wanted()).is_ok());
    let body = good.rsplit_once('.').unwrap().0;
    for (alg, signature) in
        [("none", ""), ("None", ""), ("HS256", "AAAA"), ("EdDSA", ""), ("ES256", "AAAA"), ("", "")]
    {
        let text = unsigned(&json!({"alg": alg, "kid": "ed"}), &claims());
        assert!(read(&format!("{text}.{signature}"), &set, &wanted()).is_err(), "{alg}");
    }
    for token in
        ["", ".", "..", "a.b.c", body, &format!("{good}."), &format!("{good}.{good}"), &"a".repeat(40_000)]
    {
        assert!(Token::parse(token).and_then(|it| it.claims(&set, &wanted())).is_err(), "{token:.40}");
    }
    for header in [
        json!({"alg": "EdDSA", "kid": "ed", "crit": ["exp"]}),
        json!({"alg": "EdDSA", "kid": "other"}),
        json!({"kid": "ed"}),
    ] {
        assert!(read(&signed(&header, &claims()), &set, &wanted()).is_err(), "{header}");
    }
    // One changed character anywhere.
    for at in (0..good.len()).step_by(7).filter(|at| good.as_bytes()[*at] != b'.') {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(read(std::str::from_utf8(&bytes).unwrap(), &set, &wanted()).is_err(), "{at}");
    }
}

#[test]
fn a_token_is_for_one_client_one_trip_and_a_while() {
    let set = keys(&[ed25519().1]);
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        signed(&json!({"alg": "EdDSA", "kid": "ed"}), &claims)
    };
    for (name, value) in [
        ("iss", json!("https://id.example/")),
        ("iss", Value::Null),
        ("aud", json!("another")),
        ("aud", json!(["another"])),
        ("aud", json!(["keyway", "another"])),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("azp", json!("another")),
        ("nonce", json!("n-2")),
        ("nonce", Value::Null),
        ("exp", json!(NOW - 60)),
        ("exp", json!("never")),
        ("exp", json!(1e300)),
        ("exp", Value::Null),
        ("iat", json!(NOW + 61)),
        ("iat", Value::Null),
        ("sub", Value::Null),
        ("sub", json!(7)),
    ] {
        assert!(read(&with(name, value.clone()), &set, &wanted()).is_err(), "{name} {value}");
    }
    for (name, value) in [
        ("aud", json!(["keyway"])),
        ("azp", json!("keyway")),
        ("exp", json!(NOW - 59)),
        ("exp", json!(1_800_000_060.5)),
        ("iat", json!(NOW + 60)),
        ("auth_time", json!(NOW - 3_600)),
        ("unknown", json!({"a": [1]})),
    ] {
        assert!(read(&with(name, value.clone()), &set, &wanted()).is_ok(), "{name} {value}");
    }
    // Who is asked again has to have been asked, where the provider says when.
    let anew = Wanted { anew: true, ..wanted() };
    assert!(read(&with("auth_time", json!(NOW - 3_600)), &set, &anew).is_err());
    assert!(read(&with("auth_time", json!(NOW - 5)), &set, &anew).is_ok());
    assert!(read(&with("auth_time", Value::Null), &set, &anew).is_ok());
}

#[test]
fn only_a_plain_yes_confirms_an_address() {
    let set = keys(&[ed25519().1]);
    let says = |value: Value| {
        let mut claims = claims();
        claims["email_verified"] = value;
        let token = signed(&json!({"alg": "EdDSA", "kid": "ed"}), &claims);
        Token::parse(&token).unwrap().claims(&set, &wanted()).unwrap().person.email_verified
    };
    assert!(says(json!(true)) && says(json!("true")));
    for other in [json!(false), json!("false"), json!(1), json!("yes"), json!([true]), Value::Null] {
        assert!(!says(other.clone()), "{other}");
    }
}
