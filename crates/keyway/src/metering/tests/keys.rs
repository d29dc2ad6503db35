//! What keys came to in short is what the rollups say of them, wherever days and months end.

use super::fixture::{Bed, NOW_MS, ORG, beds, entry};
use crate::metering::fold::Fold;
use crate::store::keys::{self, KeyRow};
use crate::store::usage::{self, Cut, Query, Row};
use crate::store::usage_columns::{Dimension, Measures, Width, at};
use crate::store::usage_highest::{self, Wanted};
use crate::store::usage_key::{self, Asked, Rank};
use crate::store::{proof, tenants, usage_write};
use ledger::{Entry, codec, record};
use std::collections::BTreeMap;

const DAY_MS: i64 = 86_400_000;
/// 2026-12-01 00:00 UTC.
const MONTH_MS: i64 = 1_796_083_200_000;
const KEYS: [&str; 4] = ["key_1", "key_2", "key_3", "key_4"];
const RANKS: [Rank; 4] = [Rank::Requests, Rank::Errors, Rank::Tokens, Rank::Sold];

/// Requests around the ends of days and of a month, more of the later keys.
fn entries() -> Vec<Entry<'static>> {
    let places = [
        MONTH_MS - 31 * DAY_MS,
        MONTH_MS - DAY_MS - 1,
        MONTH_MS - DAY_MS,
        MONTH_MS - 1,
        MONTH_MS,
        MONTH_MS + DAY_MS - 1,
        MONTH_MS + DAY_MS,
    ];
    let mut all = Vec::new();
    for (place, started_ms) in places.into_iter().enumerate() {
        for (at, key) in KEYS.into_iter().enumerate() {
            for _ in 0..=at + place % 3 {
                let number = u32::try_from(all.len()).unwrap();
                // One project's keys are those with an even number.
                let project = ["proj_1", "proj_2"][at % 2];
                all.push(Entry { started_ms, key, project, ..entry(number) });
            }
        }
    }
    all
}

