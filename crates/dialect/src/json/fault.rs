//! What is wrong with a text.

/// What is wrong with a text that is not JSON. Small, because every step may return one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonError {
    at: u32,
    what: What,
}

/// What was expected or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    NoValue,
    End,
    More,
    NoObject,
    NoArray,
    NoText,
    NoKey,
    NoColon,
    NoDigit,
    ObjectGoesOn,
    ArrayGoesOn,
    NestingGoesOn,
    TooDeep,
    BadEscape,
    ControlCharacter,
    Unterminated,
}

impl JsonError {
    #[cold]
    pub(super) fn new(at: usize, what: What) -> Self {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        Self { at, what }
    }

    /// Byte offset at which it was noticed; that of the last byte counted in 32 bits beyond it.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at as usize
    }

    /// What was expected or refused there.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match self.what {
            What::NoValue => "expected a value",
            What::End => "unexpected end",
            What::More => "unexpected text after the value",
            What::NoObject => "expected an object",
            What::NoArray => "expected an array",
            What::NoText => "expected a string",
            What::NoKey => "expected a key in quotes",
            What::NoColon => "expected `:`",
            What::NoDigit => "expected a digit",
            What::ObjectGoesOn => "expected `,` or `}`",
            What::ArrayGoesOn => "expected `,` or `]`",
            What::NestingGoesOn => "expected `,` or a closing bracket",
            What::TooDeep => "nested too deeply",
            What::BadEscape => "a bad escape in a string",
            What::ControlCharacter => "a control character in a string",
            What::Unterminated => "unterminated string",
        }
    }
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.what(), self.at)
    }
}

impl std::error::Error for JsonError {}
