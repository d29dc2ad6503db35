//! libfuzzer's way into `keyway_fuzz::request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyway_fuzz::request::check(data));
