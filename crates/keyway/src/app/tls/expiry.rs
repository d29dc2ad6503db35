//! When a certificate ends: the one field that is read of it here (RFC 5280, section 4.1).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Unix milliseconds of a certificate's `notAfter`; `None` when the bytes are no certificate.
#[must_use]
pub fn expires_ms(der: impl AsRef<[u8]>) -> Option<i64> {
    let (certificate, _) = item(der.as_ref(), SEQUENCE)?;
    let (signed, _) = item(certificate, SEQUENCE)?;
    let rest = item(signed, VERSION).map_or(signed, |(_, rest)| rest);
    let (_serial, rest) = item(rest, INTEGER)?;
    let (_algorithm, rest) = item(rest, SEQUENCE)?;
    let (_issuer, rest) = item(rest, SEQUENCE)?;
    let (validity, _) = item(rest, SEQUENCE)?;
    let (_, not_after) = any(validity)?;
    let (tag, text) = (*not_after.first()?, std::str::from_utf8(any(not_after)?.0).ok()?);
    // Years of two digits are of 1950 to 2049.
    let text = match (tag, text.get(..2)?.parse::<u8>().ok()?) {
        (UTC_TIME, 0..50) => format!("20{text}"),
        (UTC_TIME, _) => format!("19{text}"),
        (GENERALIZED_TIME, _) => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// What an item of this tag holds, and what follows it.
fn item(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (inside, rest) = any(der)?;
    (*der.first()? == tag).then_some((inside, rest))
}

/// What an item holds, and what follows it.
fn any(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = der.get(1..)?.split_first()?;
    let (length, rest) = match usize::from(*length) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long & 0x7f)?;
            let length = (1..=4)
                .contains(&digits.len())
                .then(|| digits.iter().fold(0_usize, |length, digit| (length << 8) | usize::from(*digit)))?;
            (length, rest)
        }
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, inside: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        match u8::try_from(inside.len()).ok().filter(|length| *length < 0x80) {
            Some(length) => bytes.push(length),
            None => bytes.extend([0x82, (inside.len() >> 8) as u8, inside.len() as u8]),
        }
        bytes.extend_from_slice(inside);
        bytes
    }

    fn certificate(not_after: &[u8]) -> Vec<u8> {
        let validity = [der(UTC_TIME, b"200101000000Z"), not_after.to_vec()].concat();
        let version = der(VERSION, &der(INTEGER, &[2]));
        let sequences = [der(SEQUENCE, &[5, 0]), der(SEQUENCE, &[0; 300]), der(SEQUENCE, &validity)].concat();
        der(SEQUENCE, &der(SEQUENCE, &[version, der(INTEGER, &[1]), sequences, vec![5, 0]].concat()))
    }

    #[test]
    fn ends_in_either_form() {
        let table: &[(u8, &str, Option<i64>)] = &[
            (UTC_TIME, "260101000000Z", Some(1_767_225_600_000)),
            (UTC_TIME, "990101000000Z", Some(915_148_800_000)),
            (GENERALIZED_TIME, "20260101000001Z", Some(1_767_225_601_000)),
            (GENERALIZED_TIME, "2026", None),
            (UTC_TIME, "", None),
            (INTEGER, "260101000000Z", None),
        ];
        for (tag, text, expected) in table {
            assert_eq!(expires_ms(certificate(&der(*tag, text.as_bytes()))), *expected, "{text}");
        }
    }

    #[test]
    fn what_is_cut_is_no_certificate() {
        let whole = certificate(&der(UTC_TIME, b"260101000000Z"));
        for length in 0..whole.len() {
            assert_eq!(expires_ms(&whole[..length]), None, "{length}");
        }
    }
}
