//! Mistakes that others have made, each of which the simulation must find.

/// What is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing.
    Nothing,
    /// The lease of a node that is not heard of is given back by a timer.
    TimerRefund,
    /// What a crashed request had reserved is free again at once.
    ReleaseAfterCrash,
    /// The row is looked at in one transaction and written in another.
    CheckThenRecord,
    /// Records are shipped without looking whether they have been.
    DoubleShip,
    /// A request is sent without a word in the journal.
    NoSent,
    /// A request is charged what it cost, whatever it had reserved.
    Uncapped,
    /// A stream goes on into what it has reserved anew before the journal says so.
    LateProgress,
    /// What a lost answer said is taken for refused, and never asked again.
    LostAnswer,
}

impl Wrong {
    pub const ALL: [Self; 8] = [
        Self::TimerRefund,
        Self::ReleaseAfterCrash,
        Self::CheckThenRecord,
        Self::DoubleShip,
        Self::NoSent,
        Self::Uncapped,
        Self::LateProgress,
        Self::LostAnswer,
    ];
}
