//! What happened in a run.

/// What happened, for the test that enough did.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub settled: u64,
    pub refused: u64,
    pub crashes: u64,
    pub lost: u64,
    pub extended: u64,
    pub orphans: u64,
    pub rolled: u64,
    pub edits: u64,
    pub lied: u64,
    pub restarts: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.settled += other.settled;
        self.refused += other.refused;
        self.crashes += other.crashes;
        self.lost += other.lost;
        self.extended += other.extended;
        self.orphans += other.orphans;
        self.rolled += other.rolled;
        self.edits += other.edits;
        self.lied += other.lied;
        self.restarts += other.restarts;
    }
}
