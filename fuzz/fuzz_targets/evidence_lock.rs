#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| covouch_fuzz::evidence_lock(bytes));
