//! Many requests at once, in one world.

use std::cell::RefCell;

use segno_core::{IntoHandler, PerformedBy};

use super::{
    end::End,
    finding::{Explored, Finding},
    laws::Standards,
    setting::{Setting, setting},
    simulation::Client,
    trial::{Tapes, Trial},
    world::{Session, World},
};

/// Begins a simulation of a server with this handler, or this router, and many clients in one world.
///
/// The handlers of the clients run side by side; where one asks for an effect, another may go on: the tape says which. By
/// default nothing fails and nobody is stopped, and every schedule with at most two unusual turns is tried;
/// [`seeds`](Simulate::seeds) tries schedules by chance, for many clients.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
/// use segno::{Answer, Effect, Io, Perform, Replay, Request, Response, Result, Standard, Stopped};
/// use segno::testing::{Session, World, get, simulate};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Load;
/// #[derive(Clone, Debug, PartialEq)]
/// struct Store(u64);
///
/// impl Effect for Load {
///     type Output = u64;
///     type Error = Stopped;
///     const NAME: &'static str = "load";
///     fn replay(&self) -> Replay { Replay::Read }
/// }
/// impl Effect for Store {
///     type Output = ();
///     type Error = Stopped;
///     const NAME: &'static str = "store";
///     fn replay(&self) -> Replay { Replay::Once }
/// }
/// segno::effects! { enum Counter (CounterOutcome): Standard + { Load, Store } }
///
/// impl Perform<Load> for Session<AtomicU64> {
///     async fn perform(&self, _: Load) -> Answer<Load> { Ok(self.state().load(Relaxed)) }
/// }
/// impl Perform<Store> for Session<AtomicU64> {
///     async fn perform(&self, store: Store) -> Answer<Store> { Ok(self.state().store(store.0, Relaxed)) }
/// }
///
/// async fn count(mut io: Io<Counter>, _: Request) -> Result<Response> {
///     let number = io.perform(Load).await? + 1;
///     io.perform(Store(number)).await?;
///     Ok(Response::text(number.to_string()))
/// }
///
/// let lost = simulate(count, || World::new().state(AtomicU64::new(0)))
///     .clients(2, |_| get("/"))
///     .find(|world, _ends| assert_eq!(world.own().load(Relaxed), 2, "a visitor was not counted"))
///     .unwrap_err();
/// assert!(lost.what().contains("a visitor was not counted"));
/// ```
///
/// # Panics
///
/// If it is a router whose routes are in conflict.
#[track_caller]
pub fn simulate<S, X, W>(handler: impl IntoHandler<S>, world: W) -> Simulate<S, W>
where
    S: Standards + PerformedBy<Session<X>>,
    X: Send + Sync + 'static,
    W: Fn() -> World<X>,
{
    let mut setting = Setting::new(handler, world, Vec::new());
    setting.plan.limits.faults = false;
    setting.plan.limits.stops.clear();
    Simulate(setting)
}

/// A server, its clients, and the schedules that are tried.
#[derive(Debug)]
#[must_use = "a simulation runs when it is given a check"]
pub struct Simulate<S: Standards, W>(Setting<S, W>);

setting!(Simulate);

impl<S: Standards, W> Simulate<S, W> {
    /// Adds a client: a request, or a [`Client`] that says when it comes and how long it waits.
    pub fn client(mut self, client: impl Into<Client>) -> Self {
        self.0.plan.clients.push(client.into());
        self
    }

    /// Adds so many clients; each gets its number, from 0.
    pub fn clients<C: Into<Client>>(mut self, count: usize, client: impl Fn(usize) -> C) -> Self {
        self.0.plan.clients.extend((0..count).map(|number| client(number).into()));
        self
    }

    /// Lets effects fail as well, as [`explore`](super::explore) does.
    pub fn with_faults(mut self) -> Self {
        self.0.plan.limits.faults = true;
        self
    }

    /// Runs the server with every tape, and checks the world and the ends of all requests, in the order of their clients.
    ///
    /// # Panics
    ///
    /// If there is a [finding](Self::find), with all of it.
    #[track_caller]
    pub fn check<X>(self, check: impl FnMut(&World<X>, &[End])) -> Explored
    where
        S: PerformedBy<Session<X>>,
        X: Send + Sync + 'static,
        W: Fn() -> World<X>,
    {
        Explored::claim(self.find(check))
    }

    /// Runs the server with every tape, and checks the world and the ends of all requests.
    ///
    /// # Errors
    ///
    /// If something is wrong with a run, as for [`Explore::find`](super::Explore::find).
    ///
    /// # Panics
    ///
    /// If it has no clients.
    #[track_caller]
    pub fn find<X>(self, check: impl FnMut(&World<X>, &[End])) -> Result<Explored, Box<Finding>>
    where
        S: PerformedBy<Session<X>>,
        X: Send + Sync + 'static,
        W: Fn() -> World<X>,
    {
        let Setting { plan, world, tapes } = self.0;
        assert!(!plan.clients.is_empty(), "the simulation has no clients: add some by `client` or `clients`");
        Trial { plan: &plan, world, check: RefCell::new(check) }.run(tapes)
    }
}
