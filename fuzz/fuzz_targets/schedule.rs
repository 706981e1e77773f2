//! Many requests at once, in any order, with any faults and stops: all end, all laws hold, and the shop adds up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segno::{
    StopReason,
    testing::{Tape, simulate},
};
use segno_fuzz::zoo;

fuzz_target!(|data: &[u8]| {
    let [count, rest @ ..] = data else { return };
    let (clients, tape) = rest.split_at(rest.len().min(usize::from(count % 7) * 2));
    let clients = zoo::clients(clients);
    if clients.is_empty() {
        return;
    }
    let simulation = simulate(zoo::router(), zoo::world).with_faults().may_wait().may_fail();
    clients
        .into_iter()
        .fold(simulation, |simulation, client| simulation.client(client))
        .stops(&[StopReason::Disconnected, StopReason::Deadline, StopReason::Shutdown])
        .tape(Tape::bytes(tape))
        .check(zoo::check);
});
