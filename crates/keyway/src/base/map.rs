//! Maps of what only we put in: providers, models, credentials by their names. Callers look things up in
//! them and add nothing, so they need no hash that is safe from those who choose keys.

use std::collections::HashMap;

/// A map of our own names.
pub type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
