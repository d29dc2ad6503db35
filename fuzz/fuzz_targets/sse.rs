//! libfuzzer's way into `keyway_fuzz::sse`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyway_fuzz::sse::check(data));
