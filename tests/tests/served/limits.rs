//! Times and numbers that a client cannot exceed, however slowly or quickly it goes.

use std::{
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use segno::{
    Io, Request, Response, ResponseHead, Result, Router, StopReason,
    adapter::{Backend as Opens, Exchange},
    smol::{Backend, Server, ServerOptions, Session},
};

use crate::{
    client::{After, PATIENCE, get, post},
    server::{Running, options},
};

async fn hello(_: Io, _: Request) -> Result<Response> {
    Ok(Response::text("hello"))
}

fn server(options: ServerOptions) -> Running {
    Running::with(Router::new().get("/", hello).post("/", hello), Backend::new(), options)
}

#[test]
fn a_deadline_stops_the_handler() {
    let (send, ended) = std::sync::mpsc::channel();
    let waits = move |mut io: Io, _| {
        let send = send.clone();
        async move {
            let end = io.chat_recv("never").await;
            send.send(end.clone().unwrap_err().kind).unwrap();
            Ok(Response::text(end?.to_string()))
        }
    };
    let streams = async |mut io: Io, _: Request| {
        let mut out = io.respond(ResponseHead::text()).await?;
        out.write(&mut io, "begun").await?;
        io.chat_recv("never").await?;
        Ok(out.end())
    };
    let options = ServerOptions { deadline: Some(Duration::from_millis(100)), ..options() };
    let router = Router::new().get("/", waits).get("/stream", streams).get("/hello", hello);
    let server = Running::with(router, Backend::new(), options);
    let mut client = server.client();
    let reply = client.get("/");
    assert_eq!((reply.status, &*reply.text()), (503, "the request took too long\n"));
    assert_eq!(ended.recv_timeout(PATIENCE).unwrap(), StopReason::Deadline.into());
    assert_eq!(client.get("/hello").text(), "hello", "the connection is in order");
    client.send(get("/stream"));
    client.head().unwrap();
    assert_eq!(client.chunks_until("begun"), "begun");
    client.chunk().unwrap_err();
}

#[test]
fn a_stopped_handler_that_does_not_end_is_dropped() {
    // In a cleanup, a handler may go on asking; not for ever.
    let lingers = async |mut io: Io, _: Request| {
        let stopped = io.chat_recv("never").await;
        io.cleanup().sleep(Duration::from_secs(3_600)).await?;
        stopped?;
        Ok(Response::text("not reached"))
    };
    let floods = async |mut io: Io, _: Request| {
        let mut out = io.respond(ResponseHead::text()).await?;
        let stopped = io.chat_recv("never").await;
        let mut cleanup = io.cleanup();
        while stopped.is_err() {
            out.write(&mut cleanup, vec![b'x'; 1 << 20]).await?;
        }
        Ok(out.end())
    };
    let options = ServerOptions {
        deadline: Some(Duration::from_millis(50)),
        cleanup_time: Duration::from_millis(200),
        ..options()
    };
    let router = Router::new().get("/", lingers).get("/flood", floods).get("/hello", hello);
    let server = Running::with(router, Backend::new(), options);
    let mut client = server.client();
    assert_eq!(client.get("/").status, 503);
    assert_eq!(client.get("/hello").text(), "hello");
    client.send(get("/flood"));
    client.head().unwrap();
    // The write that is on its way keeps nothing from ending.
    thread::sleep(Duration::from_millis(600));
    while client.chunk().is_ok_and(|chunk| !chunk.is_empty()) {}
    client.chunk().unwrap_err();
}

#[test]
fn a_head_that_trickles_in_is_given_up() {
    let server = server(ServerOptions { head_time: Duration::from_millis(300), ..options() });
    let begun = Instant::now();
    let mut client = server.client();
    // Each byte comes soon after the one before; all of them together take too long.
    for byte in "GET / HTTP/1.1\r\nHost: test\r\nX-Slow: ".bytes().chain(std::iter::repeat(b'x')) {
        if begun.elapsed() > PATIENCE || client.try_send([byte]).is_err() || client.stream.peek_now() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(client.reply().status, 408);
    assert!(begun.elapsed() < PATIENCE);
}

/// Whether something has come.
trait Peek {
    fn peek_now(&self) -> bool;
}

impl Peek for TcpStream {
    fn peek_now(&self) -> bool {
        self.set_nonblocking(true).unwrap();
        let seen = self.peek(&mut [0]).is_ok();
        self.set_nonblocking(false).unwrap();
        seen
    }
}

#[test]
fn a_connection_without_a_request_is_ended() {
    let server = server(ServerOptions { idle_time: Duration::from_millis(100), ..options() });
    let mut silent = server.client();
    assert_eq!(silent.ends(), After::Close);
    let mut client = server.client();
    assert_eq!(client.get("/").text(), "hello");
    assert_eq!(client.ends(), After::Close);
    // Line ends are no request.
    let mut client = server.client();
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && client.try_send("\r").is_ok() && client.try_send("\n").is_ok() {
        if client.stream.peek_now() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn empty_lines_before_a_request_are_skipped_but_not_without_end() {
    let server = server(options());
    for lines in [1, 2, 8] {
        let mut client = server.client();
        client.send("\r\n".repeat(lines) + &get("/"));
        assert_eq!(client.reply().text(), "hello");
    }
    for lines in [9, 1_000] {
        let mut client = server.client();
        client.send("\r\n".repeat(lines) + &get("/"));
        assert_eq!(client.reply().status, 400);
        assert_ne!(client.ends(), After::Keep);
    }
}

#[test]
fn an_unread_body_that_trickles_in_ends_the_connection() {
    let server = server(options());
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 60000\r\n\r\n");
    assert_eq!(client.reply().text(), "hello");
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && client.try_send("x").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(begun.elapsed() < PATIENCE, "the server reads on");
}

#[test]
fn what_is_sent_to_an_ending_connection_is_not_read_for_ever() {
    let server = server(options());
    let mut client = server.client();
    client.send("nonsense\r\n\r\n");
    assert_eq!(client.reply().status, 400);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && client.try_send("x").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(begun.elapsed() < PATIENCE, "the server reads on");
}

#[test]
fn a_head_has_a_limit_and_no_more_is_read() {
    let server = server(options());
    let starts = ["GET /", "GET / HTTP/1.1\r\nHost: test\r\nX-Long: "];
    for (start, status) in starts.iter().zip([414, 431]) {
        let mut client = server.client();
        client.send(start);
        let piece = [b'x'; 64 * 1024];
        let sent = (0..1_000).take_while(|_| client.try_send(piece).is_ok()).count();
        assert!(sent < 200, "{sent} pieces were taken");
        // The answer may be lost with a connection that was sent to after its end.
        if let Ok(reply) = client.try_reply(false) {
            assert_eq!(reply.status, status);
        }
    }
}

#[test]
fn places_are_given_back() {
    let panics = async |_: Io, _: Request| -> Result<Response> { panic!("the panic of limits") };
    let router = Router::new().get("/", hello).post("/", hello).get("/panic", panics);
    let server = Running::with(router, Backend::new(), ServerOptions { max_connections: 1, ..options() });
    for round in 0..50 {
        let mut client = server.client();
        match round % 5 {
            0 => assert_eq!(client.get("/").status, 200),
            1 => client.send("GET / HT"),
            2 => client.send("nonsense\r\n\r\n"),
            3 => client.send(&post("/", "body")[..52]),
            _ => assert_eq!(client.get("/panic").status, 500),
        }
    }
    assert_eq!(server.client().get("/").text(), "hello");
}

#[test]
fn a_burst_of_clients_is_queued() {
    let allowed =
        std::fs::read_to_string("/proc/sys/net/core/somaxconn").map_or(128, |text| text.trim().parse().unwrap());
    let server = Server::bind("127.0.0.1:0").unwrap();
    // Nobody accepts: who is not queued does not get a connection.
    let clients: Vec<_> = (0..500.min(allowed))
        .map(|number| {
            TcpStream::connect_timeout(&server.local_address(), Duration::from_secs(5))
                .unwrap_or_else(|error| panic!("client {number}: {error}"))
        })
        .collect();
    drop(clients);
}

/// A backend that keeps the exchanges of its sessions.
struct Keeps(Backend, Arc<Mutex<Vec<Exchange>>>);

impl Opens for Keeps {
    type Session = Session;

    fn open(&self, request: &Request, exchange: Exchange) -> Session {
        self.1.lock().unwrap().push(exchange.clone());
        self.0.open(request, exchange)
    }
}

#[test]
fn an_exchange_that_is_kept_ends_its_connection_and_does_no_harm() {
    let kept = Arc::<Mutex<Vec<Exchange>>>::default();
    let router = Router::new().get("/", hello).post("/", hello);
    let server = Running::with(router, Keeps(Backend::new(), kept.clone()), options());
    let mut client = server.client();
    client.send(get("/") + &get("/"));
    assert_eq!(client.reply().text(), "hello");
    assert_ne!(client.ends(), After::Keep, "the second request is not answered by the wrong session");
    let exchange = kept.lock().unwrap().pop().unwrap();
    smol::block_on(exchange.write("more".into())).unwrap_err();
    smol::block_on(exchange.respond(ResponseHead::text())).unwrap_err();
    assert_eq!(server.client().get("/").text(), "hello");
}

#[test]
fn thousands_of_clients_may_wait_at_once() {
    const CLIENTS: usize = 2_000;
    static SERVED: AtomicUsize = AtomicUsize::new(0);
    let counts = async |_: Io, _: Request| {
        SERVED.fetch_add(1, Ordering::SeqCst);
        Ok(Response::text("hello"))
    };
    let server = Running::new(Router::new().get("/", counts));
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| server.client()).collect();
    for client in clients.iter_mut().rev() {
        client.send(get("/"));
    }
    for client in &mut clients {
        assert_eq!(client.reply().text(), "hello");
    }
    assert_eq!(SERVED.load(Ordering::SeqCst), CLIENTS);
}
