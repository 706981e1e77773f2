//! The script: expectations, and what comes of them.

mod driven;
mod expect;
mod files;
mod own;
mod plan;
mod report;
mod run;
mod standard;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use segno_core::{Answer, Effect, Error, Handler, Has, IntoHandler, Now, Random, Result, Sleep, StopReason, Timestamp};

use super::{again::again, outcomes};

pub use self::{
    expect::{Expect, any, effect, field},
    files::{file_info, read_file},
    own::Scriptable,
    standard::{
        ChatSendExpect, begin, chat_balance, chat_recv, chat_send, chat_subscribe, commit, http_by, http_get,
        http_post, http_send, inform, now, ok, random, reply, respond, rollback, sleep, sql, sql_close, sql_fetch,
        sql_like, sql_stream, transaction, write,
    },
};
use self::{
    own::{Clock, Numbers, Own},
    plan::{Expectation, Plan, Reply},
    run::Run,
};
use super::{request::TestRequest, responded::Responded};

/// Begins a script for this handler, or this router, and this request.
///
/// See [`Script`] for what it can say.
///
/// # Panics
///
/// If it is a router whose routes are in conflict.
#[track_caller]
pub fn script<S: Scriptable>(handler: impl IntoHandler<S>, request: TestRequest) -> Script<S> {
    match handler.into_handler() {
        Ok(handler) => {
            let own = Own::new(request.body.clone());
            Script { handler, request, plan: Plan::new(), own }
        }
        Err(error) => panic!("{error}"),
    }
}

/// What a handler is expected to ask for, and what it is answered.
///
/// An effect is held against what the script [never](Self::never) wants, then the next expectation, then the stubs, the
/// latest first; at last the script answers by itself: the request's body, the response, the [clock](Self::clock), the
/// [random numbers](Self::random). But if the next expectation is about the same effect, it has to be met.
///
/// # Exact order, and any order
///
/// ```
/// # use segno::{Io, Request, Response, Result, rows, testing::{chat_send, get, ok, script, sql, sql_like}};
/// # use segno::testing::any;
/// async fn page(mut io: Io, _: Request) -> Result<Response> {
///     io.sql("select 1", ()).await?;
///     for id in 1..=3 {
///         io.sql("select name from author where id = ?1", [id]).await?;
///     }
///     io.chat_send("readers", "page").await?;
///     Ok(Response::text(""))
/// }
///
/// script(page, get("/"))
///     .expect(sql("select 1", ()), rows!["n"; [1]])
///     .expect(sql_like("select name %"), rows!["name"; ["Ada"]]).times(3)
///     .expect(chat_send("readers").contains("age"), 1)
///     .responds(200);
/// script(page, get("/"))
///     .stub(any::<segno::Sql>(), rows!["n"; [1]])
///     .stub(sql_like("%from author%"), rows!["name"; ["Ada"]]).times(3)
///     .stub_with(chat_send("readers").any(), |send| Ok(send.message.len() as u64))
///     .never(chat_send("writers").any())
///     .responds(200);
/// ```
///
/// # Time and chance
///
/// ```
/// # use std::time::Duration;
/// # use segno::{Io, Request, Response, Result, Timestamp, testing::{chat_recv, get, script}};
/// async fn wait(mut io: Io, _: Request) -> Result<Response> {
///     let limit = Duration::from_secs(io.random(1..=9).await?);
///     let heard = io.timeout(limit, async |io| io.chat_recv("room").await).await;
///     Ok(Response::text(format!("{} at {}", heard.is_ok(), io.now().await?.unix().as_secs())))
/// }
///
/// script(wait, get("/"))
///     .clock(Timestamp::from_unix(Duration::from_secs(100)))
///     .random([5])
///     .expect_pending(chat_recv("room"))
///     .responds(200)
///     .body("false at 105")
///     .took(Duration::from_secs(5));
/// ```
///
/// # Who comes first
///
/// Effects side by side are answered in the order in which they were asked. [`deferred`](Self::deferred) lets the others
/// come first, and [`expect_pending`](Self::expect_pending) is for what loses a race. A [stop](Self::expect_stopped) comes
/// in the place of an answer.
///
/// ```
/// # use segno::{Io, Request, Response, Result, testing::{get, http_get, ok, script}};
/// async fn fastest(mut io: Io, _: Request) -> Result<Response> {
///     let race = io.race2(async |io| io.http_get("http://a/").await, async |io| io.http_get("http://b/").await);
///     match race.await {
///         segno::Race2::A(reply) | segno::Race2::B(reply) => Ok(Response::text(reply?.body)),
///     }
/// }
///
/// script(fastest, get("/"))
///     .expect_pending(http_get("http://a/"))
///     .expect(http_get("http://b/"), ok("b"))
///     .responds(200)
///     .body("b");
/// script(fastest, get("/"))
///     .expect_stopped(http_get("http://a/"), segno::StopReason::Deadline)
///     .expect_pending(http_get("http://b/"))
///     .fails();
/// ```
///
/// # Streams
///
/// The response is collected. Who wants to see its pieces in their order expects them:
///
/// ```
/// # use segno::{Io, Request, Response, ResponseHead, Result, testing::{get, respond, script, write}};
/// async fn count(mut io: Io, _: Request) -> Result<Response> {
///     let mut out = io.respond(ResponseHead::html()).await?;
///     out.write(&mut io, "one, ").await?;
///     out.write(&mut io, "two").await?;
///     Ok(out.end())
/// }
///
/// script(count, get("/")).responds(200).body("one, two");
/// script(count, get("/")).expect(respond(200), ()).expect(write("one, "), ()).expect(write("two"), ()).responds(200);
/// ```
#[must_use = "a script runs when it is asked what the handler responds"]
pub struct Script<S: Scriptable> {
    handler: Handler<S>,
    request: TestRequest,
    plan: Plan<S>,
    own: Own<S>,
}

