//! Two handlers of any shape, under a driver that keeps no rule: nothing panics, and what is refused is handed back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segno_fuzz::{Misuse, misuse};

fuzz_target!(|case: Misuse| misuse(&case));
