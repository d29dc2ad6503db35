//! What a request needs around it: the process's shared state and the worker's own.

/// Process.
pub struct Shared;
/// Worker.
pub struct Worker;
