//! Entries to test with: one by hand, and any.

use ledger::spend::ACCOUNTS_PER_REQUEST_MAX;
use ledger::{
    AccountId, AccountKind, AccountRef, Attempt, Entry, NanoUsd, Reserved, Sent, Spend, Usage, UsageOrigin,
    bound,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// An ordinary finished request.
pub fn entry() -> Entry<'static> {
    Entry {
        request: [7; 16],
        started_ms: 1_795_000_000_123,
        org: "org_01jz8w3k5n7p9r1t3v5x7z9b1d",
        project: "proj_01jz8w3k5n7p9r1t3v5x7z9b1d",
        key: "key_01jz8w3k5n7p9r1t3v5x7z9b1d",
        user: "",
        test: false,
        kind: "chat_completions",
        model_asked: "deepseek-flash",
        model_served: "deepseek/deepseek-flash",
        provider: "deepseek",
        labels: vec!["team=search", "run=7"],
        peer: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1],
        client_request: "",
        stream: true,
        attempts: vec![Attempt {
            provider: "deepseek",
            model: "deepseek-flash",
            status: 200,
            ms: 412,
            outcome: "ok",
        }],
        status: 200,
        error: "",
        usage: Usage { in_uncached: 1_200, cache_read: 8_192, out_text: 350, ..Usage::default() },
        usage_origin: UsageOrigin::Reported,
        price_version: "deepseek/deepseek-flash@2026-10-01",
        cost: Some(NanoUsd(414_576)),
        sell: Some(NanoUsd(414_576)),
        spend: Spend::default(),
        latency_ms: 5_120,
        first_token_ms: Some(412),
    }
}

/// The same request, about to be sent.
pub fn sent() -> Sent<'static> {
    let entry = Entry {
        status: 0,
        attempts: vec![],
        usage: Usage::default(),
        usage_origin: UsageOrigin::Nothing,
        cost: None,
        sell: None,
        latency_ms: 0,
        first_token_ms: None,
        ..entry()
    };
    Sent { entry, prompt_bytes: 40_000, reserved: Reserved::default() }
}

/// An account by a number.
pub fn account(number: u8, kind: AccountKind) -> AccountRef {
    let account = AccountId { kind, ulid: [number; 16] };
    AccountRef { account, window_start_ms: 1_793_000_000_000, leased: true }
}

/// The same request under two budgets and a balance, sold at more than its cost.
pub fn charged() -> Entry<'static> {
    let budgets =
        [account(1, AccountKind::Budget), AccountRef { leased: false, ..account(2, AccountKind::Budget) }];
    let balance = AccountRef { window_start_ms: 0, ..account(3, AccountKind::Credit) };
    Entry {
        sell: Some(NanoUsd(500_000)),
        spend: Spend {
            charge: NanoUsd(450_000),
            absorbed: NanoUsd(50_000),
            accounts: [&budgets[..], &[balance]].concat(),
        },
        ..entry()
    }
}

/// The entry that comes back from a journal: cut at the documented bounds.
pub fn bounded<'a>(entry: &Entry<'a>) -> Entry<'a> {
    let id = |text| bound::cut(text, bound::ID_BYTES_MAX);
    let model = |text| bound::cut(text, bound::MODEL_BYTES_MAX);
    let mut kept = entry.clone();
    kept.org = id(kept.org);
    kept.project = id(kept.project);
    kept.key = id(kept.key);
    kept.kind = id(kept.kind);
    kept.provider = id(kept.provider);
    kept.error = id(kept.error);
    kept.user = bound::cut(kept.user, bound::USER_BYTES_MAX);
    kept.model_asked = model(kept.model_asked);
    kept.model_served = model(kept.model_served);
    kept.price_version = bound::cut(kept.price_version, bound::PRICE_VERSION_BYTES_MAX);
    kept.client_request = bound::cut(kept.client_request, bound::CLIENT_REQUEST_BYTES_MAX);
    kept.labels.truncate(bound::LABELS_MAX);
    for label in &mut kept.labels {
        *label = bound::cut(label, bound::LABEL_BYTES_MAX);
    }
    kept.spend.accounts.truncate(ACCOUNTS_PER_REQUEST_MAX);
    kept.sell = kept.cost.and(kept.sell);
    let surplus = kept.attempts.len().saturating_sub(bound::ATTEMPTS_MAX);
    kept.attempts.drain(..surplus);
    for attempt in &mut kept.attempts {
        attempt.provider = id(attempt.provider);
        attempt.model = bound::cut(attempt.model, bound::ATTEMPT_MODEL_BYTES_MAX);
        attempt.outcome = bound::cut(attempt.outcome, bound::OUTCOME_BYTES_MAX);
    }
    kept
}