/// What is expected in this order.
impl<S: Scriptable> Script<S> {
    /// Expects an effect next, and answers it with this output.
    pub fn expect<E: Effect>(self, expected: impl Into<Expect<E>>, output: E::Output) -> Self
    where
        S: Has<E>,
    {
        self.expect_with(expected, move |_| Ok(output.clone()))
    }

    /// Expects an effect next, and answers it with this error.
    pub fn expect_error<E: Effect>(self, expected: impl Into<Expect<E>>, error: E::Error) -> Self
    where
        S: Has<E>,
    {
        self.expect_with(expected, move |_| Err(error.clone()))
    }

    /// Expects an effect next, and answers it with what this closure makes of it.
    pub fn expect_with<E: Effect>(
        self,
        expected: impl Into<Expect<E>>,
        answer: impl FnMut(&E) -> Answer<E> + Send + 'static,
    ) -> Self
    where
        S: Has<E>,
    {
        self.next(expected, Reply::with(answer))
    }

    /// Expects an effect next that is never answered: the lane of a race that loses, or one that a stop ends.
    pub fn expect_pending<E: Effect>(self, expected: impl Into<Expect<E>>) -> Self
    where
        S: Has<E>,
    {
        self.next(expected, Reply::Pending)
    }

    /// Expects an effect next, and stops the handler instead of answering it.
    pub fn expect_stopped<E: Effect>(self, expected: impl Into<Expect<E>>, reason: StopReason) -> Self
    where
        S: Has<E>,
    {
        self.next(expected, Reply::Stop(reason))
    }

    fn next<E: Effect>(mut self, expected: impl Into<Expect<E>>, reply: Reply<S>) -> Self
    where
        S: Has<E>,
    {
        self.plan.expect(Expectation::new(expected.into(), reply));
        self
    }
}

/// What may come in any order.
impl<S: Scriptable> Script<S> {
    /// Answers an effect with this output, at any time, once or more often. Of several stubs that fit, the latest answers.
    pub fn stub<E: Effect>(self, expected: impl Into<Expect<E>>, output: E::Output) -> Self
    where
        S: Has<E>,
    {
        self.stub_with(expected, move |_| Ok(output.clone()))
    }

    /// Answers an effect with this error, at any time, once or more often.
    pub fn stub_error<E: Effect>(self, expected: impl Into<Expect<E>>, error: E::Error) -> Self
    where
        S: Has<E>,
    {
        self.stub_with(expected, move |_| Err(error.clone()))
    }

    /// Answers an effect with what this closure makes of it, at any time, once or more often.
    pub fn stub_with<E: Effect>(
        mut self,
        expected: impl Into<Expect<E>>,
        answer: impl FnMut(&E) -> Answer<E> + Send + 'static,
    ) -> Self
    where
        S: Has<E>,
    {
        self.plan.stub(Expectation::new(expected.into(), Reply::with(answer)));
        self
    }

    /// Never answers an effect, at any time, once or more often.
    pub fn stub_pending<E: Effect>(mut self, expected: impl Into<Expect<E>>) -> Self
    where
        S: Has<E>,
    {
        self.plan.stub(Expectation::new(expected.into(), Reply::Pending));
        self
    }

