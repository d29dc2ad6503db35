//! What a tier may leave out besides models: kinds of input and output.

/// Something a request may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Pictures in the prompt.
    ImageInput,
    /// Sound in the prompt.
    AudioInput,
    /// Files in the prompt.
    FileInput,
    /// Sound in the answer.
    AudioOutput,
    /// Tools that the model may call.
    Tools,
}

/// A set of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities(u8);

impl Capability {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::ImageInput, Self::AudioInput, Self::FileInput, Self::AudioOutput, Self::Tools];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ImageInput => "image_input",
            Self::AudioInput => "audio_input",
            Self::FileInput => "file_input",
            Self::AudioOutput => "audio_output",
            Self::Tools => "tools",
        }
    }

    /// The one of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl Capabilities {
    /// Every one.
    pub const EVERY: Self = Self((1 << Capability::ALL.len()) - 1);

    /// The set of some names.
    ///
    /// # Errors
    /// The first that is none.
    pub fn named<S: AsRef<str>>(names: &[S]) -> Result<Self, String> {
        let named = |name: &S| Capability::named(name.as_ref()).ok_or_else(|| name.as_ref().to_owned());
        names.iter().map(named).collect()
    }

    /// Whether one is in it.
    #[must_use]
    pub fn has(self, one: Capability) -> bool {
        self.0 & (1 << one as u8) != 0
    }

    /// Those of this set that are not in another.
    pub fn lacking(self, held: Self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |one| self.has(*one) && !held.has(*one))
    }

    /// Whether every one is in it.
    #[must_use]
    pub fn is_every(self) -> bool {
        self == Self::EVERY
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(all: I) -> Self {
        Self(all.into_iter().fold(0, |set, one| set | 1 << one as u8))
    }
}
