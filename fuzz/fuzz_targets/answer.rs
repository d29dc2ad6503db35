//! libfuzzer's way into `keyway_fuzz::answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyway_fuzz::answer::check(data));
