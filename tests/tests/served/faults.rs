//! Handlers that do what they must not: the client gets a 500, the log gets the reason, and nobody else is harmed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use segno::{
    Answer, Effect, Io, Perform, Replay, Request, Response, ResponseHead, Result, Router, Standard, Stopped,
    smol::ServerOptions,
};

use crate::{
    client::{After, get},
    logs,
    server::{Running, options},
};

async fn hello(mut io: Io, _: Request) -> Result<Response> {
    io.now().await?;
    Ok(Response::text("hello"))
}

async fn panics(mut io: Io, _: Request) -> Result<Response> {
    let now = io.now().await?;
    panic!("the panic of faults at {now}");
}

async fn panics_in_a_lane(mut io: Io, _: Request) -> Result<Response> {
    let lanes = io.join2(async |io| io.chat_recv("never").await, async |_| -> u8 { panic!("the panic of a lane") });
    lanes.await.0?;
    Ok(Response::text("not reached"))
}

async fn panics_in_the_body(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    out.write(&mut io, "begun").await?;
    panic!("the panic of a stream");
}

#[test]
fn a_panic_is_a_500_and_harms_no_other_connection() {
    logs::collect();
    let router = Router::new().get("/", hello).get("/panic", panics).get("/lane", panics_in_a_lane);
    let server =
        Running::new(router.get("/chat", async |mut io: Io, _: Request| {
            Ok(Response::text(io.chat_recv("faults").await?.to_string()))
        }));
    let mut waiting = server.client();
    waiting.send(get("/chat"));
    let mut client = server.client();
    for path in ["/panic", "/lane"] {
        for _ in 0..10 {
            let reply = client.get(path);
            assert_eq!((reply.status, &*reply.text()), (500, "Internal Server Error\n"));
            assert_eq!(client.get("/").text(), "hello", "not even its own connection");
        }
    }
    logs::line_with(&["ERROR", "the handler panicked: the panic of faults"]);
    logs::line_with(&["ERROR", "the handler panicked: the panic of a lane"]);
    assert_eq!(waiting.after(), After::Keep);
}

#[test]
fn a_panic_after_the_head_tears_the_response() {
    let server = Running::new(Router::new().get("/", panics_in_the_body));
    let mut client = server.client();
    client.send(get("/"));
    client.head().unwrap();
    assert_eq!(client.chunk().unwrap(), b"begun");
    client.chunk().unwrap_err();
    let mut client = server.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    client.head().unwrap();
    client.rest().unwrap_err();
}

#[test]
fn a_panic_before_the_handler_s_future_is_there_is_a_500() {
    logs::collect();
    let early = |_: Io, request: Request| {
        let number: u8 = request.query("n").unwrap().expect("the early panic of faults");
        async move { Ok(Response::text(number.to_string())) }
    };
    let server = Running::new(Router::new().get("/", early));
    let mut client = server.client();
    assert_eq!(client.get("/").status, 500);
    assert_eq!(client.get("/?n=7").text(), "7");
    logs::line_with(&["ERROR", "the handler panicked", "the early panic of faults"]);
}

#[test]
fn a_foreign_await_is_a_500_and_the_log_names_the_line() {
    logs::collect();
    let root = async |mut io: Io, _: Request| {
        io.now().await?;
        smol::Timer::after(Duration::from_secs(1)).await;
        Ok(Response::text("not reached"))
    };
    let line = line!() - 4;
    let lane = async |mut io: Io, _: Request| {
        let waits = async |io: &mut Io| io.chat_recv("never").await;
        let lanes = io.join2(waits, async |_| std::future::pending::<u8>().await);
        lanes.await.0?;
        Ok(Response::text("not reached"))
    };
    let server = Running::new(Router::new().get("/", root).get("/lane", lane).get("/hello", hello));
    let mut client = server.client();
    for path in ["/", "/lane"] {
        assert_eq!(client.get(path).status, 500);
        assert_eq!(client.get("/hello").text(), "hello");
    }
    logs::line_with(&["ERROR", "not an effect", "`now` asked at", &format!("faults.rs:{line}")]);
    logs::line_with(&["ERROR", "not an effect", "`chat_recv` asked at"]);
}

