use super::*;
use crate::store::usage_columns::Measures;

const NOW_MS: i64 = 1_700_000_000_000;

fn read(pairs: &[(&str, &str)]) -> Result<Asked, Refusal> {
    Asked::of_usage(Query::from_pairs(pairs), NOW_MS)
}

#[test]
fn what_is_asked_is_read() {
    let asked = read(&[
        ("start_time", "1699990000"),
        ("bucket_width", "1h"),
        ("group_by[]", "model"),
        ("group_by[]", "project_id"),
        ("group_by[]", "model"),
        ("api_key_ids", "key_1"),
        ("limit", "2"),
    ])
    .unwrap();
    assert_eq!((asked.width, asked.limit), (Width::Hour, 2));
    assert_eq!((asked.from_ms, asked.end_ms), (1_699_988_400_000, NOW_MS));
    assert_eq!(asked.group_by, [Dimension::ModelServed, Dimension::Project]);
    assert_eq!(asked.filters, [(Dimension::Key, vec!["key_1".to_owned()])]);
    let asked = read(&[("start_time", "1699900000"), ("page", "page_1699920000")]).unwrap();
    assert_eq!((asked.width, asked.limit, asked.from_ms), (Width::Day, 7, 1_699_920_000_000));
    let asked = read(&[
        ("start_time", "1699900000"),
        ("group_by", "batch"),
        ("group_by", "service_tier"),
        ("group_by", "label"),
        ("labels", "a=b"),
        ("labels", "c=d"),
        ("batch", "true"),
    ])
    .unwrap();
    assert_eq!(asked.group_by, [Dimension::Label]);
    assert_eq!(asked.filters.last(), Some(&(Dimension::Kind, vec![])), "nothing is a batch");
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let start = ("start_time", "1699900000");
    let table: [(&[(&str, &str)], &str); 11] = [
        (&[], "start_time"),
        (&[("start_time", "-1")], "start_time"),
        (&[start, ("end_time", "1699900000")], "end_time"),
        (&[start, ("bucket_width", "1w")], "bucket_width"),
        (&[start, ("limit", "32")], "limit"),
        (&[start, ("group_by", "colour")], "group_by"),
        (&[start, ("labels", "a=b"), ("labels", "c=d")], "labels"),
        (&[start, ("batch", "maybe")], "batch"),
        (&[start, ("page", "page_1699920001")], "page"),
        (&[start, ("page", "page_1699747200")], "page"),
        (&[start, ("colour", "red")], "colour"),
    ];
    for (pairs, param) in table {
        assert_eq!(read(pairs).unwrap_err().param.as_deref(), Some(param), "{pairs:?}");
    }
    let many: Vec<(&str, &str)> = std::iter::repeat_n(("project_ids", "p"), 101).chain([start]).collect();
    assert_eq!(read(&many).unwrap_err().param.as_deref(), Some("project_ids"));
}

#[test]
fn empty_buckets_are_there_too() {
    let row = |bucket_ms| Row { bucket_ms, dims: vec![], measures: Measures::default() };
    let hour = Width::Hour.ms();
    let rows = [row(hour), row(hour), row(3 * hour)];
    let found = buckets(&rows, (0, 3 * hour + 1), Width::Hour, |row| row.bucket_ms).unwrap();
    let counts: Vec<(i64, usize)> =
        found.iter().map(|bucket| (bucket.start_time, bucket.results.len())).collect();
    assert_eq!(counts, [(0, 0), (3600, 2), (7200, 0), (10_800, 1)]);
}