    /// Expects that an effect is not asked, whatever else fits it.
    pub fn never<E: Effect>(mut self, unwanted: impl Into<Expect<E>>) -> Self
    where
        S: Has<E>,
    {
        self.plan.forbid(unwanted.into());
        self
    }
}

/// More about the last expectation, and the world around the handler.
impl<S: Scriptable> Script<S> {
    /// Says how often the last expectation, or the last stub, is asked: exactly so often, and an expectation in a row. A
    /// stub that has been asked so often leaves the effect to the stubs before it.
    ///
    /// # Panics
    ///
    /// If it does not follow an expectation or a stub, or says zero, which is [`never`](Self::never).
    #[track_caller]
    pub fn times(mut self, times: usize) -> Self {
        self.plan.set_times(times);
        self
    }

    /// Defers the answer of the last expectation, or of the last stub: it comes when nothing else is left to be answered,
    /// before the clock jumps. Of several, the one that was asked first comes first.
    ///
    /// # Panics
    ///
    /// If it does not follow an expectation or a stub, or if that stays pending.
    #[track_caller]
    pub fn deferred(mut self) -> Self {
        self.plan.defer();
        self
    }

    /// Sets a virtual clock. It answers [`Now`], and a [`Sleep`] takes no real time: when there is nothing left to be
    /// answered, the clock jumps to the end of the shortest one.
    pub fn clock(mut self, start: Timestamp) -> Self
    where
        S: Has<Now> + Has<Sleep>,
    {
        self.own.clock = Some(Clock::new(start));
        self
    }

    /// Fixes the random numbers: these, in this order, and no others.
    pub fn random(mut self, numbers: impl IntoIterator<Item = u64>) -> Self
    where
        S: Has<Random>,
    {
        self.own.numbers.get_or_insert_with(Numbers::new).add(numbers);
        self
    }
}

/// What comes of it.
impl<S: Scriptable> Script<S> {
    /// Runs the handler, and expects a response with this status: returned, streamed, or an error's.
    ///
    /// # Panics
    ///
    /// If anything is not as it is expected.
    #[track_caller]
    pub fn responds(self, status: u16) -> Responded {
        match self.run() {
            Ok(responded) => responded.expect_status(status),
            Err(failure) => panic!("{failure}"),
        }
    }

    /// Runs the handler, and expects it to fail, before its response or in the middle of it; gives its error.
    ///
    /// # Panics
    ///
    /// If anything is not as it is expected.
    #[track_caller]
    pub fn fails(self) -> Error {
        match self.run() {
            Ok(responded) => responded.expect_failure(),
            Err(failure) => panic!("{failure}"),
        }
    }

    /// Runs the handler on a thread of its own, so that one that never asks again is found.
    fn run(self) -> Result<Responded, String> {
        let Self { handler, request, plan, own } = self;
        let progress = Arc::new(Mutex::new(String::from("the handler has asked for nothing")));
        let (done, ended) = mpsc::channel();
        let tasklet = handler.tasklet(request.request()).record();
        let mut run = Run::new(tasklet, plan, own, progress.clone());
        let worker = move || {
            let ended = run.finish().and_then(|responded| {
                // The same answers again: a handler that is a function of them asks for the same.
                let second = again(handler.tasklet(request.request()), &run.trace());
                second.map(|_| responded).map_err(|divergence| format!("{NOT_DETERMINISTIC}\n{divergence}"))
            });
            outcomes::keep();
            // The test may have given up.
            let _ = done.send(ended);
        };
        let thread = thread::Builder::new().name("script".into()).spawn(worker);
        thread.map_err(|error| format!("the script cannot be run: {error}"))?;
        ended.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            let last = progress.lock().unwrap_or_else(PoisonError::into_inner);
            Err(match error {
                RecvTimeoutError::Timeout => format!("the handler has run for {PATIENCE:?} without an end; {last}"),
                RecvTimeoutError::Disconnected => format!("the script itself panicked; {last}"),
            })
        })
    }
}

impl<S: Scriptable> fmt::Debug for Script<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self.plan.descriptions();
        f.debug_struct("Script").field("request", &self.request).field("expected", &expected).finish_non_exhaustive()
    }
}

const NOT_DETERMINISTIC: &str = "the handler is not deterministic: with the same answers, it did something else the \
    second time (does it depend on a `HashMap`'s order, on ambient time or chance, or on shared state?)";

/// How long a scripted handler may run: none of its waits takes time, so this is for those that never end.
const PATIENCE: Duration = Duration::from_secs(10);
