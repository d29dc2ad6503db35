//! What is searched for: bytes on which a reader breaks its own rules. Each module has one `check` that
//! takes any bytes and panics when a law is broken; the fuzzers in `fuzz_targets/` call it, and so does
//! the ordinary suite, on seeds and what a few thousand changes make of them.

pub mod answer;
pub mod head;
pub mod journal;
pub mod request;
pub mod sse;
