//! What the drive loop tells a session.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::{
    future::pending,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use segno::{Answer, Effect, Io, Perform, Replay, Result, Stopped, Tasklet, adapter::Session, drive};
use smol::Timer;

/// Gives how often the session was told that its tasklet waits.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    /// What it waits for before that.
    after: Option<Duration>,
}

impl Effect for Told {
    type Output = usize;
    type Error = Stopped;
    const NAME: &'static str = "told";

    fn replay(&self) -> Replay {
        Replay::Once
    }
}

segno::effects! {
    /// All that the handlers of this file ask for.
    enum Set (Outcome): { Told }
}

#[derive(Default)]
struct Listens(AtomicUsize);

impl Session for Listens {
    fn waits(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Perform<Told> for Listens {
    async fn perform(&self, told: Told) -> Answer<Told> {
        if let Some(after) = told.after {
            Timer::after(after).await;
        }
        Ok(self.0.load(Ordering::Relaxed))
    }
}

#[test]
fn a_session_is_told_when_its_tasklet_waits_and_when_it_has_ended() {
    let session = Listens::default();
    let handler = Tasklet::new(async |mut io: Io<Set>| {
        let (at_once, later) = (Told { after: None }, Told { after: Some(Duration::from_millis(1)) });
        for _ in 0..10 {
            assert_eq!(io.perform(at_once.clone()).await?, 0, "what is ready at once is no wait");
        }
        let told = io.perform(later.clone()).await?;
        assert!(told > 0);
        assert_eq!(io.perform(at_once.clone()).await?, told);
        let one = async |io: &mut Io<Set>| io.perform(at_once).await;
        let (first, second) = io.join2(one, async |io| io.perform(later).await).await;
        assert_eq!(first?, told, "one lane need not wait");
        let second = second?;
        assert!(second > told);
        Result::<_>::Ok(second)
    });
    let told = smol::block_on(drive(handler, &session, pending())).unwrap().unwrap();
    assert!(session.0.load(Ordering::Relaxed) > told, "it has ended");
}
