//! Scopes: what a key may do, as names outside and as bits inside.

/// One permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope(u8);

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u64);

macro_rules! scopes {
    ($( $name:ident = $text:literal, $plane:ident; )*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Index { $( $name, )* }

        impl Scope {
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $name: Self = Self(Index::$name as u8);
            )*
        }

        /// Name and plane of every scope, by number.
        const TABLE: &[(&str, Plane)] = &[$( ($text, Plane::$plane), )*];
    };
}

/// Which keys can hold a scope.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plane {
    /// Project keys: ordinary inference, held when nothing is said.
    Ordinary,
    /// Project keys: held only when said.
    Special,
    /// Admin keys.
    Admin,
}

scopes! {
    CHAT = "create:chat_completions", Ordinary;
    COMPLETIONS = "create:completions", Ordinary;
    EMBEDDINGS = "create:embeddings", Ordinary;
    READ_MODELS = "read:models", Ordinary;
    RERANK = "create:rerank", Special;
    MODERATIONS = "create:moderations", Special;
    IMAGES = "create:images", Special;
    AUDIO = "create:audio", Special;
    READ_KEYS = "read:keys", Admin;
    CREATE_KEYS = "create:keys", Admin;
    UPDATE_KEYS = "update:keys", Admin;
    DELETE_KEYS = "delete:keys", Admin;
    READ_PROJECTS = "read:projects", Admin;
    READ_USAGE = "read:usage", Admin;
    READ_METRICS = "read:metrics", Admin;
    READ_SETTINGS = "read:settings", Admin;
    UPDATE_PROJECTS = "update:projects", Admin;
    UPDATE_SETTINGS = "update:settings", Admin;
}

impl Scope {
    /// The name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        TABLE[usize::from(self.0)].0
    }
}

impl Scopes {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// What a project key holds when nothing is said: ordinary inference.
    #[must_use]
    pub fn ordinary() -> Self {
        Self::of_plane(&[Plane::Ordinary])
    }

    /// What an admin key holds when nothing is said: all of administration.
    #[must_use]
    pub fn administration() -> Self {
        Self::of_plane(&[Plane::Admin])
    }

    fn of_plane(planes: &[Plane]) -> Self {
        let chosen = TABLE.iter().enumerate().filter(|(_, (_, plane))| planes.contains(plane));
        Self(chosen.fold(0, |set, (index, _)| set | (1 << index)))
    }

    /// Whether it holds a scope.
    #[must_use]
    pub fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope.0) != 0
    }

    /// Whether everything in `other` is in this.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Names, in table order.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let held = TABLE.iter().enumerate().filter(|(index, _)| self.0 & (1 << index) != 0);
        held.map(|(_, (name, _))| *name).collect()
    }

    /// Reads names for a project key (`admin` false) or an admin key.
    ///
    /// # Errors
    /// The first name that is not a scope of that kind of key.
    pub fn parse<S: AsRef<str>>(names: &[S], admin: bool) -> Result<Self, String> {
        let mut set = 0;
        for name in names {
            let index = TABLE
                .iter()
                .position(|(known, plane)| *known == name.as_ref() && (*plane == Plane::Admin) == admin)
                .ok_or_else(|| name.as_ref().to_owned())?;
            set |= 1 << index;
        }
        Ok(Self(set))
    }

    /// Names that [`Scopes::parse`] takes, for messages.
    #[must_use]
    pub fn known(admin: bool) -> String {
        let all =
            if admin { Self::administration() } else { Self::of_plane(&[Plane::Ordinary, Plane::Special]) };
        all.names().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_planes_do_not_mix() {
        for admin in [false, true] {
            let all = Scopes::known(admin);
            let names: Vec<&str> = all.split(", ").collect();
            let set = Scopes::parse(&names, admin).unwrap();
            assert_eq!(set.names(), names);
            assert_eq!(Scopes::parse(&names, !admin).unwrap_err(), names[0]);
        }
        assert!(Scopes::ordinary().has(Scope::CHAT));
        assert!(!Scopes::ordinary().has(Scope::IMAGES));
        assert!(!Scopes::ordinary().has(Scope::READ_KEYS));
        assert!(Scopes::administration().has(Scope::DELETE_KEYS));
        assert!(TABLE.len() <= 64);
    }
}
