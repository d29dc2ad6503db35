//! Reading what was stored: pages, filters, buckets.

use super::fixture::{Bed, NOW_MS, ORG, beds, entry, request, serve};
use crate::store::requests::{self, Filter};
use crate::store::usage::{self, Query};
use crate::store::usage_columns::{DIMENSIONS, Dimension, MEASURES, Width, at};
use crate::store::usage_write;
use ledger::Entry;

/// Lines of 0..n that come in many overlapping batches.
async fn fill(bed: &Bed, n: u32) {
    let mut one = bed.journal("boot_1", 0, 1024 * 1024);
    let mut two = bed.journal("boot_1", 1, 1024 * 1024);
    let mut shipper = bed.shipper("boot_1", &[&one, &two]);
    let mut step = 0;
    for start in (0..n).step_by(40) {
        // Long requests end, and are stored, late.
        for n in (start..(start + 40).min(n)).filter(|n| n % 7 != 0) {
            serve(if n % 2 == 0 { &mut one } else { &mut two }, n..n + 1);
        }
        step += 1;
        if step % 5 == 0 {
            for late in (start.saturating_sub(160)..start + 40).filter(|late| late % 7 == 0 && *late < n) {
                serve(&mut one, late..late + 1);
            }
        }
        while shipper.round().await.unwrap().more {}
    }
    shipper.drain().await.unwrap();
}

#[tokio::test]
async fn pages_are_whole_and_newest_first() {
    for bed in beds().await {
        fill(&bed, 1000).await;
        let all = bed.pages(&Filter::default(), 100).await;
        assert_eq!(all.len(), 1000);
        assert!(all.windows(2).all(|pair| pair[0].request > pair[1].request));
        for limit in [1, 7, 33] {
            let filter = Filter { start_ms: Some(NOW_MS + 900), ..Filter::default() };
            let lines = bed.pages(&filter, limit).await;
            assert_eq!(lines, all[..100].to_vec(), "limit {limit}");
        }
        for n in [0, 7, 500, 999] {
            let line = requests::get(&bed.db, ORG, request(n)).await.unwrap().unwrap();
            assert_eq!(line.usage.in_uncached, u64::from(n));
        }
        assert!(requests::get(&bed.db, ORG, request(1000)).await.unwrap().is_none());
        assert!(requests::get(&bed.db, "org_2", request(1)).await.unwrap().is_none());
        let other = requests::list(&bed.db, "org_2", &Filter::default(), None, 10).await.unwrap();
        assert!(other.entries.is_empty() && other.next.is_none());
        bed.finish().await;
    }
}

#[tokio::test]
async fn filters_find_exactly_what_passes() {
    for bed in beds().await {
        fill(&bed, 400).await;
        let texts = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
        let cases = [
            (Filter { key_ids: texts(&["key_1"]), ..Filter::default() }, 134),
            (Filter { key_ids: texts(&["key_1", "key_3"]), ..Filter::default() }, 267),
            (Filter { project_ids: texts(&["proj_2"]), ..Filter::default() }, 200),
            (Filter { models: texts(&["deepseek-chat"]), ..Filter::default() }, 400),
            (
                Filter {
                    models: texts(&["deepseek/deepseek-flash"]),
                    status: vec![502],
                    ..Filter::default()
                },
                40,
            ),
            (Filter { status: vec![502], ..Filter::default() }, 40),
            (Filter { providers: texts(&["openai"]), ..Filter::default() }, 0),
            (Filter { user_ids: texts(&["user_1"]), ..Filter::default() }, 0),
            (Filter { start_ms: Some(NOW_MS + 100), end_ms: Some(NOW_MS + 200), ..Filter::default() }, 100),
        ];
        for (filter, count) in cases {
            let lines = bed.pages(&filter, 50).await;
            assert_eq!(lines.len(), count, "{filter:?}");
            assert!(lines.windows(2).all(|pair| pair[0].request > pair[1].request));
        }
        let many = Filter { key_ids: vec![String::new(); 101], ..Filter::default() };
        assert!(requests::list(&bed.db, ORG, &many, None, 10).await.is_err());
        bed.finish().await;
    }
}

