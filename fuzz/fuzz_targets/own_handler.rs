//! Any failures of one's own handler, in three lines: what its author would check by hand is checked for every run that the
//! fuzzer thinks of. What it finds is printed with a replay string, for a test.
#![no_main]

use std::slice::from_ref;

use libfuzzer_sys::fuzz_target;
use segno::testing::{Tape, explore, post};
use segno_fuzz::zoo::{check, order, world};

fuzz_target!(|data: &[u8]| {
    explore(order, world)
        .request(post("/order"))
        .tape(Tape::bytes(data))
        .check(|world, end| check(world, from_ref(end)));
});
