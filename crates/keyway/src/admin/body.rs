//! The JSON object a call brings: every field is asked for by name, and what is left is refused.

use crate::base::{Code, Refusal};
use ledger::NanoUsd;
use ledger::limit::LIMIT_MAX;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// The fields of a JSON object.
#[derive(Debug)]
pub struct Body(Vec<(String, Box<RawValue>)>);

impl Body {
    /// Reads a JSON object. No bytes at all are an object without fields.
    ///
    /// # Errors
    /// A refusal that says where it is not JSON, or which field stands twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Vec::new()));
        }
        let body: Self = serde_json::from_slice(bytes).map_err(|error| {
            let message = match error.classify() {
                Category::Data => "The body must be a JSON object.".to_owned(),
                _ => format!("The body is not JSON (line {}, column {}).", error.line(), error.column()),
            };
            Refusal::new(Code::InvalidRequest, message)
        })?;
        for (place, (name, _)) in body.0.iter().enumerate() {
            if body.0.iter().take(place).any(|(before, _)| before == name) {
                let shown = shown(name);
                let message = format!("`{shown}` stands twice in the body.");
                return Err(Refusal::field(shown, message));
            }
        }
        Ok(body)
    }

    /// A text; `null` counts as absent.
    ///
    /// # Errors
    /// A refusal when it is something else.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        self.field(name, "a string")
    }

    /// A list of texts; `null` counts as absent.
    ///
    /// # Errors
    /// A refusal when it is something else.
    pub fn texts(&mut self, name: &'static str) -> Result<Option<Vec<String>>, Refusal> {
        self.field(name, "a list of strings")
    }

    /// A whole number from 0; `null` counts as absent.
    ///
    /// # Errors
    /// A refusal when it is something else.
    pub fn count(&mut self, name: &'static str) -> Result<Option<u64>, Refusal> {
        self.field(name, "a whole number from 0")
    }

    /// A list of texts that may be `null` to take it away; absent is another matter.
    ///
    /// # Errors
    /// A refusal when it is something else.
    pub fn texts_or_null(&mut self, name: &'static str) -> Result<Option<Option<Vec<String>>>, Refusal> {
        self.or_null(Self::texts, name)
    }

    /// A field that may be `null` to take it away; absent is another matter.
    ///
    /// # Errors
    /// As `read`.
    pub fn or_null<T>(
        &mut self,
        read: impl FnOnce(&mut Self, &'static str) -> Result<Option<T>, Refusal>,
        name: &'static str,
    ) -> Result<Option<Option<T>>, Refusal> {
        let there = self.0.iter().any(|(given, _)| given == name);
        let value = read(self, name)?;
        Ok(there.then_some(value))
    }

    /// A time in unix seconds; `null` counts as absent.
    ///
    /// # Errors
    /// A refusal when it is something else.
    pub fn time(&mut self, name: &'static str) -> Result<Option<i64>, Refusal> {
        self.field(name, "a time in unix seconds")
    }

    /// An object of texts; `null` counts as absent.
    ///
    /// # Errors
    /// A refusal when it is something else, or a name stands in it twice.
    pub fn pairs(&mut self, name: &'static str) -> Result<Option<BTreeMap<String, String>>, Refusal> {
        let wrong =
            || Refusal::field(name, format!("`{name}` must be an object of strings, each name once."));
        let Some(Self(fields)) = self.field::<Self>(name, "an object of strings")? else {
            return Ok(None);
        };
        let mut pairs = BTreeMap::new();
        for (given, raw) in fields {
            let value: String = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
            if pairs.insert(given, value).is_some() {
                return Err(wrong());
            }
        }
        Ok(Some(pairs))
    }

    /// True or false; `null` counts as absent.
    ///
    /// # Errors
    /// A refusal when it is something else.
    pub fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Refusal> {
        self.field(name, "true or false")
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// A refusal when it is absent or something else.
    pub fn needed(&mut self, name: &'static str) -> Result<String, Refusal> {
        self.text(name)?.ok_or_else(|| Refusal::field(name, format!("`{name}` is missing.")))
    }

    /// An object, `Some(None)` for `null`.
    ///
    /// # Errors
    /// A refusal when it is something else, or a field of it stands twice.
    pub fn object(&mut self, name: &'static str) -> Result<Option<Option<Self>>, Refusal> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        if raw.get() == "null" {
            return Ok(Some(None));
        }
        if !raw.get().starts_with('{') {
            return Err(Refusal::field(name, format!("`{name}` must be an object.")));
        }
        let within = |refusal: Refusal| {
            let param = refusal.param.as_deref().map_or(name.to_owned(), |field| format!("{name}.{field}"));
            Refusal { param: Some(param.into()), ..refusal }
        };
        Self::parse(raw.get().as_bytes()).map(|body| Some(Some(body))).map_err(within)
    }

    /// A limit, 1 to [`LIMIT_MAX`], `Some(None)` for `null`: none. `within` stands before the name in a refusal.
    ///
    /// # Errors
    /// A refusal when it is something else.
    pub fn limit(&mut self, name: &'static str, within: &str) -> Result<Option<Option<u32>>, Refusal> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        let limit: Result<Option<u32>, _> = serde_json::from_str(raw.get());
        match limit {
            Ok(limit) if limit.is_none_or(|limit| (1..=LIMIT_MAX).contains(&limit)) => Ok(Some(limit)),
            _ => Err(Refusal::field(
                format!("{within}{name}"),
                format!("`{within}{name}` must be a whole number from 1 to {LIMIT_MAX}, or null for none."),
            )),
        }
    }

    /// An amount in USD, a number or a text with at most nine places; `null` counts as absent. `within`
    /// stands before the name in a refusal.
    ///
    /// # Errors
    /// A refusal when it is something else.
    pub fn usd(&mut self, name: &'static str, within: &str) -> Result<Option<NanoUsd>, Refusal> {
        let Some(raw) = self.take(name).filter(|raw| raw.get() != "null") else { return Ok(None) };
        let text = raw.get();
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        // Programs write small and large numbers with exponents; people do not.
        let plain = quoted.map_or_else(|| written_out(text), |_| None);
        NanoUsd::parse(plain.as_deref().or(quoted).unwrap_or(text)).map(Some).map_err(|why| {
            Refusal::field(format!("{within}{name}"), format!("`{within}{name}` is no amount in USD: {why}."))
        })
    }

    /// One of some words; `null` counts as absent. `within` stands before the name in a refusal.
    ///
    /// # Errors
    /// A refusal that lists them when it is none.
    pub fn word<T: Copy>(
        &mut self,
        name: &'static str,
        within: &str,
        words: &[T],
        text_of: fn(T) -> &'static str,
    ) -> Result<Option<T>, Refusal> {
        let given = self
            .text(name)
            .map_err(|refusal| Refusal { param: Some(format!("{within}{name}").into()), ..refusal })?;
        let Some(given) = given else { return Ok(None) };
        words.iter().copied().find(|word| text_of(*word) == given).map(Some).ok_or_else(|| {
            let known: Vec<String> = words.iter().map(|word| format!("`{}`", text_of(*word))).collect();
            let message = format!("`{within}{name}` must be {}.", known.join(" or "));
            Refusal::field(format!("{within}{name}"), message)
        })
    }

    /// Refuses a field that cannot be changed.
    ///
    /// # Errors
    /// The refusal, when it is there.
    pub fn is_fixed(&mut self, name: &'static str, why: &'static str) -> Result<(), Refusal> {
        match self.take(name) {
            Some(_) => Err(Refusal::field(name, why)),
            None => Ok(()),
        }
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        let place = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// A field of a shape of its own; `null` counts as absent.
    ///
    /// # Errors
    /// A refusal, with `what` it must be, when it is something else.
    pub fn field<T: for<'de> Deserialize<'de>>(
        &mut self,
        name: &'static str,
        what: &str,
    ) -> Result<Option<T>, Refusal> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        serde_json::from_str(raw.get()).map_err(|_| Refusal::field(name, format!("`{name}` must be {what}.")))
    }

    /// Ends the reading. `not_yet` are fields that the contract names and this build does not have.
    ///
    /// # Errors
    /// A refusal that names the first field nobody asked for.
    pub fn finish(self, not_yet: &[&'static str]) -> Result<(), Refusal> {
        let Some((name, _)) = self.0.first() else {
            return Ok(());
        };
        if let Some(known) = not_yet.iter().find(|known| **known == name.as_str()) {
            return Err(Refusal {
                code: Code::UnsupportedParameter,
                ..Refusal::field(*known, format!("`{known}` is not available yet. Leave it out."))
            });
        }
        let shown = shown(name);
        let message = format!("`{shown}` is not a field of this call.");
        Err(Refusal::field(shown, message))
    }
}

/// A JSON number with an exponent as a plain decimal; `None` when it has none, or a senseless one.
fn written_out(number: &str) -> Option<String> {
    const EXPONENT_MAX: i32 = 30;
    let (digits, exponent) = number.split_once(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= EXPONENT_MAX)?;
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let mut all: Vec<u8> = [whole, places].concat().into_bytes();
    let mut point = i32::try_from(whole.len()).ok()? + exponent;
    while point <= 0 {
        all.insert(0, b'0');
        point += 1;
    }
    let point = usize::try_from(point).ok()?;
    while all.len() < point {
        all.push(b'0');
    }
    let all = String::from_utf8(all).ok()?;
    let (whole, places) = all.split_at_checked(point)?;
    let places = places.trim_end_matches('0');
    Some(if places.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{places}") })
}

fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Body;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Body(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_the_rest_is_refused() {
        let mut body = Body::parse(br#"{"name":"a","scopes":["x"],"n":5,"models":null}"#).unwrap();
        assert_eq!(body.text("name").unwrap().as_deref(), Some("a"));
        assert_eq!(body.texts("scopes").unwrap(), Some(vec!["x".to_owned()]));
        assert_eq!(body.count("n").unwrap(), Some(5));
        assert_eq!(body.texts("models").unwrap(), None);
        body.finish(&[]).unwrap();
        Body::parse(b" \n").unwrap().finish(&[]).unwrap();
    }

    #[test]
    fn amounts_are_exact_however_a_program_writes_them() {
        let table = [
            ("12.5", Some(12_500_000_000)),
            ("\"12.5\"", Some(12_500_000_000)),
            ("1e-9", Some(1)),
            ("1.5E-7", Some(150)),
            ("2.50e2", Some(250_000_000_000)),
            ("-1e0", Some(-1_000_000_000)),
            ("1e-10", None),
            ("1e40", None),
            ("1e9999999999", None),
            ("\"1e-9\"", None),
            ("\"\"", None),
            ("[]", None),
            ("0.0000000001", None),
        ];
        for (text, expected) in table {
            let mut body = Body::parse(format!(r#"{{"a":{text}}}"#).as_bytes()).unwrap();
            assert_eq!(body.usd("a", "").ok().flatten().map(|amount| amount.0), expected, "{text}");
        }
        assert_eq!(Body::parse(b"{}").unwrap().usd("a", "").unwrap(), None);
    }

    #[test]
    fn refusals_name_the_field_and_repeat_no_value() {
        let table: [(&[u8], Code, Option<&str>); 8] = [
            (b"{", Code::InvalidRequest, None),
            (b"[1]", Code::InvalidRequest, None),
            (b"{\"a\":1} x", Code::InvalidRequest, None),
            (b"{\"name\":\"x\",\"n\\u0061me\":\"y\"}", Code::InvalidRequest, Some("name")),
            (b"{\"name\":12345}", Code::InvalidRequest, Some("name")),
            (b"{\"budget\":{\"limit_usd\":12345}}", Code::UnsupportedParameter, Some("budget")),
            (b"{\"colour\":12345}", Code::InvalidRequest, Some("colour")),
            (b"{\"name\":\"\xff12345\"}", Code::InvalidRequest, None),
        ];
        for (bytes, code, param) in table {
            let read = Body::parse(bytes).and_then(|mut body| {
                body.text("name")?;
                body.finish(&["budget"])
            });
            let refusal = read.unwrap_err();
            assert_eq!((refusal.code, refusal.param.as_deref()), (code, param));
            assert!(!refusal.message.contains("12345"));
        }
    }
}
