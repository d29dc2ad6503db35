//! The routes, in the tree of their paths.

mod v1;
