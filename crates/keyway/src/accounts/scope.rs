//! The one table of permissions: names outside, bits inside. A key's scopes, a role's permissions
//! and what a route asks for are all taken from it.

/// One permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope(u8);

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u64);

/// Calls models: what project keys hold. The first [`ORDINARY`] of them when nothing is said.
pub const INFERENCE: [&str; 8] = [
    "create:chat_completions",
    "create:completions",
    "create:embeddings",
    "read:models",
    "create:rerank",
    "create:moderations",
    "create:images",
    "create:audio",
];
const ORDINARY: usize = 4;

/// What is done to a resource; the last one is all of them.
const VERBS: [&str; 5] = ["read", "create", "update", "delete", "manage"];
const MANAGE: u8 = 4;

macro_rules! resources {
    ($( $name:ident = $text:literal; )*) => {
        /// What administration is about.
        #[derive(Clone, Copy)]
        enum Resource { $( $name, )* }

        /// Names of every scope, by number.
        const NAMES: &[&str] = &[
            INFERENCE[0], INFERENCE[1], INFERENCE[2], INFERENCE[3],
            INFERENCE[4], INFERENCE[5], INFERENCE[6], INFERENCE[7],
            $( concat!("read:", $text), concat!("create:", $text), concat!("update:", $text),
               concat!("delete:", $text), concat!("manage:", $text), )*
            "read:requests",
        ];
        const RESOURCES: &[&str] = &[$( $text, )*];
    };
}

resources! {
    Keys = "keys";
    Projects = "projects";
    Members = "members";
    Providers = "providers";
    Budgets = "budgets";
    Billing = "billing";
    Usage = "usage";
    AuditLogs = "audit_logs";
    Settings = "settings";
    Metrics = "metrics";
}

const fn on(resource: Resource, verb: u8) -> Scope {
    Scope(INFERENCE.len() as u8 + resource as u8 * VERBS.len() as u8 + verb)
}

macro_rules! named {
    ($( $resource:ident: $read:ident $create:ident $update:ident $delete:ident $manage:ident; )*) => { $(
        #[doc = concat!("`read:` of ", stringify!($resource))]
        pub const $read: Self = on(Resource::$resource, 0);
        #[doc = concat!("`create:` of ", stringify!($resource))]
        pub const $create: Self = on(Resource::$resource, 1);
        #[doc = concat!("`update:` of ", stringify!($resource))]
        pub const $update: Self = on(Resource::$resource, 2);
        #[doc = concat!("`delete:` of ", stringify!($resource))]
        pub const $delete: Self = on(Resource::$resource, 3);
        #[doc = concat!("`manage:` of ", stringify!($resource), ": all of them")]
        pub const $manage: Self = on(Resource::$resource, MANAGE);
    )* };
}

impl Scope {
    /// `create:chat_completions`
    pub const CHAT: Self = Self(0);
    /// `create:completions`
    pub const COMPLETIONS: Self = Self(1);
    /// `create:embeddings`
    pub const EMBEDDINGS: Self = Self(2);
    /// `create:rerank`
    pub const RERANK: Self = Self(4);
    /// `create:moderations`
    pub const MODERATIONS: Self = Self(5);
    /// `create:images`
    pub const IMAGES: Self = Self(6);
    /// `create:audio`
    pub const AUDIO: Self = Self(7);
    /// `read:models`
    pub const READ_MODELS: Self = Self(3);
    named! {
        Keys: READ_KEYS CREATE_KEYS UPDATE_KEYS DELETE_KEYS MANAGE_KEYS;
        Projects: READ_PROJECTS CREATE_PROJECTS UPDATE_PROJECTS DELETE_PROJECTS MANAGE_PROJECTS;
        Members: READ_MEMBERS CREATE_MEMBERS UPDATE_MEMBERS DELETE_MEMBERS MANAGE_MEMBERS;
        Providers: READ_PROVIDERS CREATE_PROVIDERS UPDATE_PROVIDERS DELETE_PROVIDERS MANAGE_PROVIDERS;
        Budgets: READ_BUDGETS CREATE_BUDGETS UPDATE_BUDGETS DELETE_BUDGETS MANAGE_BUDGETS;
        Billing: READ_BILLING CREATE_BILLING UPDATE_BILLING DELETE_BILLING MANAGE_BILLING;
        Usage: READ_USAGE CREATE_USAGE UPDATE_USAGE DELETE_USAGE MANAGE_USAGE;
        AuditLogs: READ_AUDIT_LOGS CREATE_AUDIT_LOGS UPDATE_AUDIT_LOGS DELETE_AUDIT_LOGS MANAGE_AUDIT_LOGS;
        Settings: READ_SETTINGS CREATE_SETTINGS UPDATE_SETTINGS DELETE_SETTINGS MANAGE_SETTINGS;
        Metrics: READ_METRICS CREATE_METRICS UPDATE_METRICS DELETE_METRICS MANAGE_METRICS;
    }
    /// `read:requests`: the log of single requests. `read:usage` of a key brings it along; who only
    /// looks after the money sees sums without it.
    pub const READ_REQUESTS: Self = Self(NAMES.len() as u8 - 1);

