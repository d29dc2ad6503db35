use super::*;
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;

fn master(byte: &str) -> MasterKey {
    MasterKey::from_text(&Secret::new(byte.repeat(32))).unwrap()
}

fn claims() -> Claims {
    Claims {
        iss: String::new(),
        aud: String::new(),
        sub: "key_1".into(),
        pk: "AbCdEfGhIjKl".into(),
        jti: "tok_1".into(),
        iat: NOW,
        exp: NOW + 600,
        narrowed: Narrowed { models: Some(vec!["mine/*".into()]), ..Narrowed::default() },
    }
}

fn parts(text: &str) -> (Value, Value) {
    let mut parts = text.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

/// A token of these texts, signed as it should be.
fn signed_texts(master: &MasterKey, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = master.tokens().at(NOW).unwrap().sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token with some members of header and claims set, or (null) left out, signed as it should be.
fn forged(master: &MasterKey, header: &Value, claims: &Value) -> String {
    let good = sign(master, self::claims()).unwrap();
    let (mut head, mut body) = parts(good.reveal());
    for (into, from) in [(&mut head, header), (&mut body, claims)] {
        let into = into.as_object_mut().unwrap();
        for (name, value) in from.as_object().unwrap() {
            if value.is_null() {
                into.remove(name)
            } else {
                into.insert(name.clone(), value.clone())
            };
        }
    }
    signed_texts(master, &head.to_string(), &body.to_string())
}

#[test]
fn what_is_signed_is_read_back_until_it_ends() {
    let master = master("5c");
    let text = sign(&master, claims()).unwrap();
    assert!(looks_signed(text.reveal()));
    let (header, _) = parts(text.reveal());
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("kw-at+jwt")));
    let read = verify(&master, text.reveal(), NOW + 599).unwrap();
    assert_eq!(read, Claims { iss: master.issuer(), aud: "keyway".into(), ..claims() });
    assert_eq!(verify(&master, text.reveal(), NOW + 600).unwrap_err().code, Code::ExpiredApiKey);
    // Nodes' clocks differ a little.
    verify(&master, text.reveal(), NOW - 60).unwrap();
    assert!(verify(&master, text.reveal(), NOW - 61).is_err());
    let other = self::master("6d");
    assert_eq!(verify(&other, text.reveal(), NOW).unwrap_err().code, Code::InvalidApiKey);
    assert_eq!(verify(&master, &forged(&master, &json!({}), &json!({})), NOW).unwrap(), read);
}

#[test]
fn every_changed_character_is_refused() {
    let master = master("5c");
    let text = sign(&master, claims()).unwrap();
    let text = text.reveal();
    for at in 0..text.len() {
        for by in ['A', '.', '=', 'z'] {
            let mut changed = text.to_owned();
            changed.replace_range(at..=at, &by.to_string());
            assert!(changed == text || verify(&master, &changed, NOW).is_err(), "{by} at {at}");
        }
    }
}

#[test]
fn malformed_tokens_are_refused() {
    let (master, other) = (master("5c"), master("6d"));
    let good = sign(&master, claims()).unwrap();
    let good = good.reveal();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = message.split_once('.').unwrap();
    let (header, said) = parts(good);
    let nothing = json!({});
    let headers = [
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
        json!({"alg": "Ed25519"}),
        json!({"alg": "eddsa"}),
        json!({"alg": ["EdDSA"]}),
        json!({"alg": null}),
        json!({"typ": "JWT"}),
        json!({"typ": "at+jwt"}),
        json!({"typ": null}),
        json!({"kid": null}),
        json!({"kid": ""}),
        json!({"kid": "../../../dev/null"}),
        json!({"kid": other.tokens().at(NOW).unwrap().kid()}),
        json!({"kid": 1}),
        json!({"jku": "https://example.com/jwks.json"}),
        json!({"jwk": {"kty": "OKP"}}),
        json!({"x5u": "https://example.com/cert"}),
        json!({"x5c": []}),
        json!({"crit": ["exp"]}),
        json!({"b64": false}),
    ];
    let bodies = [
        json!({"exp": null}),
        json!({"exp": (NOW + 600).to_string()}),
        json!({"exp": (NOW + 600) as f64 + 0.5}),
        json!({"exp": -1}),
        json!({"exp": NOW + 901}),
        json!({"exp": NOW}),
        json!({"exp": NOW - 1}),
        json!({"exp": u64::MAX}),
        json!({"exp": [NOW + 600]}),
        json!({"iat": null}),
        json!({"iat": NOW.to_string()}),
        json!({"iat": NOW + 61, "exp": NOW + 70}),
        json!({"iat": 0}),
        json!({"nbf": NOW}),
        json!({"iss": null}),
        json!({"iss": "urn:keyway:0000000000000000"}),
        json!({"iss": [master.issuer()]}),
        json!({"aud": null}),
        json!({"aud": "other"}),
        json!({"aud": ["keyway"]}),
        json!({"sub": null}),
        json!({"sub": {"$ne": ""}}),
        json!({"pk": null}),
        json!({"jti": null}),
        json!({"narrowed": null}),
        json!({"narrowed": {"scopes": "all"}}),
        json!({"narrowed": {"budget_usd": 5}}),
        json!({"scopes": ["create:chat_completions"]}),
        json!({"admin": true}),
    ];
    let mut corpus: Vec<String> = headers.iter().map(|header| forged(&master, header, &nothing)).collect();
    corpus.extend(bodies.iter().map(|body| forged(&master, &nothing, body)));
    corpus.extend([
        // Signed by another installation, under our key's name and under its own.
        forged(&other, &json!({"kid": header["kid"]}), &nothing),
        forged(&other, &nothing, &json!({"iss": master.issuer()})),
        // Members twice: the last one would be the good one.
        signed_texts(&master, &header.to_string().replacen('{', r#"{"alg":"none","#, 1), &said.to_string()),
        signed_texts(&master, &header.to_string(), &said.to_string().replacen('{', r#"{"exp":1,"#, 1)),
        signed_texts(&master, "[]", &said.to_string()),
        signed_texts(&master, &header.to_string(), "null"),
        signed_texts(&master, &header.to_string(), &format!("{said} x")),
        message.to_owned(),
        format!("{message}."),
        format!("{message}.{signature}="),
        format!("{good}.{signature}"),
        format!("{head}..{signature}"),
        format!(".{body}.{signature}"),
        format!("{head}.{signature}.{body}"),
        format!(" {good}"),
        format!("{good}\n"),
        good.replace('.', ""),
        format!("{head}.{}.{signature}", "A".repeat(JWT_BYTES_MAX)),
        URL_SAFE_NO_PAD.encode(good),
        "eyJ".to_owned(),
        "eyJ..".to_owned(),
        String::new(),
    ]);
    assert!(corpus.len() >= 60);
    for text in &corpus {
        let refusal = verify(&master, text, NOW).expect_err(text);
        assert_eq!(refusal.status(), 401, "{text}");
    }
}
