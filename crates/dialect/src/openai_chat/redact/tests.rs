use super::*;
use proptest::prelude::*;

#[test]
fn credentials_go() {
    for secret in [
        "sk-abcdef123456",
        "sk-****abcd",
        "sk-proj-abc...wxyz",
        "sk-ant-oat01-AbCdEf_123-xyzXYZ",
        "sk-kw-live-0123456789abABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm012345",
        "AIzaSyA-1234567890abcdefghijklmnopqrstu",
        "gsk_abcdefghijkl",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "0123456789abcdef0123456789abcdef.A1b2C3d4E5f6G7h8",
        "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
        "bce-v3/ALTAK-abc123/0a1b2c",
        "****************1a2b",
        "\u{2022}\u{2022}\u{2022}\u{2022}ab12",
        "aGVsbG8gd29ybGQgdGhpcyBpcyBhIHNlY3JldCE5/abc+def",
    ] {
        for text in [
            format!("Incorrect API key provided: {secret}."),
            format!("bad ({secret}) here"),
            format!("\"{secret}\""),
        ] {
            let out = redact(&text);
            assert!(out.contains(MASK), "{text} -> {out}");
            let tail = &secret[secret.len() - 4..];
            assert!(!out.contains(tail), "{text} -> {out}");
        }
    }
    assert_eq!(redact("Authorization: Bearer abc123xyz, x"), "Authorization: Bearer [redacted], x");
    assert_eq!(redact("bearer letmein! no"), "bearer [redacted]! no");
    assert_eq!(redact("see https://h/v1?key=abcd1234&x=1"), "see https://h/v1?key=[redacted]&x=1");
    assert_eq!(
        redact("Incorrect API key provided: hunter2. Go."),
        "Incorrect API key provided: [redacted]. Go."
    );
}

#[test]
fn plain_words_stay() {
    for text in [
        "You can find your API key at https://platform.openai.com/account/api-keys.",
        "This model's maximum context length is 128000 tokens... see docs.",
        "Unknown model: deepseek/deepseek-flash-20260821 (claude-opus-4-6, gpt-5.2-codex)",
        "context_length_exceeded: invalid_request_error for max_completion_tokens",
        "Invalid API key: please check. Bearer token is missing, Bearer authentication is not.",
        "the `reasoning_content` in the thinking mode must be passed back to the API",
        "scikit sk-learn is not a key; **bold** text",
        "at 2026-11-21T04:12:00.123456Z from 192.168.100.200:8443",
        "accounts/fireworks/models/llama-v3p1-405b-instruct",
        "",
    ] {
        assert_eq!(redact(text), text);
    }
}

proptest! {
    #[test]
    fn no_long_secret_survives(before in "[a-z ,:]{0,12}", secret in "sk-[A-Za-z0-9_-]{16,48}", after in "[ ,)\"'][a-z ]{0,12}") {
        let out = redact(&format!("{before} {secret}{after}"));
        prop_assert!(!out.contains(&secret), "{}", out);
    }

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        let masks = redact(&text).matches(MASK).count();
        prop_assert!(masks <= text.len() + 1);
    }
}
