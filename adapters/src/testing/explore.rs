//! Every failure of one request's handler.

use std::cell::RefCell;

use segno_core::{IntoHandler, PerformedBy};

use super::{
    end::End,
    finding::{Explored, Finding},
    laws::Standards,
    request::{TestRequest, get},
    setting::{Setting, setting},
    simulation::Client,
    trial::{Tapes, Trial},
    world::{Session, World},
};

/// Begins an exploration of this handler, or this router: every run of it with at most two things that go wrong.
///
/// `world` makes the world of each run. At every effect, everything from its [menu](crate::Effect::faults) is tried: carried out
/// and not, where it can be both; once, and from then on. So are the client that goes away, the deadline and the
/// shutdown; every winner of a race, and every order of a join. See the [module](super) for what counts as wrong.
///
/// ```
/// use segno::{HttpReply, HttpRequest, Io, Request, Response, Result};
/// use segno::testing::{World, explore, post};
///
/// async fn pay(mut io: Io, _: Request) -> Result<Response> {
///     let request = HttpRequest::post("http://bank.internal/charge").body("1999");
///     io.http_send(request).await?.success()?;
///     Ok(Response::text("paid"))
/// }
///
/// let world = || World::new().peer("bank.internal", |_| Ok(HttpReply::new(200, "charged")));
/// let explored = explore(pay, world).request(post("/pay")).check(|_world, end| {
///     assert!(end.error().is_some() || end.body() == b"paid");
/// });
/// assert_eq!(explored.to_string(), "explored 17 runs, all that there are");
/// ```
///
/// # Panics
///
/// If it is a router whose routes are in conflict.
#[track_caller]
pub fn explore<S, X, W>(handler: impl IntoHandler<S>, world: W) -> Explore<S, W>
where
    S: Standards + PerformedBy<Session<X>>,
    X: Send + Sync + 'static,
    W: Fn() -> World<X>,
{
    let clients = vec![Client::new(get("/"))];
    Explore(Setting::new(handler, world, clients))
}

/// A handler, and what it is tried with.
#[derive(Debug)]
#[must_use = "an exploration runs when it is given a check"]
pub struct Explore<S: Standards, W>(Setting<S, W>);

setting!(Explore);

impl<S: Standards, W> Explore<S, W> {
    /// Sets the request; without it, `GET /`.
    pub fn request(mut self, request: TestRequest) -> Self {
        self.0.plan.clients = vec![Client::new(request)];
        self
    }

    /// Runs the handler with every tape, and checks each end; gives how much was explored.
    ///
    /// # Panics
    ///
    /// If there is a [finding](Self::find), with all of it.
    #[track_caller]
    pub fn check<X>(self, check: impl FnMut(&World<X>, &End)) -> Explored
    where
        S: PerformedBy<Session<X>>,
        X: Send + Sync + 'static,
        W: Fn() -> World<X>,
    {
        Explored::claim(self.find(check))
    }

    /// Runs the handler with every tape, and checks each end.
    ///
    /// # Errors
    ///
    /// If something is wrong with a run: the check panics, a law is broken, the handler fails with 500 or more though nothing
    /// goes wrong, does something else the second time, panics, waits for ever, asks without an end, awaits what is no effect,
    /// or makes no response.
    pub fn find<X>(self, mut check: impl FnMut(&World<X>, &End)) -> Result<Explored, Box<Finding>>
    where
        S: PerformedBy<Session<X>>,
        X: Send + Sync + 'static,
        W: Fn() -> World<X>,
    {
        let Setting { plan, world, tapes } = self.0;
        let check = |world: &World<X>, ends: &[End]| ends.iter().for_each(|end| check(world, end));
        Trial { plan: &plan, world, check: RefCell::new(check) }.run(tapes)
    }
}
