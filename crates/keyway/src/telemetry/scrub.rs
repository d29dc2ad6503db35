//! The last line of defence: masks what looks like a credential in a text that is about to leave.
//! Secrets are kept out of texts by type; this is for texts of others: providers, libraries.

use std::borrow::Cow;

const MASK: &str = "***";

/// Beginnings of known keys. The fewest characters that follow, when the key stands by itself.
const PREFIXES: &[(&str, usize)] = &[
    ("sk-", 6),      // Keyway, OpenAI, Anthropic, DeepSeek, OpenRouter
    ("sk_", 12),     // Stripe, ElevenLabs, Novita
    ("rk_live_", 8), // Stripe, restricted
    ("whsec_", 8),   // Stripe, webhooks
    ("ek-kw-", 6),   // Keyway, ephemeral
    ("ek_", 12),     // OpenAI, ephemeral
    ("AIza", 20),    // Google
    ("AQ.", 20),     // Google, bound to a service
    ("ya29.", 12),   // Google, OAuth
    ("gsk_", 6),     // Groq
    ("xai-", 6),     // xAI
    ("csk-", 8),     // Cerebras
    ("pplx-", 8),    // Perplexity
    ("fw_", 12),     // Fireworks
    ("tgp_v1_", 12), // Together
    ("hf_", 12),     // Hugging Face
    ("r8_", 12),     // Replicate
    ("nvapi-", 12),  // NVIDIA
    ("AKIA", 16),    // AWS, access key id
    ("ASIA", 16),    // AWS, temporary
    ("ABSK", 24),    // AWS, Bedrock
    ("bedrock-api-key-", 12),
    ("ghp_", 20),        // GitHub
    ("gho_", 20),        // GitHub, OAuth
    ("ghs_", 20),        // GitHub, installations
    ("github_pat_", 20), // GitHub, fine-grained
    ("vck_", 12),        // Vercel
    ("jina_", 16),       // Jina
    ("dapi", 24),        // Databricks
    ("eyJ", 20),         // JSON web token
];

/// Within a longer word a prefix counts when so many characters with a digit follow:
/// `task-list` is a word, `Dsk-live-4f...` hides a key.
const INNER_BYTES_MIN: usize = 20;

/// How far a digit is looked for. A bound, so that the whole stays linear.
const LOOK_BYTES_MAX: usize = 64;

/// Authentication schemes: what follows them in a header is a credential. After `Bearer` it is one
/// anywhere; the others are also words.
const SCHEMES: &[&str] = &["bearer", "basic", "token", "key", "apikey", "digest", "negotiate"];

/// Names whose value is a credential when `=` follows (query strings, settings).
const NAMES: &[&str] =
    &["key", "token", "secret", "password", "passwd", "credential", "signature", "assertion"];

/// Names whose value is a credential when `:` follows too (headers, JSON).
const HEADERS: &[&str] = &[
    "api-key",
    "api_key",
    "apikey",
    "authorization",
    "password",
    "client_secret",
    "secret_key",
    "private_key",
    "access_token",
    "refresh_token",
    "id_token",
    "auth-token",
    "security-token",
    "cookie",
];

/// The text with every credential replaced by `***`; a known prefix stays, to tell whose it was.
/// Time is linear in the text's length.
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut scrubbed = String::new();
    let mut kept_to = 0;
    let mut at = 0;
    while at < text.len() {
        let Some((from, to)) = credential_at(text.as_bytes(), at) else {
            at += 1;
            continue;
        };
        scrubbed.push_str(&text[kept_to..from]);
        scrubbed.push_str(MASK);
        kept_to = to;
        at = to;
    }
    if kept_to == 0 {
        return Cow::Borrowed(text);
    }
    scrubbed.push_str(&text[kept_to..]);
    Cow::Owned(scrubbed)
}

/// The bytes to mask when a credential or what announces one begins at `at`. Both ends lie
/// beside ASCII characters, so they are character boundaries.
fn credential_at(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = &text[at..];
    match rest[0] {
        b'=' | b':' => named(text, at).or_else(|| userinfo(text, at)),
        b' ' => scheme(text, at),
        first if first.is_ascii_alphanumeric() => prefixed(text, at),
        _ => None,
    }
}