/// Texts around every bound, with characters of one to four bytes.
pub fn any_text() -> impl Strategy<Value = &'static str> {
    const LONG: &str = concat!(
        "aé漢🦀 of a model, of a label, of whatever a caller may think of sending here: ",
        "aé漢🦀 of a model, of a label, of whatever a caller may think of sending here: ",
        "aé漢🦀 of a model, of a label, of whatever a caller may think of sending here: ",
        "aé漢🦀 of a model, of a label, of whatever a caller may think of sending here: ",
    );
    let part = (0..12_usize, 0..LONG.len()).prop_map(|(from, len)| {
        let from = LONG.floor_char_boundary(from);
        LONG.get(from..LONG.floor_char_boundary(from + len)).unwrap_or("")
    });
    prop_oneof![2 => Just(""), 3 => Just("org_01jz8w3k5n7p9r1t3v5x7z9b1d"), 3 => part]
}

pub fn any_usage() -> impl Strategy<Value = Usage> {
    let tokens = || prop_oneof![Just(0), 0..2_000_000_u64, any::<u64>()];
    let last = (tokens(), tokens(), tokens(), tokens(), tokens());
    ((tokens(), tokens(), tokens(), tokens(), tokens()), last).prop_map(|(a, b)| Usage {
        in_uncached: a.0,
        cache_read: a.1,
        cache_write_5m: a.2,
        cache_write_1h: a.3,
        in_audio: a.4,
        in_image: b.0,
        out_text: b.1,
        out_reasoning: b.2,
        out_audio: b.3,
        units: b.4,
    })
}

fn any_attempt() -> impl Strategy<Value = Attempt<'static>> {
    (any_text(), any_text(), any::<u16>(), any::<u32>(), any_text())
        .prop_map(|(provider, model, status, ms, outcome)| Attempt { provider, model, status, ms, outcome })
}

fn any_spend() -> impl Strategy<Value = Spend> {
    let account = (any::<[u8; 16]>(), any::<bool>(), any::<u32>(), any::<bool>()).prop_map(
        |(ulid, credit, seconds, leased)| {
            let kind = if credit { AccountKind::Credit } else { AccountKind::Budget };
            AccountRef {
                account: AccountId { kind, ulid },
                window_start_ms: i64::from(seconds) * 1_000,
                leased,
            }
        },
    );
    let some = (any::<(i64, i64)>(), vec(account, 0..20)).prop_map(|((charge, absorbed), accounts)| Spend {
        charge: NanoUsd(charge),
        absorbed: NanoUsd(absorbed),
        accounts,
    });
    prop_oneof![Just(Spend::default()), some]
}

pub fn any_entry() -> impl Strategy<Value = Entry<'static>> {
    let names = (any_text(), any_text(), any_text(), any_text(), any_text(), any_text());
    let more = (any_text(), any_text(), any_text(), any_text(), any_text());
    let lists = (vec(any_text(), 0..20), vec(any_attempt(), 0..9));
    let numbers = (any::<([u8; 16], i64, u16, u32, Option<u32>)>(), any_usage());
    let rest = (any::<([u8; 16], bool, bool, Option<i64>)>(), any::<Option<i64>>(), any_spend());
    (names, more, lists, numbers, rest).prop_map(|(a, b, lists, (numbers, usage), (rest, sell, spend))| {
        Entry {
            request: numbers.0,
            started_ms: numbers.1,
            org: a.0,
            project: a.1,
            key: a.2,
            user: a.3,
            test: rest.1,
            kind: a.4,
            model_asked: a.5,
            model_served: b.0,
            provider: b.1,
            labels: lists.0,
            peer: rest.0,
            client_request: b.2,
            stream: rest.2,
            attempts: lists.1,
            status: numbers.2,
            error: b.3,
            usage,
            usage_origin: if rest.1 { UsageOrigin::Estimated } else { UsageOrigin::Reported },
            price_version: b.4,
            cost: rest.3.map(NanoUsd),
            sell: rest.3.map(|cost| NanoUsd(sell.unwrap_or(cost))),
            spend,
            latency_ms: numbers.3,
            first_token_ms: numbers.4,
        }
    })
}
