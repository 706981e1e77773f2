//! A handler of any shape, under a driver that does anything: the tasklet keeps its promises, and never panics or hangs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segno_fuzz::{Case, drive};

fuzz_target!(|case: Case| drive(&case));