fn prefixed(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let (prefix, least) = PREFIXES.iter().find(|(prefix, _)| text[at..].starts_with(prefix.as_bytes()))?;
    let from = at + prefix.len();
    let near = &text[from..text.len().min(from + LOOK_BYTES_MAX)];
    let length = run(near, is_key_byte);
    let alone = at == 0 || !text[at - 1].is_ascii_alphanumeric();
    let inner = length >= INNER_BYTES_MIN && near[..length].iter().any(u8::is_ascii_digit);
    if !(inner || alone && length >= *least) {
        return None;
    }
    Some((from, from + run(&text[from..], is_key_byte)))
}

/// `Bearer` and a space, then a credential. `at` is the space.
fn scheme(text: &[u8], at: usize) -> Option<(usize, usize)> {
    if ends_with(&text[..at], "bearer") { value(text, at, at) } else { None }
}

/// A name, `=` or `:`, then a credential. `at` is the sign.
fn named(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let quoted = text[..at].strip_suffix(b"\"").unwrap_or(&text[..at]);
    let name = quoted.strip_suffix(b"\\").unwrap_or(quoted);
    let found = HEADERS.iter().any(|header| ends_with(name, header))
        || text[at] == b'=' && NAMES.iter().any(|known| ends_with(name, known));
    if !found {
        return None;
    }
    let mut from = at + 1;
    from += run(&text[from..], |byte| matches!(byte, b' ' | b'"' | b'\'' | b'\\'));
    let word = run(&text[from..], |byte| byte.is_ascii_alphabetic());
    let scheme = SCHEMES.iter().any(|scheme| text[from..from + word].eq_ignore_ascii_case(scheme.as_bytes()));
    if scheme { value(text, from + word, from) } else { value(text, from, from) }
}

/// What is neither space nor quote from `at` on, spaces skipped; nothing when that is nothing.
fn value(text: &[u8], at: usize, otherwise: usize) -> Option<(usize, usize)> {
    let from = at + run(&text[at..], |byte| byte == b' ');
    let to = from + run(&text[from..], is_value_byte);
    if to > from {
        return Some((from, to));
    }
    (at > otherwise).then_some((otherwise, at))
}

/// The password of `scheme://user:password@host`. `at` is the first colon. In a database's URL it may
/// hold what had to be encoded, a slash too: nobody but its owner has ever seen it.
fn userinfo(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let user = text[at..].strip_prefix(b"://")?;
    let near = &user[..user.len().min(4 * LOOK_BYTES_MAX)];
    let is_part = |byte: u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\\' | b'<');
    let sign_within = |end: usize| near[..end].iter().rposition(|byte| *byte == b'@');
    let authority = run(near, |byte| is_part(byte) && byte != b'/');
    let of_database = ["postgres", "postgresql"].iter().any(|scheme| ends_with(&text[..at], scheme));
    let sign = match sign_within(authority) {
        None if of_database => sign_within(run(near, is_part))?,
        sign => sign?,
    };
    let colon = near[..sign].iter().position(|byte| *byte == b':')?;
    Some((at + 3 + colon + 1, at + 3 + sign))
}

fn ends_with(text: &[u8], word: &str) -> bool {
    let tail = text.len().checked_sub(word.len()).map(|from| &text[from..]);
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word.as_bytes()))
}

fn run(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !is(*byte)).unwrap_or(text.len())
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
}

fn is_value_byte(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
        && !matches!(byte, b'"' | b'\'' | b'&' | b',' | b';' | b'\\' | b')' | b'}' | b'<')
}

#[cfg(test)]
mod tests {
    use super::scrub;
    use proptest::prelude::*;
    use std::borrow::Cow;

