//! The columns of `usage_rollup`, as tables: what is counted, and by what.

use ledger::Usage;

/// Length of a bucket; buckets begin at multiples of it (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// Kept for [`MINUTES_KEPT_MS`].
    Minute,
    /// Kept.
    Hour,
    /// Kept.
    Day,
}

/// How long minute rows are kept: 48 hours.
pub const MINUTES_KEPT_MS: i64 = 48 * 3_600_000;

impl Width {
    /// Every width, finest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its code in the table.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Minute => "m",
            Self::Hour => "h",
            Self::Day => "d",
        }
    }

    /// Its length in milliseconds.
    #[must_use]
    pub fn ms(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// Start of the bucket `at_ms` falls into.
    #[must_use]
    pub fn floor(self, at_ms: i64) -> i64 {
        at_ms - at_ms.rem_euclid(self.ms())
    }
}

/// What rows are told apart by, besides width, bucket and `test`; index into [`DIMENSIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Organisation id.
    Org,
    /// Project id.
    Project,
    /// Key id.
    Key,
    /// Owner of the key, empty when none.
    User,
    /// Model as the client named it.
    ModelAsked,
    /// Canonical model that answered, empty when none did.
    ModelServed,
    /// Provider that answered, empty when none did.
    Provider,
    /// Billing kind of the route.
    Kind,
    /// `name=value`; empty in the row that counts every request once.
    Label,
}

/// Column names, by [`Dimension`].
pub const DIMENSIONS: [&str; 9] =
    ["org_id", "project_id", "key_id", "user_id", "model_asked", "model_served", "provider", "kind", "label"];

impl Dimension {
    /// Its column.
    #[must_use]
    pub fn column(self) -> &'static str {
        DIMENSIONS[self as usize]
    }
}

/// Every dimension, in the order of [`DIMENSIONS`].
pub const ALL_DIMENSIONS: [Dimension; DIMENSIONS.len()] = [
    Dimension::Org,
    Dimension::Project,
    Dimension::Key,
    Dimension::User,
    Dimension::ModelAsked,
    Dimension::ModelServed,
    Dimension::Provider,
    Dimension::Kind,
    Dimension::Label,
];

/// What rows of `usage_total` are told apart by: sums over long times that ask for nothing else read these.
pub const TOTAL_DIMENSIONS: [Dimension; 5] =
    [Dimension::Org, Dimension::Project, Dimension::ModelServed, Dimension::Provider, Dimension::Kind];

/// The same of `usage_member`: sums that ask for owners, and for nothing of their keys.
pub const MEMBER_DIMENSIONS: [Dimension; 6] = [
    Dimension::Org,
    Dimension::Project,
    Dimension::User,
    Dimension::ModelServed,
    Dimension::Provider,
    Dimension::Kind,
];

/// Longest text of a dimension kept, bytes: nine of them stay below the 2,704 of a PostgreSQL index row.
pub const DIMENSION_BYTES_MAX: usize = 256;

/// What of `text` is kept as a dimension: whole characters up to the bound.
#[must_use]
pub fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(DIMENSION_BYTES_MAX)]
}

/// Buckets of a histogram.
pub const HISTOGRAM: usize = 16;

/// Column names of what is counted.
pub const MEASURES: [&str; 57] = [
    "requests",
    "errors_client",
    "errors_limited",
    "errors_upstream",
    "errors_internal",
    "errors_cancelled",
    "in_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "in_audio",
    "in_image",
    "out_text",
    "out_reasoning",
    "out_audio",
    "units",
    "cost_nanousd",
    "sell_nanousd",
    "absorbed_nanousd",
    "unpriced_requests",
    "estimated_requests",
    "truncated_requests",
    "latency_ms_sum",
    "lat_00",
    "lat_01",
    "lat_02",
    "lat_03",
    "lat_04",
    "lat_05",
    "lat_06",
    "lat_07",
    "lat_08",
    "lat_09",
    "lat_10",
    "lat_11",
    "lat_12",
    "lat_13",
    "lat_14",
    "lat_15",
    "ttft_ms_sum",
    "ttft_count",
    "ttft_00",
    "ttft_01",
    "ttft_02",
    "ttft_03",
    "ttft_04",
    "ttft_05",
    "ttft_06",
    "ttft_07",
    "ttft_08",
    "ttft_09",
    "ttft_10",
    "ttft_11",
    "ttft_12",
    "ttft_13",
    "ttft_14",
    "ttft_15",
];

