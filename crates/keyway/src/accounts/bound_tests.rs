//! Random installations lived through call by call: no key ever may what who gave it may not, now.
//!
//! The reference answers one question, "may this principal do this to that?", by asking everybody who
//! had a part in it, with the contract's table written out as it stands there.

use super::super::load::{Given, combine};
use super::super::may::{Actor, Subject, may};
use super::super::role::{Level, Role};
use super::*;

/// Sequences of calls, and calls of each.
const SEQUENCES: u64 = 100_000;
const CALLS: usize = 6;
const PROJECTS: [&str; 2] = ["proj_a", "proj_b"];
const USERS: [&str; 3] = ["user_a", "user_b", "user_c"];
const ROLES: [&str; 6] = ["owner", "admin", "developer", "billing", "auditor", "viewer"];
const PROJECT_ROLES: [&str; 3] = ["owner", "member", "viewer"];
const ACTIONS: [&str; 12] = [
    "read:keys",
    "create:keys",
    "delete:keys",
    "read:projects",
    "update:projects",
    "create:members",
    "read:usage",
    "read:requests",
    "manage:billing",
    "read:audit_logs",
    "update:settings",
    "create:chat_completions",
];

/// SplitMix64: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.roll(all.len())]
    }
}

struct User {
    role: Option<&'static str>,
    places: [Option<&'static str>; 2],
}

struct Key {
    scopes: Vec<&'static str>,
    projects: Option<Vec<String>>,
    owner: Option<usize>,
    maker: Option<usize>,
    alive: bool,
}

struct World {
    users: [User; 3],
    keys: Vec<Key>,
}

/// A thing an action is done to: a project, or the organisation; and whose it is.
#[derive(Debug, Clone, Copy)]
struct Thing {
    project: Option<usize>,
    owner: Option<usize>,
}

// ---- the reference ----

/// The contract's table: may a role do something to everybody's things, in a project of its own or not?
fn table(role: &str, action: &str, own_project: bool, own_thing: bool) -> bool {
    let (verb, what) = action.split_once(':').unwrap();
    let see = verb == "read";
    match what {
        "settings" => ["owner", "admin"].contains(&role),
        "members" => ["owner", "admin"].contains(&role) || see && ["developer", "auditor"].contains(&role),
        "projects" => match role {
            "owner" | "admin" => true,
            "billing" | "auditor" => see,
            _ => see && own_project,
        },
        "keys" => match role {
            "owner" | "admin" => true,
            "developer" => own_project && (see || own_thing),
            "auditor" => see,
            "viewer" => see && own_project,
            _ => false,
        },
        "chat_completions" => match role {
            "owner" | "admin" => true,
            "developer" => own_project,
            _ => false,
        },
        "usage" | "requests" => match role {
            "owner" | "admin" | "auditor" => true,
            "billing" => what == "usage",
            _ => own_project,
        },
        "billing" => match role {
            "owner" | "billing" => true,
            "admin" | "auditor" => see,
            _ => false,
        },
        "audit_logs" => match role {
            "owner" | "admin" | "auditor" => true,
            "developer" => own_thing,
            _ => false,
        },
        _ => unreachable!("{what}"),
    }
}

/// A role in a project gives what it says there; a member is what the organisation's role says.
fn in_project(role: &str, action: &str) -> bool {
    let owner = [
        "read:keys",
        "create:keys",
        "delete:keys",
        "read:projects",
        "update:projects",
        "create:members",
        "read:usage",
        "read:requests",
        "create:chat_completions",
    ];
    let viewer = ["read:keys", "read:projects", "read:usage", "read:requests"];
    match role {
        "owner" => owner.contains(&action),
        "viewer" => viewer.contains(&action),
        _ => false,
    }
}

impl World {
    fn user_may(&self, user: usize, action: &str, thing: Thing) -> bool {
        let User { role: Some(role), places } = &self.users[user] else { return false };
        let own_thing = thing.owner == Some(user);
        let place = thing.project.and_then(|project| places[project]);
        table(role, action, place == Some("member"), own_thing)
            || place.is_some_and(|role| in_project(role, action))
    }