    #[test]
    fn credentials_are_masked() {
        let table = [
            ("sk-kw-live-abcDEF123", "sk-***"),
            ("key sk-kw-admin-0000 end", "key sk-*** end"),
            ("ek-kw-abc123DEF", "ek-kw-***"),
            ("Incorrect API key provided: sk-proj-Ab_c-1234567890.", "Incorrect API key provided: sk-***"),
            ("\"sk-ant-api03-AAAA-BBBB\"", "\"sk-***\""),
            ("AIzaSyA1234567890abcdefghijk", "AIza***"),
            ("(gsk_abcdef123456)", "(gsk_***)"),
            ("xai-abcdef123456,", "xai-***,"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("authorization: basic dXNlcjpwYXNz", "authorization: basic ***"),
            ("authorization=\"Bearer  abc\"", "authorization=\"Bearer  ***\""),
            ("BEARER xyz", "BEARER ***"),
            ("x-api-key: 0123456789abcdef", "x-api-key: ***"),
            ("{\"api_key\": \"whatever it\"}", "{\"api_key\": \"*** it\"}"),
            ("{\\\"api_key\\\":\\\"abc\\\"}", "{\\\"api_key\\\":\\\"***\\\"}"),
            ("GET /v1beta/models?key=abc&alt=sse", "GET /v1beta/models?key=***&alt=sse"),
            ("password=hunter2", "password=***"),
            ("postgres://keyway:p%40ss@db:5432/keyway", "postgres://keyway:***@db:5432/keyway"),
            ("postgresql://keyway:p/a&s;s@db/keyway?x=1", "postgresql://keyway:***@db/keyway?x=1"),
            ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
            (
                "postgres://db/keyway?user=a&password=p%40ss&x=1",
                "postgres://db/keyway?user=a&password=***&x=1",
            ),
            ("sk-kw-test-A8uW6oVczOcjD36cv9GJI3yB", "sk-***"),
            ("sk-or-v1-0123456789abcdef", "sk-***"),
            ("Authorization: Key fal-secret:0123", "Authorization: Key ***"),
            ("authorization: Token r8x0123", "authorization: Token ***"),
            ("proxy-authorization: Digest username", "proxy-authorization: Digest ***"),
            ("x-amz-security-token: FwoGZXIvYXdz", "x-amz-security-token: ***"),
            (
                "AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=ab12",
                "AWS4-HMAC-SHA256 Credential=***, Signature=***",
            ),
            ("ABSKQmVkcm9ja0FQSUtleS0xMjM0NTY3ODkw", "ABSK***"),
            ("AQ.Ab8RN6Lx0123456789_abcdef", "AQ.***"),
            ("github_pat_11ABCDEFG0123456789_abc", "github_pat_***"),
            ("sk_live_51H0123456789", "sk_***"),
            ("whsec_0123456789abcdef", "whsec_***"),
            ("url%3Dsk-kw-live-0123456789abcdefghij", "url%3Dsk-***"),
            ("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln", "eyJ***"),
            ("two: sk-aaaaaaaa and sk-bbbbbbbb", "two: sk-*** and sk-***"),
            ("\u{e9}sk-aaaaaaaa\u{e9}", "\u{e9}sk-***\u{e9}"),
        ];
        for (text, masked) in table {
            assert_eq!(scrub(text), masked, "{text}");
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        let table = [
            "",
            "connecting to https://api.deepseek.com/v1: connection refused",
            "a risk-averse disk-bound task-management-and-planning tool",
            "the model sandbox/echo has no price",
            "unknown setting key: listen",
            "max_tokens=5 n=2",
            "sk- is a prefix, basic English",
            "http://[::1]:8080/v1 user@example.com",
            "https://db:5432/keyway/user@example.com",
            "assess-2026-01-01-everything on dapi and sk_ids",
            "\u{65e5}\u{672c}\u{8a9e} = : ",
        ];
        for text in table {
            assert!(matches!(scrub(text), Cow::Borrowed(same) if same == text), "{text} -> {}", scrub(text));
        }
    }

    #[test]
    fn it_is_linear() {
        for text in ["sk-", "key=", "Bearer ", "://a:", "eyJ", "=\"", ":", "sk-a", "://@"] {
            let long = text.repeat(1 << 18);
            assert!(!scrub(&long).is_empty() || long.is_empty());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_key_survives(before in "[ -~\u{e9}]{0,20}", body in "[A-Za-z0-9]{30}[0-9]", after in "[ -~\u{e9}]{0,20}") {
            for prefix in ["sk-kw-live-", "sk-", "ek-kw-", "AIza", "gsk_", "xai-", "x Bearer "] {
                let text = format!("{before}{prefix}{body}{after}");
                prop_assert!(!scrub(&text).contains(&body), "{}", text);
            }
        }
    }
}
