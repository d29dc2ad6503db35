//! Keeping what the process knows in the process.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// From now on no core is written of this process, not to a pipe either, and nobody but root can trace it
/// or read its memory and environment. Called before anything secret is read.
///
/// Where the system refuses even this, the program is no less useful, and runs on.
pub fn keep_private() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
