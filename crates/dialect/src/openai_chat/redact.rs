//! Masks whatever looks like a credential in a text that is going to be shown or logged.
//!
//! Rather one request id too many than one key too few: providers echo keys in error
//! messages, whole, cut (`sk-ab...yz`) or starred (`sk-****abcd`), and a tail is a secret too.

use std::borrow::Cow;

/// What stands in the place of a credential.
pub const MASK: &str = "[redacted]";

/// Beginnings by which credentials are known, lower case; each needs something behind it.
const PREFIXES: [&str; 28] = [
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk-",
    "rk_",
    "ek-",
    "ek_",
    "sess-",
    "aiza",
    "ya29.",
    "gsk_",
    "xai-",
    "nvapi-",
    "hf_",
    "r8_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "akia",
    "asia",
    "eyj",
    "bce-v3",
    "pplx-",
    "csk-",
    "tgp_v1_",
    "fw_",
];
/// Words after which a credential stands.
const LEADS: [&str; 11] = [
    "basic",
    "key",
    "apikey",
    "api_key",
    "api-key",
    "x-api-key",
    "token",
    "secret",
    "password",
    "provided",
    "authorization",
];
/// Words that follow `Bearer` where people write about it.
const BEARER_WORDS: [&str; 8] =
    ["tokens", "authentication", "authorization", "header", "scheme", "prefix", "format", "credentials"];
/// A run of letters and digits this long, with both in it, is no word.
const RUN_MIN: usize = 20;

/// `text` with every credential-like token replaced by [`MASK`].
#[must_use]
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut lead = Lead::Nothing;
    while !rest.is_empty() {
        let end = rest.find(is_token).unwrap_or(rest.len());
        let (gap, tail) = rest.split_at(end);
        out.push_str(gap);
        let end = tail.find(|c| !is_token(c)).unwrap_or(tail.len());
        let (token, after) = tail.split_at(end);
        out.push_str(&masked(token, lead, gap));
        lead = Lead::of(token);
        rest = after;
    }
    out
}

/// What the last word announced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Nothing,
    /// A word such as `key`: a credential follows behind a colon or an equals sign only,
    /// because people write about keys, too.
    Name,
    /// `Bearer`: a credential follows behind a space.
    Bearer,
}

impl Lead {
    fn of(token: &str) -> Self {
        if token.eq_ignore_ascii_case("bearer") {
            return Self::Bearer;
        }
        let word = token.trim_matches(['.', '-', '*']).to_ascii_lowercase();
        if LEADS.contains(&&*word) {
            return Self::Name;
        }
        Self::Nothing
    }

    /// Whether `token`, behind `gap`, is what was announced.
    fn announces(self, gap: &str, token: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Name => gap.contains([':', '=']) && opaque(token),
            Self::Bearer => opaque(token) || (token.len() >= 6 && !BEARER_WORDS.contains(&token)),
        }
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '_' | '-' | '.' | '~' | '+' | '/' | '*' | '%' | '\u{2026}' | '\u{2022}')
}

fn masked<'t>(token: &'t str, lead: Lead, gap: &str) -> Cow<'t, str> {
    let core = token.trim_end_matches(['.', '/']);
    let bare = core.trim_start_matches(['.', '/']);
    if bare.is_empty() || !(secret(bare) || lead.announces(gap, bare)) {
        return Cow::Borrowed(token);
    }
    // A full stop that ended the sentence stays.
    let stop = if token.len() - core.len() == 1 { token.get(core.len()..).unwrap_or_default() } else { "" };
    Cow::Owned(format!("{MASK}{stop}"))
}

/// Not a word of any language: has a digit, a star, or is very long.
fn opaque(token: &str) -> bool {
    token.len() >= 4
        && (token.len() >= 16
            || token.contains(|c: char| {
                c.is_ascii_digit()
                    || !c.is_ascii_alphanumeric() && c != '-' && c != '_' && c != '.' && c != '/'
            }))
}

fn secret(token: &str) -> bool {
    token.split(['/', '.', '%', '+']).any(known)
        || known(token)
        || starred(token)
        || uuid(token)
        || token.split(|c: char| !c.is_ascii_alphanumeric()).any(random)
        || dashed(token)
}

fn known(piece: &str) -> bool {
    let prefixed = |prefix: &&str| {
        let head = piece.get(..prefix.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(prefix) && suspicious(piece.get(prefix.len()..).unwrap_or_default())
    };
    PREFIXES.iter().any(prefixed)
}

/// What follows a prefix may be a word (`sk-learn`, `asian`): then it is short and without digits.
fn suspicious(rest: &str) -> bool {
    rest.len() >= 12
        || (rest.len() >= 3
            && rest.contains(|c: char| {
                c.is_ascii_digit()
                    || c.is_ascii_uppercase()
                    || matches!(c, '*' | '.' | '\u{2026}' | '\u{2022}')
            }))
}

/// Stars or dots in the middle of something: a key cut short for showing.
fn starred(token: &str) -> bool {
    let stars = ["***", "\u{2022}\u{2022}", "\u{2026}"].iter().any(|stars| token.contains(stars));
    let dots = token.contains("...") && token.len() > 6 && token.contains(|c: char| c.is_ascii_digit());
    (stars && token.contains(|c: char| c.is_ascii_alphanumeric())) || dots
}

fn random(run: &str) -> bool {
    let digit = run.bytes().any(|byte| byte.is_ascii_digit());
    let letter = run.bytes().any(|byte| byte.is_ascii_alphabetic());
    let hex = run.len() >= 32 && run.bytes().all(|byte| byte.is_ascii_hexdigit());
    (run.len() >= RUN_MIN && digit && letter) || hex || run.len() >= 40
}

/// Keys of base64url have `-` and `_` in them: many cases and digits in one long token.
fn dashed(token: &str) -> bool {
    let any = |test: fn(&u8) -> bool| token.as_bytes().iter().any(test);
    let slug = token.split(['-', '_', '.', '/']).all(|piece| piece.len() <= 12);
    token.len() >= 32
        && !slug
        && any(u8::is_ascii_digit)
        && any(u8::is_ascii_uppercase)
        && any(u8::is_ascii_lowercase)
}

/// Ark's keys are UUIDs.
fn uuid(token: &str) -> bool {
    let lens = token.split('-').map(str::len);
    lens.eq([8, 4, 4, 4, 12]) && token.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
