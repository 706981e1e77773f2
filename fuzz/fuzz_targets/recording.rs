//! A recording is read or refused, whatever is in the file; what is read has an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segno::{Standard, testing::Recording};

fuzz_target!(|data: &[u8]| {
    match Recording::<Standard>::read(data) {
        Ok(recording) => assert!(recording.end.is_some(), "a file without an end is truncated"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