    fn key_may(&self, key: usize, action: &str, thing: Thing) -> bool {
        let Key { scopes, projects, owner, maker, alive } = &self.keys[key];
        let written = scopes.contains(&action)
            || (action == "read:requests" && scopes.contains(&"read:usage"))
            || (action == "create:chat_completions" && scopes.contains(&"create:keys"));
        let there = projects.as_ref().is_none_or(|bound| {
            thing.project.is_some_and(|project| bound.iter().any(|id| id == PROJECTS[project]))
        });
        *alive
            && written
            && there
            && owner.is_none_or(|user| self.user_may(user, action, thing))
            && maker.is_none_or(|maker| self.key_may(maker, action, thing))
    }
}

// ---- the product's own functions ----

impl World {
    fn rights_of_user(&self, user: usize) -> Rights {
        let User { role: Some(role), places } = &self.users[user] else { return Rights::none() };
        let given = |level, name| Given::Predefined(Role::named(level, name).unwrap());
        let places: Vec<(String, Given)> = places
            .iter()
            .zip(PROJECTS)
            .filter_map(|(role, id)| Some((id.to_owned(), given(Level::Project, (*role)?))))
            .collect();
        combine(&[given(Level::Organization, role)], &places)
    }

    fn gift<'a>(key: &'a Key, owner: Option<&'a Rights>) -> Gift<'a> {
        Gift {
            scopes: Scopes::parse(&key.scopes, true).unwrap(),
            projects: key.projects.clone(),
            operator: false,
            person: key.owner.map_or("", |user| USERS[user]),
            owner,
        }
    }

    fn actor(&self, key: usize) -> Actor {
        let row = &self.keys[key];
        let owner = row.owner.map(|user| self.rights_of_user(user));
        let maker = row.maker.map(|maker| self.actor(maker));
        let above = maker.as_ref().map(|maker| (&maker.rights, &*maker.person));
        let rights = if row.alive { Self::gift(row, owner.as_ref()).under(above) } else { Rights::none() };
        Actor { id: "".into(), person: row.owner.map_or("", |user| USERS[user]).into(), rights }
    }

    fn decides(&self, key: usize, action: &str, thing: Thing) -> bool {
        let actor = self.actor(key);
        let scope = Scope::named(action).unwrap();
        let subject = match thing {
            Thing { project: None, .. } => Subject::Organization,
            Thing { project: Some(project), owner } => {
                Subject::Owned { project: PROJECTS[project], owner: owner.map_or("", |user| USERS[user]) }
            }
        };
        may(&actor, scope, subject).is_ok()
    }
}

// ---- calls ----

impl World {
    fn new(dice: &mut Dice) -> Self {
        let user = |dice: &mut Dice| User {
            role: (dice.roll(6) > 0).then(|| dice.of(&ROLES)),
            places: [0, 1].map(|_| (dice.roll(2) > 0).then(|| dice.of(&PROJECT_ROLES))),
        };
        let root =
            Key { scopes: ACTIONS[..11].to_vec(), projects: None, owner: None, maker: None, alive: true };
        Self { users: [user(dice), user(dice), user(dice)], keys: vec![root] }
    }

    fn random_key(&self, dice: &mut Dice) -> Key {
        let count = 1 + dice.roll(6);
        let mut scopes: Vec<&'static str> = (0..count).map(|_| ACTIONS[dice.roll(11)]).collect();
        scopes.dedup();
        Key {
            scopes,
            projects: (dice.roll(3) == 0).then(|| vec![dice.of(&PROJECTS).to_owned()]),
            owner: (dice.roll(2) == 0).then(|| dice.roll(3)),
            maker: Some(dice.roll(self.keys.len())),
            alive: true,
        }
    }

