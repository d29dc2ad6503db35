//! Latency histograms of the rollups: fixed buckets, integer counts, so they add up over minutes
//! and nodes.

/// Upper edges of the buckets in milliseconds, 5 ms to 10 minutes, about a factor of two apart.
/// Bucket `i` holds what is above edge `i - 1` and not above edge `i`; the last, without an edge,
/// holds the rest.
pub const LATENCY_EDGES_MS: [u32; 15] =
    [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 180_000, 600_000];

/// Buckets of a histogram.
pub const BUCKETS: usize = LATENCY_EDGES_MS.len() + 1;

/// The bucket of a duration, 0 to 15.
#[must_use]
pub fn bucket(ms: u32) -> usize {
    LATENCY_EDGES_MS.partition_point(|edge| *edge < ms)
}

/// An estimate of a quantile in milliseconds: `q_per_mille` of the durations are not longer.
///
/// Within its bucket the durations are taken as evenly spread; in the last bucket, which has no
/// upper edge, the answer is 10 minutes, a lower bound. `q_per_mille` above 1000 counts as 1000.
/// `None` for an empty histogram.
#[must_use]
pub fn quantile(counts: &[u64; BUCKETS], q_per_mille: u32) -> Option<u32> {
    let total: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    // The rank of the duration looked for, counted from 1.
    let rank = (total * u128::from(q_per_mille.min(1_000))).div_ceil(1_000).max(1);
    let (mut before, mut low) = (0_u128, 0_u32);
    for (count, high) in counts.iter().zip(LATENCY_EDGES_MS) {
        let count = u128::from(*count);
        if before + count >= rank {
            let above = u128::from(high - low) * (rank - before) / count;
            return Some(low + u32::try_from(above).unwrap_or(high - low));
        }
        (before, low) = (before + count, high);
    }
    (total > 0).then_some(low)
}
