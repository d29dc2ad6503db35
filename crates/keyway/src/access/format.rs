//! The text form of a key: `sk-kw-<type>-<kid 12><secret 43><crc 6>`, base62. A guess that is not
//! even well-formed is refused without a look-up; the checksum lets secret scanners do the same.

use crate::base::Fault;
use crate::base::Secret;
use crate::base::fault::Doing;
use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const KID_CHARS: usize = 12;
const SECRET_CHARS: usize = 43;
const CRC_CHARS: usize = 6;
const BODY_CHARS: usize = KID_CHARS + SECRET_CHARS + CRC_CHARS;

/// What kind of key a prefix announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// Project key, live.
    Live,
    /// Project key, sandbox only.
    Test,
    /// Admin key.
    Admin,
    /// Ephemeral token, made from a project key.
    Ephemeral,
    /// What takes an invitation up; no key.
    Invite,
    /// A person's session at the console; in a cookie only.
    Session,
    /// What opens a link that works once; no key.
    Link,
}

const PREFIXES: [(Prefix, &str); 7] = [
    (Prefix::Live, "sk-kw-live-"),
    (Prefix::Test, "sk-kw-test-"),
    (Prefix::Admin, "sk-kw-admin-"),
    (Prefix::Ephemeral, "ek-kw-"),
    (Prefix::Invite, "sk-kw-invite-"),
    (Prefix::Session, "sk-kw-session-"),
    (Prefix::Link, "sk-kw-link-"),
];

/// Makes a key from the operating system's randomness: its public handle and its full text.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn mint(prefix: Prefix) -> Result<(String, Secret), Fault> {
    let kid_at = prefix_text(prefix).len();
    let covered_chars = kid_at + KID_CHARS + SECRET_CHARS;
    // Room for all of it: a buffer that grew would leave copies behind.
    let mut text = String::with_capacity(covered_chars + CRC_CHARS);
    text.push_str(prefix_text(prefix));
    let mut random = Zeroizing::new([0; 64]);
    while text.len() < covered_chars {
        SysRng.try_fill_bytes(&mut *random).doing("reading the system's randomness")?;
        // Bytes from 248 up would favour the first characters of the alphabet.
        let fair = random.iter().filter(|byte| usize::from(**byte) < 4 * ALPHABET.len());
        let chars = fair.map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        text.extend(chars.take(covered_chars - text.len()));
    }
    let kid = text[kid_at..kid_at + KID_CHARS].to_owned();
    let crc = crc_chars(&text);
    text.extend(crc.map(char::from));
    Ok((kid, Secret::new(text)))
}

/// Prefix and public handle of a well-formed key; `None` for anything else.
#[must_use]
pub fn parse(text: &str) -> Option<(Prefix, &str)> {
    let (prefix, body) =
        PREFIXES.iter().find_map(|(prefix, lead)| text.strip_prefix(lead).map(|body| (*prefix, body)))?;
    // Without an early end, so that it is done many bytes at a time.
    let is_base62 = body.bytes().fold(true, |all, byte| all & byte.is_ascii_alphanumeric());
    if body.len() != BODY_CHARS || !is_base62 {
        return None;
    }
    let (covered, crc) = text.split_at(text.len() - CRC_CHARS);
    (crc_chars(covered) == *crc.as_bytes()).then(|| (prefix, &body[..KID_CHARS]))
}

/// How a key is shown after its one moment: enough to recognise it, useless to a thief.
#[must_use]
pub fn redacted(prefix: Prefix, kid: &str) -> String {
    format!("{}{}...", prefix_text(prefix), kid.get(..4).unwrap_or(kid))
}

fn prefix_text(prefix: Prefix) -> &'static str {
    PREFIXES[prefix as usize].1
}

/// CRC-32 (ISO-HDLC) of everything before it, base62, zero padded.
fn crc_chars(covered: &str) -> [u8; CRC_CHARS] {
    let mut rest = crc32fast::hash(covered.as_bytes()) as usize;
    let mut text = [ALPHABET[0]; CRC_CHARS];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[rest % ALPHABET.len()];
        rest /= ALPHABET.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_minted_parses_and_any_changed_character_does_not() {
        for (prefix, lead) in PREFIXES {
            let (kid, key) = mint(prefix).unwrap();
            let text = key.reveal();
            assert_eq!(text.len(), lead.len() + BODY_CHARS);
            assert_eq!(parse(text), Some((prefix, kid.as_str())));
            for at in 0..text.len() {
                let mut changed = text.as_bytes().to_vec();
                changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
                assert_eq!(parse(std::str::from_utf8(&changed).unwrap()), None, "at {at}");
            }
            assert_eq!(parse(&text[..text.len() - 1]), None);
            assert_eq!(parse(&format!("{text}0")), None);
        }
    }

    #[test]
    fn a_known_key_keeps_its_checksum() {
        // CRC-32/ISO-HDLC of "123456789" is 0xCBF43926.
        assert_eq!(&crc_chars("123456789"), b"3jZRME");
    }
}