/// Index of each measure (of its first bucket, for a histogram) in [`MEASURES`].
pub mod at {
    /// Requests, whatever came of them.
    pub const REQUESTS: usize = 0;
    /// 4xx of the client's making.
    pub const ERRORS_CLIENT: usize = 1;
    /// 429.
    pub const ERRORS_LIMITED: usize = 2;
    /// The provider failed.
    pub const ERRORS_UPSTREAM: usize = 3;
    /// We failed or were full.
    pub const ERRORS_INTERNAL: usize = 4;
    /// The client left.
    pub const ERRORS_CANCELLED: usize = 5;
    /// First of the nine token classes and the units, in the order of `ledger::Usage`.
    pub const USAGE: usize = 6;
    /// Cost of the priced requests, nano-USD.
    pub const COST_NANOUSD: usize = 16;
    /// What the priced requests are sold for, nano-USD.
    pub const SELL_NANOUSD: usize = 17;
    /// Sell price above what requests had reserved: charged to nobody, nano-USD.
    pub const ABSORBED_NANOUSD: usize = 18;
    /// Requests that used something nobody has a price for.
    pub const UNPRICED_REQUESTS: usize = 19;
    /// Requests whose usage was counted here instead of reported.
    pub const ESTIMATED_REQUESTS: usize = 20;
    /// Requests whose answer ended where their own cap on it was.
    pub const TRUNCATED_REQUESTS: usize = 21;
    /// Sum of latencies, milliseconds.
    pub const LATENCY_MS_SUM: usize = 22;
    /// First of the latency buckets.
    pub const LATENCY: usize = 23;
    /// Sum of times to the first token, milliseconds.
    pub const FIRST_TOKEN_MS_SUM: usize = 39;
    /// Requests that had a first token.
    pub const FIRST_TOKEN_COUNT: usize = 40;
    /// First of the first-token buckets.
    pub const FIRST_TOKEN: usize = 41;
}

/// The indices of the first `N` of [`MEASURES`].
#[must_use]
pub const fn first<const N: usize>() -> [usize; N] {
    let mut all = [0; N];
    let mut index = 0;
    while index < N {
        all[index] = index;
        index += 1;
    }
    all
}

/// Requests, every class of usage, and the measures `behind`: their indices in [`MEASURES`].
///
/// # Panics
/// At compile time, when `N` is not so many.
#[must_use]
pub const fn requests_and_usage<const N: usize>(behind: &[usize]) -> [usize; N] {
    let usage = at::COST_NANOUSD - at::USAGE;
    assert!(N == 1 + usage + behind.len(), "so many measures");
    let mut all = [at::REQUESTS; N];
    let mut place = 1;
    while place < N {
        all[place] = if place <= usage { at::USAGE + place - 1 } else { behind[place - 1 - usage] };
        place += 1;
    }
    all
}

/// One value per measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures(pub [i64; MEASURES.len()]);

impl Default for Measures {
    fn default() -> Self {
        Self([0; MEASURES.len()])
    }
}

impl Measures {
    /// Adds another's values, saturating.
    pub fn add(&mut self, other: &Self) {
        for (sum, part) in self.0.iter_mut().zip(&other.0) {
            *sum = sum.saturating_add(*part);
        }
    }

    /// The token classes, and the units.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let class = |index: usize| u64::try_from(self.0[at::USAGE + index]).unwrap_or(0);
        Usage {
            in_uncached: class(0),
            cache_read: class(1),
            cache_write_5m: class(2),
            cache_write_1h: class(3),
            in_audio: class(4),
            in_image: class(5),
            out_text: class(6),
            out_reasoning: class(7),
            out_audio: class(8),
            units: class(9),
        }
    }

    /// Errors of every class.
    #[must_use]
    pub fn errors(&self) -> i64 {
        self.0[at::ERRORS_CLIENT..=at::ERRORS_CANCELLED].iter().fold(0, |sum, part| sum.saturating_add(*part))
    }

    /// Latency buckets, as `ledger::histogram` bounds them.
    #[must_use]
    pub fn latency(&self) -> &[i64] {
        &self.0[at::LATENCY..at::LATENCY + HISTOGRAM]
    }

    /// First-token buckets, as `ledger::histogram` bounds them.
    #[must_use]
    pub fn first_token(&self) -> &[i64] {
        &self.0[at::FIRST_TOKEN..at::FIRST_TOKEN + HISTOGRAM]
    }
}

/// What a rollup row is told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dims {
    /// Texts by [`Dimension`].
    pub text: [Box<str>; DIMENSIONS.len()],
    /// Test keys' traffic.
    pub test: bool,
}

/// An amount to add to a rollup row.
#[derive(Debug, Clone)]
pub struct Rollup {
    /// Length of the bucket.
    pub width: Width,
    /// Start of the bucket, unix milliseconds.
    pub bucket_ms: i64,
    /// The row.
    pub dims: std::sync::Arc<Dims>,
    /// What to add.
    pub measures: Measures,
}
