//! libfuzzer's way into `keyway_fuzz::head`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyway_fuzz::head::check(data));