#[test]
fn a_handler_that_never_asks_is_reported_and_harms_no_other() {
    logs::collect();
    static FREE: AtomicBool = AtomicBool::new(false);
    let spins = async |mut io: Io, _: Request| {
        io.now().await?;
        while !FREE.load(Ordering::SeqCst) {
            std::hint::spin_loop();
        }
        Ok(Response::text("free"))
    };
    let line = line!() - 6;
    let server = Running::new(Router::new().get("/spin", spins).get("/", hello));
    let mut spinning = server.client();
    spinning.send(get("/spin"));
    logs::line_with(&["WARN", "for over a second without asking", "`now` asked at", &format!("faults.rs:{line}")]);
    assert_eq!(server.client().get("/").text(), "hello");
    FREE.store(true, Ordering::SeqCst);
    assert_eq!(spinning.reply().text(), "free");
}

/// An effect whose backend panics, or never answers.
#[derive(Clone, Debug, PartialEq)]
enum Broken {
    Panics,
    /// Must not be left half-way, and has no end.
    Holds,
}

impl Effect for Broken {
    type Output = ();
    type Error = Stopped;
    const NAME: &'static str = "broken";
    fn replay(&self) -> Replay {
        Replay::Once
    }
    fn holds(&self) -> bool {
        *self == Self::Holds
    }
}

segno::effects! {
    /// What the handlers of this file ask for.
    pub(crate) enum Faulty (FaultyOutcome): Standard + { Broken }
}

impl Perform<Broken> for segno::smol::Session<Arc<AtomicBool>> {
    async fn perform(&self, broken: Broken) -> Answer<Broken> {
        self.state().store(true, Ordering::SeqCst);
        match broken {
            Broken::Panics => panic!("the panic of a backend"),
            Broken::Holds => std::future::pending().await,
        }
    }
}

#[test]
fn a_backend_that_panics_is_a_500() {
    logs::collect();
    let asks = async |mut io: Io<Faulty>, _: Request| {
        let waits = async |io: &mut Io<Faulty>| io.chat_recv("never").await;
        let lanes = io.join2(waits, async |io| io.perform(Broken::Panics).await);
        lanes.await.0?;
        Ok(Response::text("not reached"))
    };
    let asked = Arc::<AtomicBool>::default();
    let backend = segno::smol::Backend::new().state(asked.clone());
    let router: Router<Faulty> = Router::new().get("/", asks).get("/hello", async |_, _| Ok(Response::text("hello")));
    let server = Running::with(router, backend, options());
    let mut client = server.client();
    assert_eq!(client.get("/").status, 500);
    assert_eq!(client.get("/hello").text(), "hello");
    assert!(asked.load(Ordering::SeqCst));
    logs::line_with(&["ERROR", "the panic of a backend"]);
}

#[test]
fn a_handler_that_asks_without_end_leaves_its_thread_to_others() {
    // One thread for all: a handler whose effects are answered at once must not keep it.
    let polls = async |mut io: Io, _: Request| {
        while io.chat_balance("faults of one thread").await? == 0 {}
        Ok(Response::text(io.chat_send("faults of one thread", "there you are").await?.to_string()))
    };
    let waits =
        async |mut io: Io, _: Request| Ok(Response::text(io.chat_recv("faults of one thread").await?.to_string()));
    let router = Router::new().get("/polls", polls).get("/waits", waits);
    let options = ServerOptions { threads: 1, ..options() };
    let server = Running::with(router, segno::smol::Backend::new(), options);
    let mut polling = server.client();
    polling.send(get("/polls"));
    polling.after();
    let mut waiting = server.client();
    waiting.send(get("/waits"));
    assert_eq!(waiting.reply().text(), "there you are");
    assert_eq!(polling.reply().text(), "1");
}

#[test]
fn what_holds_does_not_hold_its_connection_for_ever() {
    let asks = async |mut io: Io<Faulty>, _: Request| {
        io.perform(Broken::Holds).await?;
        Ok(Response::text("not reached"))
    };
    let options = ServerOptions {
        deadline: Some(Duration::from_millis(50)),
        cleanup_time: Duration::from_millis(100),
        ..options()
    };
    let router: Router<Faulty> = Router::new().get("/", asks).get("/hello", async |_, _| Ok(Response::text("hello")));
    let server = Running::with(router, segno::smol::Backend::new().state(Arc::default()), options);
    let mut client = server.client();
    assert_eq!(client.get("/").status, 503);
    assert_eq!(client.get("/hello").text(), "hello");
}