async fn write(bed: &Bed, entries: &[Entry<'_>]) {
    let mut fold = Fold::default();
    for entry in entries {
        let mut bytes = Vec::new();
        codec::put_entry(&mut bytes, entry);
        fold.add(entry, record::RECORD_VERSION, &bytes).unwrap();
    }
    let (_, mut rollups) = fold.finish(&bed.clock);
    let mut tx = bed.db.begin_write().await.unwrap();
    usage_write::add(&mut tx, bed.db.engine, &mut rollups).await.unwrap();
    tx.commit().await.unwrap();
}

/// An organisation with two projects and the keys, one of which is never used.
async fn make(bed: &Bed) {
    let mut tx = bed.db.begin_write().await.unwrap();
    tenants::insert_org(&mut tx, ORG, "Acme", NOW_MS).await.unwrap();
    for id in ["proj_1", "proj_2"] {
        let project = tenants::Project {
            id: id.to_owned(),
            org_id: ORG.to_owned(),
            name: id.to_owned(),
            ..tenants::Project::default()
        };
        tenants::insert_project(&mut tx, &project).await.unwrap();
    }
    for (at, id) in KEYS.into_iter().chain(["key_unused"]).enumerate() {
        let key = KeyRow {
            id: id.to_owned(),
            kind: "project".to_owned(),
            mode: "live".to_owned(),
            org_id: ORG.to_owned(),
            project_id: Some(["proj_1", "proj_2"][at % 2].to_owned()),
            name: id.to_owned(),
            maker_kind: "operator".to_owned(),
            reach: "organization".to_owned(),
            status: "active".to_owned(),
            created_ms: NOW_MS,
            kid: format!("{at:022}"),
            ..KeyRow::default()
        };
        keys::insert(&mut tx, &key, &format!("{at:064}")).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn amount(entry: &Entry<'_>, rank: Rank) -> i64 {
    match rank {
        Rank::Requests => 1,
        Rank::Errors => i64::from(entry.status >= 400),
        Rank::Tokens => i64::try_from(entry.usage.in_uncached + entry.usage.out_text).unwrap(),
        Rank::Sold => entry.sell.unwrap().0,
    }
}

/// What the lines say: keys of a stretch, those with most first.
fn expected(
    entries: &[Entry<'_>],
    range: (i64, i64),
    rank: Rank,
    project: Option<&str>,
) -> Vec<(String, i64)> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    let day = |at_ms: i64| Width::Day.floor(at_ms);
    let inside = |at_ms: i64| day(at_ms) >= day(range.0) && day(at_ms) < range.1;
    for entry in entries.iter().filter(|it| inside(it.started_ms)) {
        if project.is_none_or(|project| project == entry.project) {
            *sums.entry(entry.key).or_default() += amount(entry, rank);
        }
    }
    let mut sums: Vec<(String, i64)> = sums.into_iter().map(|(key, sum)| (key.to_owned(), sum)).collect();
    sums.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sums
}

const RANGES: [(i64, i64); 6] = [
    (0, MONTH_MS + 9 * DAY_MS),
    (MONTH_MS - DAY_MS, MONTH_MS),
    (MONTH_MS, MONTH_MS + DAY_MS),
    (MONTH_MS - 30 * DAY_MS, MONTH_MS + DAY_MS),
    // Begins within a day, which counts whole.
    (MONTH_MS - 1, MONTH_MS + 1),
    (MONTH_MS + 5 * DAY_MS, MONTH_MS + 9 * DAY_MS),
];

#[tokio::test]
async fn the_highest_keys_are_those_of_the_lines() {
    for bed in beds().await {
        make(&bed).await;
        let entries = entries();
        // Two flushes, so that rows are made and added to.
        let (first, second) = entries.split_at(entries.len() / 2);
        write(&bed, first).await;
        write(&bed, second).await;
        for range in RANGES {
            for rank in RANKS {
                let all = Asked { org: ORG, range, projects: None, rank, part: &[] };
                let found = usage_key::highest(&bed.db, &all, 10).await.unwrap();
                assert_eq!(found, expected(&entries, range, rank, None), "{range:?} {rank:?}");
                let first = usage_key::highest(&bed.db, &all, 2).await.unwrap();
                assert_eq!(first, found[..found.len().min(2)]);
                let one = ["proj_2".to_owned()];
                let few = Asked { projects: Some(&one), ..all };
                let found = usage_key::highest(&bed.db, &few, 10).await.unwrap();
                assert_eq!(found, expected(&entries, range, rank, Some("proj_2")), "{range:?} {rank:?}");
            }
        }
        bed.finish().await;
    }
}

#[tokio::test]
async fn days_of_a_few_keys_are_those_of_all_keys() {
    for bed in beds().await {
        let entries = entries();
        write(&bed, &entries).await;
        let query = |filters| Query {
            start_ms: MONTH_MS - 30 * DAY_MS,
            end_ms: MONTH_MS + DAY_MS,
            width: Some(Width::Day),
            group_by: vec![Dimension::Key, Dimension::ModelServed],
            filters,
            test: None,
        };
        let whole = Cut { read: Width::Day, measures: &[at::REQUESTS, at::SELL_NANOUSD], top: None };
        let (all, _) = usage::cut(&bed.db, ORG, &query(Vec::new()), &whole).await.unwrap();
        let few = vec![(Dimension::Key, vec!["key_2".to_owned(), "key_4".to_owned()])];
        let (found, _) = usage::cut(&bed.db, ORG, &query(few.clone()), &whole).await.unwrap();
        let of = |rows: &[usage::Row]| -> Vec<_> {
            rows.iter().map(|row| (row.bucket_ms, row.dims.clone(), row.measures.clone())).collect()
        };
        let wanted: Vec<_> =
            all.iter().filter(|row| ["key_2", "key_4"].contains(&row.dims[0].as_str())).cloned().collect();
        assert!(wanted.len() > 4);
        assert_eq!(of(&found), of(&wanted));
        // Keys of another organisation are not found by their ids.
        assert!(usage::cut(&bed.db, "org_2", &query(few), &whole).await.unwrap().0.is_empty());
        bed.finish().await;
    }
}

#[tokio::test]
async fn an_older_database_gets_what_its_keys_came_to() {
    const MIGRATION: &str = include_str!("../../../migrations/0095_usage_key.sql");
    for bed in beds().await {
        make(&bed).await;
        let entries = entries();
        write(&bed, &entries).await;
        let begin = MIGRATION.find("INSERT INTO usage_key").unwrap();
        let end = begin + MIGRATION[begin..].find(';').unwrap();
        for text in ["DELETE FROM usage_key", &MIGRATION[begin..end]] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(text.to_owned())).execute(bed.db.pool()).await.unwrap();
        }
        for rank in RANKS {
            let asked = Asked { org: ORG, range: RANGES[0], projects: None, rank, part: &[] };
            let found = usage_key::highest(&bed.db, &asked, 10).await.unwrap();
            assert_eq!(found, expected(&entries, RANGES[0], rank, None), "{rank:?}");
        }
        let mut conn = bed.db.connection().await.unwrap();
        let (differ, compared) = proof::keys(&mut conn, ORG, 10).await.unwrap();
        assert_eq!((differ, compared), (Vec::new(), bed.count("usage_key").await));
        let lost =
            "UPDATE usage_key SET errors = errors + 2 WHERE key_id = 'key_3' AND bucket_ms = 1796083200000";
        sqlx::raw_sql(lost).execute(bed.db.pool()).await.unwrap();
        let (differ, _) = proof::keys(&mut conn, ORG, 10).await.unwrap();
        assert_eq!(differ, [("key_3".to_owned(), MONTH_MS, [0, -2, 0, 0])]);
        drop(conn);
        bed.finish().await;
    }
}

#[tokio::test]
async fn the_highest_of_a_part_are_found_however_few_are_picked() {
    for bed in beds().await {
        make(&bed).await;
        let mut entries = entries();
        // What most keys did was done with another model, but for the smallest.
        for entry in entries.iter_mut().filter(|entry| entry.key != "key_1") {
            entry.model_served = "other/large";
        }
        write(&bed, &entries).await;
        let of = |model: &str| Query {
            start_ms: 0,
            end_ms: MONTH_MS + 9 * DAY_MS,
            width: None,
            group_by: vec![Dimension::Key],
            filters: vec![(Dimension::ModelServed, vec![model.to_owned()])],
            test: None,
        };
        let wanted = |most| Wanted {
            read: Width::Day,
            rank: Rank::Requests,
            measures: &[at::REQUESTS, at::COST_NANOUSD, at::SELL_NANOUSD, at::LATENCY_MS_SUM, at::LATENCY],
            most,
        };
        for (model, most, picked, found) in [
            ("other/large", 1, 2, &["key_4"][..]),
            ("other/large", 2, 2, &["key_4", "key_3"]),
            // Another than those picked is among the highest.
            ("other/large", 3, 2, &["key_4", "key_3", "key_2"]),
            ("other/large", 3, 4, &["key_4", "key_3", "key_2"]),
            // Nobody picked did any of it.
            ("deepseek/deepseek-flash", 1, 3, &["key_1"]),
            ("deepseek/deepseek-flash", 1, 4, &["key_1"]),
        ] {
            let keys = usage_highest::keys(&bed.db, ORG, &of(model), &wanted(most), picked).await.unwrap();
            assert_eq!(keys.unwrap().0, found, "{model} {most} of {picked}");
        }
        for (model, most) in [("other/large", 2), ("other/large", 9), ("deepseek/deepseek-flash", 1)] {
            let (rows, more) = usage_highest::highest(&bed.db, ORG, &of(model), &wanted(most)).await.unwrap();
            let whole = Cut {
                read: Width::Day,
                measures: wanted(most).measures,
                top: Some((Rank::Requests.columns(), most)),
            };
            let (expected, cut) = usage::cut(&bed.db, ORG, &of(model), &whole).await.unwrap();
            let of = |rows: &[usage::Row]| -> Vec<_> {
                rows.iter().map(|row| (row.dims.clone(), row.measures.clone())).collect()
            };
            assert_eq!((of(&rows), more), (of(&expected), cut), "{model} {most}");
        }
        bed.finish().await;
    }
}

/// Whose the keys are; one is nobody's.
const OWNERS: [&str; 4] = ["user_1", "user_1", "user_2", ""];

/// Sums by bucket and the first two dimensions of rows.
fn by_two(rows: &[Row]) -> BTreeMap<(i64, Vec<String>), Measures> {
    let mut sums: BTreeMap<_, Measures> = BTreeMap::new();
    for row in rows {
        sums.entry((row.bucket_ms, row.dims[..2].to_vec())).or_default().add(&row.measures);
    }
    sums
}

#[tokio::test]
async fn owners_come_to_what_their_keys_do() {
    for bed in beds().await {
        let owned = |entry: Entry<'static>| {
            let place = KEYS.iter().position(|key| *key == entry.key).unwrap();
            Entry { user: OWNERS[place], ..entry }
        };
        write(&bed, &entries().into_iter().map(owned).collect::<Vec<_>>()).await;
        for width in [None, Some(Width::Day), Some(Width::Hour)] {
            let by = [Dimension::User, Dimension::ModelServed];
            let owners = bed.usage(width, by.to_vec()).await;
            let keys = bed.usage(width, [&by[..], &[Dimension::Key]].concat()).await;
            let names: std::collections::BTreeSet<_> =
                owners.iter().map(|row| row.dims[0].as_str()).collect();
            assert_eq!(names.into_iter().collect::<Vec<_>>(), ["", "user_1", "user_2"]);
            assert_eq!(by_two(&owners), by_two(&keys), "{width:?}");
        }
        let filters = vec![(Dimension::User, vec!["user_1".to_owned()])];
        let query = Query {
            start_ms: 0,
            end_ms: i64::MAX,
            width: None,
            group_by: vec![Dimension::Project],
            filters,
            test: None,
        };
        let (rows, _) = usage::buckets(&bed.db, ORG, &query).await.unwrap();
        let asked = |key: &str| entries().iter().filter(|entry| entry.key == key).count();
        let counts: Vec<_> = rows.iter().map(|row| row.measures.0[at::REQUESTS]).collect();
        let own = ["key_1", "key_2"].map(|key| i64::try_from(asked(key)).unwrap());
        assert_eq!(counts, own, "one key in each project");
        bed.finish().await;
    }
}
