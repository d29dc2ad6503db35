//! Failure classes, waits and names.

use super::*;
use crate::upstream::classify::RETRY_AFTER_MS_MAX;

#[test]
fn every_status_has_its_class() {
    for (statuses, class) in [
        (&[200, 201, 204, 299][..], Class::Success),
        (&[401, 402, 403], Class::Credential),
        (&[429], Class::RateLimited),
        (&[400, 404, 405, 409, 413, 422, 498, 499], Class::Request),
        (&[408, 504], Class::Timeout),
        (&[0, 199, 300, 307, 399, 500, 502, 503, 529, 599, 600, 999], Class::Server),
    ] {
        for status in statuses {
            assert_eq!(classify(*status), class, "{status}");
        }
    }
}

#[test]
fn waits_are_read_in_every_form() {
    // 1994-11-06 08:49:37 UTC.
    let now_ms = 784_111_777_000 - 5_000;
    for (name, value, wait_ms) in [
        ("retry-after", "7", Some(7_000)),
        ("retry-after", "0", Some(0)),
        ("retry-after", "0.25", Some(250)),
        ("retry-after", "1.0001", Some(1_001)),
        ("retry-after-ms", "1500", Some(1_500)),
        ("retry-after-ms", "0.4", Some(1)),
        ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", Some(5_000)),
        ("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
        ("retry-after", "99999999999999999999999", Some(RETRY_AFTER_MS_MAX)),
        ("retry-after", "-1", None),
        ("retry-after", "soon", None),
        ("retry-after", "", None),
        ("x", "1", None),
    ] {
        let headers = Fields::of([(name, value.as_bytes())]);
        assert_eq!(retry_after(&headers, now_ms), wait_ms, "{name}: {value}");
    }
}

#[test]
fn names_are_distinct_and_plain() {
    let all = [
        Failure::Unsendable("x"),
        Failure::Dns,
        Failure::Connect,
        Failure::Tls,
        Failure::ConnectTimeout,
        Failure::WriteTimeout,
        Failure::FirstByteTimeout,
        Failure::IdleTimeout,
        Failure::Closed,
        Failure::Protocol("x"),
        Failure::TooLarge,
    ];
    let names: std::collections::HashSet<_> = all.map(Failure::outcome).into();
    assert_eq!(names.len(), all.len());
    assert_eq!(all.iter().filter(|failure| !failure.may_have_been_sent()).count(), 5);
}
