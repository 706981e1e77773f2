//! A trace that can be read can be printed, and reads back as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segno_core::{Standard, Trace};

fuzz_target!(|data: &[u8]| {
    let Ok(trace) = serde_json::from_slice::<Trace<Standard>>(data) else {
        return;
    };
    let printed = serde_json::to_string(&trace).expect("what was read can be printed");
    let again: Trace<Standard> = serde_json::from_str(&printed).expect("what was printed can be read");
    assert_eq!(again, trace);
});
