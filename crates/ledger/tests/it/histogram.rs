//! Buckets and quantiles.

use ledger::histogram::{BUCKETS, LATENCY_EDGES_MS, bucket, quantile};
use proptest::prelude::*;

#[test]
fn edges_rise_and_belong_to_the_bucket_below() {
    assert!(LATENCY_EDGES_MS.is_sorted_by(|a, b| a < b));
    assert_eq!((bucket(0), bucket(5), bucket(6)), (0, 0, 1));
    for (i, edge) in LATENCY_EDGES_MS.into_iter().enumerate() {
        assert_eq!((bucket(edge), bucket(edge + 1)), (i, i + 1));
    }
    assert_eq!(bucket(u32::MAX), BUCKETS - 1);
}

#[test]
fn quantiles_of_known_histograms() {
    assert_eq!(quantile(&[0; BUCKETS], 500), None);
    let mut counts = [0; BUCKETS];
    counts[bucket(80)] = 100; // 51 to 100 ms
    assert_eq!(quantile(&counts, 0), Some(50));
    assert_eq!(quantile(&counts, 500), Some(75));
    assert_eq!(quantile(&counts, 1_000), Some(100));
    assert_eq!(quantile(&counts, 5_000), Some(100));
    counts[bucket(3_000)] = 1; // 2501 to 5000 ms
    assert_eq!(quantile(&counts, 990), Some(100));
    assert_eq!(quantile(&counts, 999), Some(5_000));
    counts[BUCKETS - 1] = u64::MAX;
    assert_eq!(quantile(&counts, 500), Some(600_000));
}

proptest! {
    #[test]
    fn a_quantile_lies_in_the_bucket_of_the_true_one(
        mut durations in proptest::collection::vec(0..700_000_u32, 1..50),
        q in 0..=1_000_u32,
    ) {
        let mut counts = [0; BUCKETS];
        for ms in &durations {
            counts[bucket(*ms)] += 1;
        }
        durations.sort_unstable();
        let rank = (durations.len() * q as usize).div_ceil(1_000).max(1);
        let of_true = bucket(durations[rank - 1]);
        let estimate = quantile(&counts, q).expect("not empty");
        let low = if of_true == 0 { 0 } else { LATENCY_EDGES_MS[of_true - 1] };
        let high = LATENCY_EDGES_MS.get(of_true).copied().unwrap_or(low);
        prop_assert!((low..=high).contains(&estimate), "{estimate} not in {low}..={high}");
        prop_assert!(quantile(&counts, q + 50) >= quantile(&counts, q));
    }

    #[test]
    fn any_counts_do(counts in any::<[u64; BUCKETS]>(), q in any::<u32>()) {
        prop_assert_eq!(quantile(&counts, q).is_some(), counts.iter().any(|count| *count > 0));
    }
}
