#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| clearprop_fuzz::within_budget(data, clearprop_fuzz::targets::trials));
