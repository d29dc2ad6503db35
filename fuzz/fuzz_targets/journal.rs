//! libfuzzer's way into `keyway_fuzz::journal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyway_fuzz::journal::check(data));
