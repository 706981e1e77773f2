//! Replay strings of any text: refused, or read and printed alike; and what a tape decided is decided again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segno::testing::Tape;

fuzz_target!(|case: (&str, &[u8], Vec<(u8, u8)>)| {
    let (text, bytes, choices) = case;
    let mut tapes = vec![Tape::bytes(bytes)];
    tapes.extend(text.parse());
    for mut tape in tapes {
        let printed = tape.to_string();
        assert_eq!(printed.parse::<Tape>().expect("what was printed can be read").to_string(), printed);
        let decide = |tape: &mut Tape| -> Vec<u32> {
            choices.iter().map(|(usual, unusual)| tape.pick((*usual).into(), (*unusual).into())).collect()
        };
        let decided = decide(&mut tape);
        assert!(decided.iter().zip(&choices).all(|(chosen, of)| *chosen <= u32::from(of.0) + u32::from(of.1)));
        let mut again = tape.to_string().parse().expect("a replay string");
        assert_eq!(decide(&mut again), decided);
    }
});
