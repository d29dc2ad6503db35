//! Names of turns. Ids of calls are not enough: some providers count them from 0 in every conversation.
//! So a name is a keyed digest of whose conversation it is, of what stood before the turn, back to the
//! caller's last own words, and of the calls themselves.

use crate::sealing::master::hex;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

/// Name of one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name(pub(super) [u8; 32]);

impl Name {
    /// Lowercase hex, as the database keeps it.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

/// Whose conversation it is, and who thinks in it: nothing is ever found for anybody else.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The organisation.
    pub organization: &'a str,
    /// The project.
    pub project: &'a str,
    /// The caller's own user, empty when it names none.
    pub user: &'a str,
    /// The provider.
    pub provider: &'a str,
    /// The model as the provider names it.
    pub model: &'a str,
}

/// Names the turns of a conversation, from its beginning.
#[derive(Clone)]
pub struct Naming {
    /// Whose it is, and what stands before the conversation.
    base: Hmac<Sha256>,
    /// The same with what was said since the caller's last own words.
    so_far: Hmac<Sha256>,
}

impl Naming {
    pub(super) fn new(mut base: Hmac<Sha256>, whose: &Whose<'_>) -> Self {
        for part in [whose.organization, whose.project, whose.user, whose.provider, whose.model] {
            add(&mut base, part);
        }
        Self { so_far: base.clone(), base }
    }

    /// Adds what stands before the conversation.
    pub fn system(&mut self, text: &str) {
        add(&mut self.base, text);
        self.so_far = self.base.clone();
    }

    /// The caller says something of its own: what was said before is no part of the names that follow.
    pub fn words<'a>(&mut self, texts: impl Iterator<Item = &'a str>) {
        self.so_far = self.base.clone();
        texts.for_each(|text| add(&mut self.so_far, text));
    }

    /// The name of the turn that makes these calls, each an id and arguments. Arguments that say the same
    /// are the same, however they are written.
    pub fn turn<'a>(&mut self, calls: impl Iterator<Item = (&'a str, &'a str)>) -> Name {
        for (id, arguments) in calls {
            add(&mut self.so_far, id);
            add(&mut self.so_far, &plain(arguments));
        }
        // The end of a turn: what two turns call is not what one turn calls.
        add(&mut self.so_far, "");
        Name(self.so_far.clone().finalize().into_bytes().into())
    }
}

/// Adds a text and its length, so that no two rows of texts are one.
fn add(mac: &mut Hmac<Sha256>, text: &str) {
    mac.update(&(text.len() as u64).to_le_bytes());
    mac.update(text.as_bytes());
}

/// Arguments without what clients change when they read and write them: spaces, escapes, the order of
/// members, `1.0` for `1`.
fn plain(arguments: &str) -> String {
    match serde_json::from_str::<Value>(if arguments.is_empty() { "{}" } else { arguments }) {
        Ok(value) => sorted(&value),
        Err(_) => arguments.to_owned(),
    }
}

fn sorted(value: &Value) -> String {
    match value {
        Value::Number(number) => {
            number.as_f64().map_or_else(|| number.to_string(), |number| format!("{number}"))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members = members.into_iter().map(|(name, value)| format!("{name:?}:{}", sorted(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::KeyInit;

    const WHOSE: Whose<'_> =
        Whose { organization: "org_a", project: "proj_a", user: "", provider: "deepseek", model: "m" };

    fn naming(whose: &Whose<'_>) -> Naming {
        let mut naming = Naming::new(Hmac::new_from_slice(&[7; 32]).unwrap(), whose);
        naming.system("Be brief.");
        naming.words(["hi"].into_iter());
        naming
    }

    fn name(whose: &Whose<'_>, calls: &[(&str, &str)]) -> Name {
        naming(whose).turn(calls.iter().copied())
    }

    #[test]
    fn arguments_that_say_the_same_are_the_same() {
        let first = name(&WHOSE, &[("c", r#"{"a":1,"b":["\u00e9",{"y":null,"x":2.50}]}"#)]);
        let again = [r#"{ "b": ["é", {"x": 2.5, "y": null}], "a": 1.0 }"#];
        again.iter().for_each(|arguments| assert!(first == name(&WHOSE, &[("c", arguments)]), "{arguments}"));
        let others = [r#"{"a":2,"b":["é",{"x":2.5,"y":null}]}"#, r#"{"a":1}"#, "", "{", r#"{"a":[1,2]}"#];
        others
            .iter()
            .for_each(|arguments| assert!(first != name(&WHOSE, &[("c", arguments)]), "{arguments}"));
        assert!(name(&WHOSE, &[("c", "")]) == name(&WHOSE, &[("c", "{}")]));
    }

    #[test]
    fn every_part_of_whose_it_is_counts() {
        let call = [("functions.f:0", "{}")];
        let ours = name(&WHOSE, &call);
        for other in [
            Whose { organization: "org_b", ..WHOSE },
            Whose { project: "proj_b", ..WHOSE },
            Whose { user: "u", ..WHOSE },
            Whose { provider: "kimi", ..WHOSE },
            Whose { model: "m2", ..WHOSE },
            Whose { organization: "org_ap", project: "roj_a", ..WHOSE },
        ] {
            assert!(ours != name(&other, &call), "{other:?}");
        }
    }

    #[test]
    fn what_stood_before_a_turn_counts_back_to_the_callers_own_words() {
        let call = || [("functions.f:0", "{}")].into_iter();
        let first = naming(&WHOSE).turn(call());
        let mut later = naming(&WHOSE);
        later.turn(call());
        assert!(later.clone().turn(call()) != first, "the second turn of a loop");
        later.words(["hi"].into_iter());
        assert!(later.turn(call()) == first, "what was said before the words");
        let mut other = naming(&WHOSE);
        other.words(["bye"].into_iter());
        assert!(other.turn(call()) != first, "other words");
        let mut other = naming(&WHOSE);
        other.system("Alice asks.");
        other.words(["hi"].into_iter());
        assert!(other.turn(call()) != first, "another system message");
    }
}
