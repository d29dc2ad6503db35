//! The predefined roles, as the contract's table has them. Custom roles are lists of permissions.

use super::rights::Held;
use super::scope::{Scope, Scopes};

/// Where a role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// In the organisation.
    Organization,
    /// In one project.
    Project,
}

/// A predefined role.
#[derive(Debug)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Where it is held.
    pub level: Level,
    /// What it gives: everywhere in the organisation, or in the project it is held in.
    pub held: Held,
    /// What a role of the organisation gives in the projects one is a `member` of.
    pub in_own_projects: Held,
}

const fn all(scopes: &[Scope]) -> Held {
    Held { all: Scopes::of(scopes), own: Scopes::NONE }
}

const OWN_KEYS: Scopes = Scopes::of(&[Scope::CREATE_KEYS, Scope::UPDATE_KEYS, Scope::DELETE_KEYS]);

/// What an owner does in the whole organisation.
const OWNER: Scopes = Scopes::of(&[
    Scope::MANAGE_KEYS,
    Scope::MANAGE_PROJECTS,
    Scope::MANAGE_MEMBERS,
    Scope::MANAGE_PROVIDERS,
    Scope::MANAGE_BUDGETS,
    Scope::MANAGE_BILLING,
    Scope::MANAGE_USAGE,
    Scope::MANAGE_AUDIT_LOGS,
    Scope::MANAGE_SETTINGS,
])
.or(Scopes::INFERENCE);

/// An admin sees the money and does not move it.
const ADMIN: Scopes =
    OWNER.without(Scopes::of(&[Scope::MANAGE_BILLING])).or(Scopes::of(&[Scope::READ_BILLING]));

/// What a developer may in projects of their own.
const DEVELOPER_THERE: Held = Held {
    all: Scopes::of(&[Scope::READ_PROJECTS, Scope::READ_BUDGETS, Scope::READ_KEYS, Scope::READ_USAGE])
        .or(Scopes::INFERENCE),
    own: OWN_KEYS,
};

const VIEWER_THERE: Held =
    all(&[Scope::READ_PROJECTS, Scope::READ_BUDGETS, Scope::READ_KEYS, Scope::READ_USAGE]);

/// What the owner of a project may in it.
const PROJECT_OWNER: Held = Held {
    all: Scopes::of(&[
        Scope::MANAGE_KEYS,
        Scope::READ_PROJECTS,
        Scope::UPDATE_PROJECTS,
        Scope::MANAGE_MEMBERS,
        Scope::MANAGE_BUDGETS,
        Scope::READ_USAGE,
    ])
    .or(Scopes::INFERENCE),
    own: Scopes::NONE,
};

/// The roles. The operator is above organisations and no role of one.
pub static PREDEFINED: &[Role] = &[
    Role {
        name: "owner",
        description: "Everything in the organisation.",
        level: Level::Organization,
        held: Held { all: OWNER, own: Scopes::NONE },
        in_own_projects: Held::NONE,
    },
    Role {
        name: "admin",
        description: "Everything in the organisation but its money.",
        level: Level::Organization,
        held: Held { all: ADMIN, own: Scopes::NONE },
        in_own_projects: Held::NONE,
    },
    Role {
        name: "developer",
        description: "Uses models and has keys in the projects they are a member of.",
        level: Level::Organization,
        held: Held { all: Scopes::of(&[Scope::READ_MEMBERS]), own: Scopes::of(&[Scope::READ_AUDIT_LOGS]) },
        in_own_projects: DEVELOPER_THERE,
    },
    Role {
        name: "billing",
        description: "Manages credit, invoices and spend limits; sees usage and cost.",
        level: Level::Organization,
        held: Held {
            all: Scopes::of(&[Scope::MANAGE_BILLING, Scope::READ_PROJECTS, Scope::READ_BUDGETS])
                .or(Scopes::only(Scope::READ_USAGE)),
            own: Scopes::NONE,
        },
        in_own_projects: Held::NONE,
    },
    Role {
        name: "auditor",
        description: "Sees everything and changes nothing.",
        level: Level::Organization,
        held: all(&[
            Scope::READ_MEMBERS,
            Scope::READ_PROJECTS,
            Scope::READ_BUDGETS,
            Scope::READ_KEYS,
            Scope::READ_USAGE,
            Scope::READ_BILLING,
            Scope::READ_AUDIT_LOGS,
        ]),
        in_own_projects: Held::NONE,
    },
    Role {
        name: "viewer",
        description: "Sees the projects they are a member of.",
        level: Level::Organization,
        held: Held::NONE,
        in_own_projects: VIEWER_THERE,
    },
    Role {
        name: "owner",
        description: "Manages the project, its members and its keys.",
        level: Level::Project,
        held: PROJECT_OWNER,
        in_own_projects: Held::NONE,
    },
    // What a member may in the project is what the role in the organisation gives in own projects.
    Role {
        name: "member",
        description: "Does in the project what the role in the organisation says.",
        level: Level::Project,
        held: Held::NONE,
        in_own_projects: Held::NONE,
    },
    Role {
        name: "viewer",
        description: "Sees the project.",
        level: Level::Project,
        held: VIEWER_THERE,
        in_own_projects: Held::NONE,
    },
];

/// What a service account may in its project, by its role there.
pub const SERVICE_ACCOUNT_ROLES: [&str; 2] = ["owner", "member"];

impl Role {
    /// A predefined role by name.
    #[must_use]
    pub fn named(level: Level, name: &str) -> Option<&'static Self> {
        PREDEFINED.iter().find(|role| role.level == level && role.name == name)
    }

    /// Its id: `role_` and what no custom role's id is.
    #[must_use]
    pub fn id(&self) -> String {
        match self.level {
            Level::Organization => format!("role_{}", self.name),
            Level::Project => format!("role_project_{}", self.name),
        }
    }

    /// Every permission it gives anywhere.
    #[must_use]
    pub fn permissions(&self) -> Scopes {
        let there = self.held.or(self.in_own_projects);
        there.all.or(there.own)
    }
}

/// Names of the predefined roles of a level, for messages.
#[must_use]
pub fn names(level: Level) -> Vec<&'static str> {
    PREDEFINED.iter().filter(|role| role.level == level).map(|role| role.name).collect()
}
