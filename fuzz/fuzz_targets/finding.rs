//! Handlers of any shape, with anything going wrong: whatever is found is found again, by its replay string.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segno::testing::{Tape, World, explore};
use segno_fuzz::Program;

fuzz_target!(|case: (Program, &[u8])| {
    let (program, bytes) = case;
    let find = |tape: Tape| {
        let program = program.clone();
        explore(move |io, _| program.clone().respond(io), World::new).tape(tape).find(|_, _| ())
    };
    if let Err(finding) = find(Tape::bytes(bytes)) {
        let again = find(finding.replay().parse().expect("a replay string")).expect_err("it is found again");
        assert_eq!(again.to_string(), finding.to_string());
    }
});