    /// A key asks for another one. What it is given when it is made must be what it has then.
    fn grant(&mut self, dice: &mut Dice) {
        let asked = self.random_key(dice);
        let owner = asked.owner.map(|user| self.rights_of_user(user));
        let gift = Self::gift(&asked, owner.as_ref());
        let maker = self.actor(asked.maker.unwrap());
        let makes = may(&maker, Scope::CREATE_KEYS, Subject::Organization).is_ok();
        if !makes {
            return;
        }
        if asked.owner.is_none() {
            let lacking = maker.rights.lacking(gift.scopes, asked.projects.as_deref());
            assert_eq!(lacking.is_empty(), maker.rights.covers(&gift.alone()), "{:?}", asked.scopes);
        }
        if maker.rights.covers(&gift.alone()) {
            self.keys.push(asked);
            let made = self.keys.len() - 1;
            for action in ACTIONS {
                let thing = Thing { project: Some(dice.roll(2)), owner: None };
                assert!(
                    !self.key_may(made, action, thing)
                        || self.key_may(self.keys[made].maker.unwrap(), action, thing),
                    "made with more than its maker has: {action} {thing:?}"
                );
            }
        }
    }

    fn call(&mut self, dice: &mut Dice) {
        match dice.roll(8) {
            0..4 => self.grant(dice),
            4 => self.users[dice.roll(3)].role = (dice.roll(4) > 0).then(|| dice.of(&ROLES)),
            5 | 6 => {
                let (user, project) = (dice.roll(3), dice.roll(2));
                self.users[user].places[project] = (dice.roll(3) > 0).then(|| dice.of(&PROJECT_ROLES));
            }
            _ => {
                let key = dice.roll(self.keys.len());
                self.keys[key].alive = dice.roll(3) > 0;
            }
        }
    }
}

#[test]
fn nobody_ever_holds_or_grants_more_than_who_gave_it_has_now() {
    let (mut allowed, mut refused) = (0_u64, 0_u64);
    for seed in 0..SEQUENCES {
        let mut dice = Dice(seed);
        let mut world = World::new(&mut dice);
        for _ in 0..CALLS {
            world.call(&mut dice);
            let key = dice.roll(world.keys.len());
            let action = dice.of(&ACTIONS);
            let thing = Thing {
                project: (dice.roll(5) > 0).then(|| dice.roll(2)),
                owner: (dice.roll(2) == 0).then(|| dice.roll(3)),
            };
            let (may, should) = (world.decides(key, action, thing), world.key_may(key, action, thing));
            assert!(!may || should, "seed {seed}: key {key} may {action} {thing:?}");
            // Only "own" is ever decided more narrowly: where two persons stand in one line.
            let everybodys = Thing { owner: None, ..thing };
            assert!(
                may || !world.key_may(key, action, everybodys),
                "seed {seed}: key {key} may not {action} {thing:?}"
            );
            if may { allowed += 1 } else { refused += 1 }
        }
    }
    assert!(allowed > SEQUENCES / 4 && refused > SEQUENCES / 4, "{allowed} allowed, {refused} refused");
}

#[test]
fn a_project_key_is_what_its_owner_may_use_while_its_maker_may_make_it() {
    let role = |name| Given::Predefined(Role::named(Level::Organization, name).unwrap());
    let member = Given::Predefined(Role::named(Level::Project, "member").unwrap());
    let developer = combine(&[role("developer")], &[("proj_a".to_owned(), member)]);
    let viewer = combine(&[role("viewer")], &[("proj_a".to_owned(), member)]);
    let given = Scopes::ordinary();
    assert_eq!(scopes_in(given, "proj_a", None, None), Some(given));
    assert_eq!(scopes_in(given, "proj_a", Some(&developer), None), Some(given));
    assert_eq!(scopes_in(given, "proj_a", Some(&viewer), None), Some(Scopes::NONE));
    assert_eq!(scopes_in(given, "proj_b", Some(&developer), None), Some(Scopes::NONE));
    assert_eq!(scopes_in(given, "proj_a", None, Some(&developer)), Some(given));
    assert_eq!(scopes_in(given, "proj_a", None, Some(&viewer)), None);
    assert_eq!(scopes_in(given, "proj_b", None, Some(&developer)), None);
    assert_eq!(scopes_in(given, "proj_a", None, Some(&Rights::none())), None);
}
