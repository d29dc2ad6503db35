//! An opened installation: its database, its master key, its clock.

use crate::base::Clock;
use crate::sealing::MasterKey;
use crate::store::Db;

/// What every act of administration needs. Cheap to clone.
#[derive(Clone)]
pub struct Installation {
    /// The database.
    pub db: Db,
    /// The master key's subkeys.
    pub master: MasterKey,
    /// The clock.
    pub clock: Clock,
}