#[tokio::test]
async fn buckets_sum_what_is_asked() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, 1024 * 1024);
        serve(&mut journal, 0..100);
        // A day later: a test key, and something nobody has a price for.
        let day = 86_400_000;
        for n in 100..110 {
            let late = Entry { started_ms: NOW_MS + day, test: true, ..entry(n) };
            journal.append_settle(None, &late).unwrap();
        }
        journal.append_settle(None, &Entry { cost: None, sell: None, org: "org_2", ..entry(110) }).unwrap();
        bed.shipper("boot_1", &[&journal]).drain().await.unwrap();

        let total = bed.usage(None, Vec::new()).await;
        assert_eq!(total.len(), 1);
        let measures = &total[0].measures;
        assert_eq!(
            (measures.0[at::REQUESTS], measures.0[at::ERRORS_UPSTREAM], measures.errors()),
            (110, 11, 11)
        );
        assert_eq!((measures.latency().iter().sum::<i64>(), measures.latency()[5]), (110, 110));
        assert_eq!((measures.first_token()[3], measures.0[at::FIRST_TOKEN_MS_SUM]), (110, 3300));
        assert_eq!(bed.usage(Some(Width::Day), Vec::new()).await.len(), 2);

        let keys = bed.usage(Some(Width::Day), vec![Dimension::Key]).await;
        let first: Vec<_> =
            keys.iter().map(|row| (row.dims[0].as_str(), row.measures.0[at::REQUESTS])).collect();
        assert_eq!(first[..3], [("key_1", 34), ("key_2", 33), ("key_3", 33)]);
        let labels = bed.usage(None, vec![Dimension::Label, Dimension::Project]).await;
        let by_label: Vec<_> =
            labels.iter().map(|row| (row.dims.join(" "), row.measures.0[at::REQUESTS])).collect();
        assert_eq!(by_label[0], ("env=prod proj_1".to_owned(), 11));
        assert_eq!(by_label.len(), 4);

        let mut query = Query {
            start_ms: 0,
            end_ms: i64::MAX,
            width: None,
            group_by: Vec::new(),
            filters: vec![
                (Dimension::Label, vec!["team=a".to_owned()]),
                (Dimension::Project, vec!["proj_2".to_owned()]),
            ],
            test: Some(false),
        };
        let (rows, more) = usage::buckets(&bed.db, ORG, &query).await.unwrap();
        assert_eq!((rows[0].measures.0[at::REQUESTS], more), (10, false));
        query.filters = Vec::new();
        query.test = Some(true);
        let (rows, _) = usage::buckets(&bed.db, ORG, &query).await.unwrap();
        assert_eq!(rows[0].measures.0[at::REQUESTS], 10);
        let (rows, _) = usage::buckets(&bed.db, "org_2", &Query { test: None, ..query }).await.unwrap();
        assert_eq!((rows[0].measures.0[at::UNPRICED_REQUESTS], rows[0].measures.0[at::COST_NANOUSD]), (1, 0));

        let gone = usage_write::prune_minutes(&bed.db, NOW_MS + day - 3_600_000).await.unwrap();
        assert!(gone > 0);
        assert_eq!(bed.usage(Some(Width::Minute), Vec::new()).await.len(), 1);
        assert_eq!(bed.usage(Some(Width::Hour), Vec::new()).await.len(), 2);
        bed.finish().await;
    }
}

#[tokio::test]
async fn old_request_lines_are_forgotten_with_what_finds_them() {
    for bed in beds().await {
        fill(&bed, 200).await;
        let before = NOW_MS + 100_000;
        assert!(crate::store::requests_write::prune(&bed.db, ORG, before).await.unwrap() > 0);
        assert_eq!((bed.count("request_batches").await, bed.count("request_facets").await), (0, 0));
        // More than are forgotten at a time, each fifth of them one that stays.
        let [old, new] = [before - 1_000, before + 1_000].map(|at_ms| requests::id_at(at_ms, u128::MIN));
        let many = "INSERT INTO request_facets (org_id, facet, value, last_request, batch_id) \
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) \
                    SELECT $1, 'key', 'key_' || (i % 7), CASE WHEN i % 5 = 0 THEN $2 ELSE $3 END, 'batch_' || i FROM n";
        sqlx::query(many).bind(ORG).bind(new).bind(old).execute(bed.db.pool()).await.unwrap();
        assert_eq!(crate::store::requests_write::prune(&bed.db, ORG, before).await.unwrap(), 0);
        assert_eq!(bed.count("request_facets").await, 500);
        bed.finish().await;
    }
}

#[tokio::test]
async fn the_table_has_the_columns_that_are_written() {
    for bed in beds().await {
        let mut names = vec!["width", "bucket_ms", "test"];
        names.extend(DIMENSIONS);
        names.extend(MEASURES);
        let text = format!("SELECT {} FROM usage_rollup", names.join(", "));
        sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(bed.db.pool()).await.unwrap();
        assert_eq!(MEASURES[at::USAGE], "in_uncached");
        assert_eq!(MEASURES[at::LATENCY], "lat_00");
        assert_eq!(MEASURES[at::FIRST_TOKEN], "ttft_00");
        assert_eq!(MEASURES[at::COST_NANOUSD], "cost_nanousd");
        assert_eq!(ledger::histogram::BUCKETS, crate::store::usage_columns::HISTOGRAM);
        bed.finish().await;
    }
}
