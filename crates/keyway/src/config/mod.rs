//! Floor 2: written settings turned into checked settings.
