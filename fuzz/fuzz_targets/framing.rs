//! Any bytes on a connection: segno reads the same requests as hyper, or refuses; and the cuts do not matter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segno_fuzz::{Wire, compare};

fuzz_target!(|input: &[u8]| compare(&Wire::new(input)));
