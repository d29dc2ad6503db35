use super::*;
use crate::access::chain::Bounded;
use crate::access::endpoints;
use crate::access::grant::Bounds;
use crate::store::keys::{KeyRow, Verifiable};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;
use std::net::IpAddr;

const SCOPES: [&str; 4] = ["create:chat_completions", "create:embeddings", "read:models", "create:images"];
const MODELS: [&str; 6] = ["mine/small", "mine/*", "small", "*", "other/big", "oth*"];
const NETWORKS: [&str; 6] =
    ["10.0.0.0/8", "10.1.0.0/16", "::ffff:10.0.0.0/104", "2001:db8::/32", "0.0.0.0/0", "::/0"];
const ADDRESSES: [&str; 5] = ["10.0.0.1", "10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.7"];
const ASKED_MODELS: [&str; 4] = ["mine/small", "mine/large", "other/big", "sandbox/echo"];
const PATHS: [&str; 2] = ["/v1/chat/completions", "/v1/models/{*id}"];
const NOW_MS: i64 = 1_700_000_000_000;

fn some<T: Clone + std::fmt::Debug + 'static>(of: &'static [T]) -> impl Strategy<Value = Option<Vec<T>>> {
    proptest::option::of(subsequence(of, 0..=of.len()))
}

/// A key's grant, bound in every way there is.
fn parent() -> impl Strategy<Value = (Vec<&'static str>, KeyRow)> {
    let texts = |list: Option<Vec<&'static str>>| list.map(|list| json!(list).to_string());
    let ends = proptest::option::of(NOW_MS..NOW_MS + 2_000_000);
    let paths = some(&["/v1/chat/completions", "/v1/models"]);
    (subsequence(&SCOPES[..], 0..=4), some(&MODELS), some(&NETWORKS), paths, ends).prop_map(
        move |(scopes, models, networks, paths, expires_ms)| {
            let row = KeyRow {
                id: "key_1".into(),
                kind: "project".into(),
                mode: "live".into(),
                status: "active".into(),
                project_id: Some("proj_1".into()),
                models: texts(models),
                ip_allowlist: texts(networks),
                endpoints: texts(paths),
                expires_ms,
                ..KeyRow::default()
            };
            (scopes, row)
        },
    )
}

fn grant((scopes, row): &(Vec<&'static str>, KeyRow)) -> Grant {
    let bounded = Bounded {
        scopes: Scopes::parse(scopes, false).unwrap(),
        expires_ms: row.expires_ms,
        ..Bounded::default()
    };
    let found = Verifiable {
        key: row.clone(),
        digest: String::new(),
        secret_expires_ms: None,
        archived: false,
        org_ip_allowlist: None,
        project_ip_allowlist: None,
        model_mode: None,
        model_ids: None,
    };
    Grant::from_row(found, bounded, Bounds::default(), NOW_MS).unwrap()
}

fn asked() -> impl Strategy<Value = Narrowed> {
    let own =
        |list: Option<Vec<&'static str>>| list.map(|list| list.into_iter().map(str::to_owned).collect());
    (some(&SCOPES), some(&MODELS), proptest::option::of(select(&NETWORKS[..]))).prop_map(
        move |(scopes, models, ip)| Narrowed {
            scopes: own(scopes),
            models: own(models),
            ip: ip.map(str::to_owned),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_token_is_never_wider_than_its_key(of in parent(), asked in asked(), life_ms in 1..900_000i64) {
        let key = grant(&of);
        let mut token = grant(&of);
        asked.apply(&mut token, NOW_MS + life_ms).unwrap();
        prop_assert!(key.scopes.covers(token.scopes));
        for model in ASKED_MODELS {
            prop_assert!(!token.models.allow(model) || key.models.allow(model), "{}", model);
        }
        for address in ADDRESSES {
            let address: IpAddr = address.parse().unwrap();
            prop_assert!(!token.networks.allow(address) || key.networks.allow(address), "{}", address);
        }
        for path in PATHS {
            let allow = |grant: &Grant| endpoints::allow(grant.endpoints.as_deref(), path);
            prop_assert!(!allow(&token) || allow(&key), "{}", path);
        }
        for now_ms in [NOW_MS, NOW_MS + life_ms - 1, NOW_MS + life_ms, NOW_MS + 1_000_000] {
            prop_assert!(token.refusal(now_ms).is_some() || key.refusal(now_ms).is_none());
            prop_assert!(now_ms < NOW_MS + life_ms || token.refusal(now_ms).is_some(), "it outlives its time");
        }
        prop_assert_eq!((&token.key, &token.org, &token.project), (&key.key, &key.org, &key.project));
        // What is asked for and held is got.
        if asked.check(&key).is_ok() && let Some(names) = &asked.scopes {
            prop_assert_eq!(token.scopes, Scopes::parse(names, false).unwrap());
        }
    }

    #[test]
    fn more_than_the_key_holds_is_refused(of in parent(), asked in asked()) {
        let key = grant(&of);
        let more = asked.scopes.as_ref().is_some_and(|names| {
            !key.scopes.covers(Scopes::parse(names, false).unwrap())
        });
        let refusal = asked.check(&key).err();
        prop_assert_eq!(refusal.map(|refusal| refusal.code), more.then_some(Code::MissingScope));
    }
}

#[test]
fn what_is_no_bound_is_refused_by_name() {
    let key = grant(&(SCOPES.to_vec(), parent_row()));
    let list = |text: &str| Some(vec![text.to_owned()]);
    let table = [
        (Narrowed { scopes: list("read:keys"), ..Narrowed::default() }, "scopes"),
        (Narrowed { scopes: list("everything"), ..Narrowed::default() }, "scopes"),
        (Narrowed { models: list(""), ..Narrowed::default() }, "models"),
        (Narrowed { ip: Some("10.0.0.1/8".into()), ..Narrowed::default() }, "ip"),
        (Narrowed { ip: Some(String::new()), ..Narrowed::default() }, "ip"),
    ];
    for (asked, param) in table {
        let refusal = asked.check(&key).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.param.as_deref()),
            (Code::InvalidRequest, Some(param)),
            "{asked:?}"
        );
    }
    for seconds in [None, Some(0), Some(901), Some(u64::MAX)] {
        assert_eq!(check_life(seconds).unwrap_err().param.as_deref(), Some("expires_in_seconds"));
    }
    assert_eq!(check_life(Some(900)).unwrap(), 900);
}

fn parent_row() -> KeyRow {
    KeyRow { kind: "project".into(), mode: "live".into(), status: "active".into(), ..KeyRow::default() }
}
