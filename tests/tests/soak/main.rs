//! A mixed load, good and hostile at once: all good requests are answered right, and nothing stays behind.
//!
//! It takes `SOAK_SECONDS`, by default 5.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod good;
mod hostile;
mod server;

use std::{
    fs,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use server::Running;

#[test]
fn a_mixed_load_leaves_nothing_behind() {
    let seconds = std::env::var("SOAK_SECONDS").map_or(5.0, |text| text.parse().unwrap());
    let server = Running::start();
    // Threads, pools and the like begin with the first requests, and stay.
    load(server.address, Duration::from_millis(300));
    let descriptors = settled(count_descriptors());
    let half = Duration::from_secs_f64(seconds / 2.0);
    let first_good = load(server.address, half);
    settled(descriptors);
    let resident = resident();
    let second_good = load(server.address, half);
    settled(descriptors);
    let grown = self::resident().saturating_sub(resident);
    println!(
        "{first_good} and {second_good} good requests; {descriptors} descriptors; {resident} bytes, and {grown} more"
    );
    assert!(first_good.min(second_good) >= LEAST, "{first_good} and {second_good} requests are no load");
    assert!(grown <= SLACK, "{grown} bytes were kept of the second half, after {resident} of the first");
    server.end_with_no_task_left();
}

/// All kinds of clients at once, for so long; gives the number of good requests, all of which were answered right.
fn load(address: SocketAddr, time: Duration) -> u64 {
    let ended = Arc::<AtomicBool>::default();
    let hostile: Vec<_> = hostile::ALL
        .iter()
        .map(|attack| {
            let ended = ended.clone();
            thread::spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    attack(address);
                }
            })
        })
        .collect();
    let good: Vec<_> = (0..GOOD_CLIENTS)
        .map(|number| {
            let ended = ended.clone();
            thread::spawn(move || {
                let mut asked = 0;
                while !ended.load(Ordering::Relaxed) {
                    asked += good::visit(address, number + asked);
                }
                asked
            })
        })
        .collect();
    thread::sleep(time);
    ended.store(true, Ordering::Relaxed);
    for attack in hostile {
        attack.join().unwrap();
    }
    good.into_iter().map(|good| good.join().unwrap()).sum()
}

/// Waits until the process has no more descriptors than these; gives how many it has.
#[track_caller]
fn settled(most: usize) -> usize {
    let begun = Instant::now();
    loop {
        let open = count_descriptors();
        let idle = open <= most;
        if idle && begun.elapsed() >= server::LONGEST {
            return open;
        }
        assert!(begun.elapsed() < PATIENCE, "{open} descriptors are open, and there were {most}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// How many descriptors are open; 0 where nobody says.
fn count_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// The memory that this process has, in bytes; 0 where nobody says.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or_default() * 1024
}

const GOOD_CLIENTS: u64 = 3;

/// Fewer good requests in half the time would be a server that serves nobody.
const LEAST: u64 = 20;

/// What the allocator may keep of one half beyond what it kept of the other: pages that it gives back later, and arenas of
/// the clients' threads. A connection that leaks would be more, since there are thousands.
const SLACK: u64 = 4 << 20;

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
