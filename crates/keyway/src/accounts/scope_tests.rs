use super::*;

#[test]
fn names_round_trip_and_planes_do_not_mix() {
    assert_eq!(NAMES.len(), INFERENCE.len() + RESOURCES.len() * VERBS.len() + 1);
    assert!(NAMES.len() < 64);
    for (number, name) in NAMES.iter().enumerate() {
        let scope = Scope(number as u8);
        assert_eq!((scope.name(), Scope::named(name)), (*name, Some(scope)));
        let admin = number >= INFERENCE.len();
        let set = Scopes::parse(&[name], admin).unwrap();
        assert!(set.has(scope));
        assert_eq!(Scopes::parse(&set.names(), admin).unwrap(), set);
        assert_eq!(Scopes::parse(&[name], !admin).unwrap_err(), *name);
        assert_eq!(Scopes::parse_any(&[name]).unwrap(), set);
    }
    assert_eq!(Scope::READ_REQUESTS.name(), "read:requests");
    assert_eq!(Scope::DELETE_KEYS.name(), "delete:keys");
    assert_eq!(Scope::MANAGE_BILLING.name(), "manage:billing");
    assert_eq!(Scope::MANAGE_METRICS.name(), "manage:metrics");
    assert_eq!(Scope::READ_MODELS.name(), "read:models");
    assert_eq!(Scope::CHAT.name(), "create:chat_completions");
}

#[test]
fn defaults() {
    assert_eq!(
        Scopes::ordinary().names(),
        ["create:chat_completions", "create:completions", "create:embeddings", "read:models"]
    );
    let all = Scopes::administration();
    assert_eq!(all.names().len(), RESOURCES.len());
    assert!(all.names().iter().all(|name| name.starts_with("manage:")), "{:?}", all.names());
    assert!(all.and(Scopes::INFERENCE).is_empty());
}

#[test]
fn what_a_name_brings_along() {
    let manage = Scopes::of(&[Scope::MANAGE_KEYS]);
    for scope in [Scope::READ_KEYS, Scope::CREATE_KEYS, Scope::UPDATE_KEYS, Scope::DELETE_KEYS] {
        assert!(manage.has(scope), "{}", scope.name());
        assert!(!Scopes::of(&[scope]).has(Scope::MANAGE_KEYS));
    }
    assert!(!manage.has(Scope::READ_PROJECTS));
    assert!(Scopes::of(&[Scope::READ_USAGE]).has(Scope::READ_REQUESTS));
    assert!(!Scopes::only(Scope::READ_USAGE).has(Scope::READ_REQUESTS));
    assert!(Scopes::of(&[Scope::MANAGE_USAGE]).has(Scope::READ_REQUESTS));
    assert_eq!(Scopes::only(Scope::READ_USAGE).names(), ["read:usage"]);
}
