//! What a request used, in disjoint classes: the parts never overlap, so a bill is a plain sum.

/// How many billing classes there are.
pub const USAGE_CLASSES: usize = 10;

/// Tokens of one request by billing class, and what is billed by the piece. No token is in two classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Prompt tokens that were neither read from nor written to a cache (text and anything not named below).
    pub in_uncached: u64,
    /// Prompt tokens read from the provider's cache.
    pub cache_read: u64,
    /// Prompt tokens written to the provider's cache for five minutes (or the provider's only lifetime).
    pub cache_write_5m: u64,
    /// Prompt tokens written to the provider's cache for an hour.
    pub cache_write_1h: u64,
    /// Audio tokens of the prompt (uncached).
    pub in_audio: u64,
    /// Image tokens of the prompt where the provider bills them apart (uncached).
    pub in_image: u64,
    /// Answer tokens that are not reasoning.
    pub out_text: u64,
    /// Reasoning tokens of the answer.
    pub out_reasoning: u64,
    /// Audio tokens of the answer.
    pub out_audio: u64,
    /// What is counted besides tokens: images made, characters spoken, seconds heard.
    pub units: u64,
}

impl Usage {
    /// Every class in the order of the fields: six of the prompt, three of the answer, then the units.
    #[must_use]
    pub fn by_class(&self) -> [u64; USAGE_CLASSES] {
        [
            self.in_uncached,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_1h,
            self.in_audio,
            self.in_image,
            self.out_text,
            self.out_reasoning,
            self.out_audio,
            self.units,
        ]
    }

    /// The inverse of [`Self::by_class`].
    #[must_use]
    pub fn from_classes(classes: [u64; USAGE_CLASSES]) -> Self {
        let [
            in_uncached,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            in_audio,
            in_image,
            out_text,
            out_reasoning,
            out_audio,
            units,
        ] = classes;
        Self {
            in_uncached,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            in_audio,
            in_image,
            out_text,
            out_reasoning,
            out_audio,
            units,
        }
    }

    /// All prompt tokens, saturating.
    #[must_use]
    pub fn input(&self) -> u64 {
        [
            self.in_uncached,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_1h,
            self.in_audio,
            self.in_image,
        ]
        .iter()
        .fold(0, |sum, part| u64::saturating_add(sum, *part))
    }

    /// All answer tokens, saturating.
    #[must_use]
    pub fn output(&self) -> u64 {
        self.out_text.saturating_add(self.out_reasoning).saturating_add(self.out_audio)
    }
}
