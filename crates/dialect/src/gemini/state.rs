//! State in `thoughtSignature`. That is bytes, told in base64: clients decode it and encode it anew, in
//! either alphabet, so what of others is put there is encoded as a whole.

use super::HOME;
use crate::hub::request::State;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_PAD_INDIFFERENT};
use std::borrow::Cow;

/// How the mark of a carried state begins in base64.
const MARK: &str = "a3cxL";

/// What stands for the signature of a call that has none, where one is demanded:
/// `skip_thought_signature_validator`.
pub(super) const SKIPPED: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

/// State of `origin` as a client of this dialect can carry it.
pub(super) fn carried(origin: &str, data: &str) -> String {
    STANDARD.encode(State::wrapped(origin, data))
}

/// Reads what a client has carried, or a signature of this dialect's own; `None` when it says nothing.
pub(super) fn read(text: Cow<'_, str>) -> Option<State<'_>> {
    if text.is_empty() || *text == *SKIPPED {
        return None;
    }
    if text.starts_with(MARK) {
        let standard = text.replace('-', "+").replace('_', "/");
        let plain =
            STANDARD_PAD_INDIFFERENT.decode(standard).ok().and_then(|plain| String::from_utf8(plain).ok());
        if let Some(plain) = plain {
            return Some(State::unwrapped(Cow::Owned(plain), HOME.name()));
        }
    }
    Some(State::unwrapped(text, HOME.name()))
}
