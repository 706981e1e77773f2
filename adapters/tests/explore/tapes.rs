//! Tapes: what they decide, how they print, how they are read, and how they shrink.

use segno::testing::{Search, Tape, shrink};

#[test]
fn every_run_of_a_tape_is_repeated_by_what_it_prints() {
    let toss = |tape: &mut Tape| -> Vec<u32> { (2..40).map(|of| tape.pick(of / 2, of - of / 2)).collect() };
    let bytes: Vec<u8> = (0..=60).collect();
    for mut tape in (0..50).map(Tape::seeded).chain([Tape::bytes(&bytes), Tape::normal()]) {
        let tosses = toss(&mut tape);
        let mut again: Tape = tape.to_string().parse().unwrap();
        assert_eq!(toss(&mut again), tosses);
        assert_eq!(again.to_string(), tape.to_string());
        assert!(!again.misfits());
    }
}

#[test]
fn what_is_no_replay_string_says_why() {
    for (text, why) in [
        ("", "`v1:`"),
        ("v2:1", "`v1:`"),
        ("v1:1..2", "`` is no decision"),
        ("v1:x", "`x` is no decision"),
        ("v1:1*x", "`1*x` is no decision"),
        ("v1:-1", "`-1` is no decision"),
        ("v1:0*99999999999", "too long"),
        ("v1:0*4000000.0*4000000", "too long"),
    ] {
        let error = text.parse::<Tape>().unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    assert_eq!("v1:".parse::<Tape>().unwrap().to_string(), "v1:");
}

#[test]
fn a_tape_of_another_program_misfits() {
    for (text, misfits) in [("v1:0.1", false), ("v1:0.2", true), ("v1:0.1.1", true), ("v1:0.1.0", false)] {
        let mut tape: Tape = text.parse().unwrap();
        tape.pick(1, 1);
        tape.pick(1, 1);
        assert_eq!(tape.misfits(), misfits, "{text}");
    }
}

#[test]
fn a_search_tries_every_tape_once_and_the_least_unusual_first() {
    // A program whose choices depend on those before.
    let program = |tape: &mut Tape| {
        let first = tape.pick(1, 2);
        let second = if first == 1 { tape.pick(1, 3) } else { 0 };
        (first, second, tape.pick(1, 1))
    };
    let (mut search, mut seen, mut unusual) = (Search::new(3), Vec::new(), 0);
    while let Some(tape) = search.next_tape() {
        let run = program(tape);
        let count = tape.unusual();
        if search.is_new() {
            assert!(count >= unusual, "{run:?} came after one with {unusual}");
            unusual = count;
            assert!(!seen.contains(&run), "{run:?} came twice");
            seen.push(run);
        }
    }
    assert_eq!((search.runs(), seen.len(), search.exhausted()), (12, 12, true));
}

#[test]
fn a_failing_tape_shrinks_to_its_few_causes() {
    let fails = |tape: &mut Tape| {
        let picked: Vec<u32> = (0..200).map(|_| tape.pick(4, 4)).collect();
        picked[17] >= 5 && picked[120] >= 3
    };
    let mut failing = (0..).map(Tape::seeded).find_map(|mut tape| fails(&mut tape).then_some(tape)).unwrap();
    let mut smallest = shrink(&failing, 2_000, fails);
    assert_eq!(smallest.to_string(), "v1:0*17.5/8.0*102.3/8");
    assert!(fails(&mut smallest) && fails(&mut failing.rewound()));
    failing = shrink(&failing, 0, fails);
    assert!(failing.unusual() > 2 || fails(&mut failing), "without attempts, it stays as it was");
}