    /// The name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// The number of a name, whatever plane it is of.
    pub(super) fn named(name: &str) -> Option<Self> {
        let at = NAMES.iter().position(|known| *known == name)?;
        u8::try_from(at).ok().map(Self)
    }

    fn is_inference(self) -> bool {
        usize::from(self.0) < INFERENCE.len()
    }

    /// What the name brings along: `manage:` every verb, `read:usage` the requests behind it.
    const fn whole(self) -> Scopes {
        let first = INFERENCE.len() as u8;
        let verbs = VERBS.len() as u8;
        let mut set = 1 << self.0;
        if self.0 >= first && self.0 < Self::READ_REQUESTS.0 && (self.0 - first) % verbs == MANAGE {
            set |= 0b1111 << (self.0 - MANAGE);
        }
        if set & (1 << Self::READ_USAGE.0) != 0 {
            set |= 1 << Self::READ_REQUESTS.0;
        }
        Scopes(set)
    }
}

impl Scopes {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything a project key can hold.
    pub const INFERENCE: Self = Self((1 << INFERENCE.len()) - 1);

    /// Everything that only looks: what a read-only key can hold.
    pub const READS: Self = reads();

    /// What a project key holds when nothing is said: ordinary inference.
    #[must_use]
    pub const fn ordinary() -> Self {
        Self((1 << ORDINARY) - 1)
    }

    /// What an admin key holds when nothing is said: all of administration.
    #[must_use]
    pub const fn administration() -> Self {
        Self(((1 << NAMES.len()) - 1) & !Self::INFERENCE.0)
    }

    /// These, and what their names bring along.
    #[must_use]
    pub const fn of(scopes: &[Scope]) -> Self {
        let mut set = 0;
        let mut at = 0;
        while at < scopes.len() {
            set |= scopes[at].whole().0;
            at += 1;
        }
        Self(set)
    }

    /// Exactly one, without what its name brings along.
    #[must_use]
    pub const fn only(scope: Scope) -> Self {
        Self(1 << scope.0)
    }

    /// Whether it holds a scope.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope.0) != 0
    }

    /// Whether everything in `other` is in this.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Names, in table order; what another name of the set brings along is left out.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let held = || (0..NAMES.len() as u8).map(Scope).filter(|scope| self.has(*scope));
        let brought = |scope: Scope| {
            held().any(|other| other != scope && other.whole().has(scope) && self.covers(other.whole()))
        };
        held().filter(|scope| !brought(*scope)).map(Scope::name).collect()
    }

    /// Reads names for a project key (`admin` false) or an admin key.
    ///
    /// # Errors
    /// The first name that is not a scope of that kind of key.
    pub fn parse<S: AsRef<str>>(names: &[S], admin: bool) -> Result<Self, String> {
        Self::read(names, |scope| scope.is_inference() != admin)
    }

    /// Reads names for a role, which may hold both kinds.
    ///
    /// # Errors
    /// The first name that is no scope.
    pub fn parse_any<S: AsRef<str>>(names: &[S]) -> Result<Self, String> {
        Self::read(names, |_| true)
    }

    fn read<S: AsRef<str>>(names: &[S], fits: impl Fn(Scope) -> bool) -> Result<Self, String> {
        let mut set = Self::NONE;
        for name in names {
            let scope = Scope::named(name.as_ref()).filter(|scope| fits(*scope));
            set = set.or(scope.ok_or_else(|| name.as_ref().to_owned())?.whole());
        }
        Ok(set)
    }

    /// What [`Scopes::parse`] takes, for messages.
    #[must_use]
    pub fn known(admin: bool) -> String {
        if admin {
            let verbs: Vec<String> = VERBS.iter().map(|verb| format!("{verb}:")).collect();
            format!("{} with {}", verbs.join(" "), RESOURCES.join(" "))
        } else {
            INFERENCE.join(", ")
        }
    }
}

const fn reads() -> Scopes {
    let mut set = 0;
    let mut at = 0;
    while at < NAMES.len() {
        if matches!(NAMES[at].as_bytes(), [b'r', b'e', b'a', b'd', b':', ..]) {
            set |= 1 << at;
        }
        at += 1;
    }
    Scopes(set)
}

#[cfg(test)]
#[path = "scope_tests.rs"]
mod tests;
