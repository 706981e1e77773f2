//! The end of a server: nothing new, nothing torn that had begun, and nothing that waits for ever.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use segno::{
    ChatErrorKind, Io, Request, Response, ResponseHead, Result, Router, StopReason,
    smol::{Backend, ServerOptions},
};

use crate::{
    client::{After, PATIENCE, get},
    logs,
    server::{Running, eventually, options},
};

fn patient() -> ServerOptions {
    ServerOptions { grace: PATIENCE, ..options() }
}

async fn hello(_: Io, _: Request) -> Result<Response> {
    Ok(Response::text("hello"))
}

#[test]
fn idle_connections_are_ended_and_nothing_new_is_taken() {
    let mut server = Running::with(Router::new().get("/", hello), Backend::new(), patient());
    let mut idle: Vec<_> = (0..10).map(|_| server.client()).collect();
    for client in &mut idle[..5] {
        assert_eq!(client.get("/").text(), "hello");
    }
    server.stop();
    for client in &mut idle {
        assert_ne!(client.ends(), After::Keep);
    }
    assert!(server.has_ended(PATIENCE));
    std::net::TcpStream::connect(server.address).unwrap_err();
}

#[test]
fn a_running_request_is_finished_and_its_connection_ended() {
    let (entered, enters) = mpsc::channel();
    let go = Arc::<AtomicBool>::default();
    let gone_on = go.clone();
    let waits = move |mut io: Io, _| {
        let (entered, go) = (entered.clone(), gone_on.clone());
        async move {
            entered.send(()).unwrap();
            while !go.load(Ordering::SeqCst) {
                io.sleep(Duration::from_millis(1)).await?;
            }
            Ok(Response::text("finished"))
        }
    };
    let mut server = Running::with(Router::new().get("/", waits), Backend::new(), patient());
    let mut client = server.client();
    client.send(get("/"));
    enters.recv_timeout(PATIENCE).unwrap();
    let mut half = server.client();
    half.send("GET / HTTP/1.1\r\nHo");
    half.after();
    server.stop();
    eventually("nothing new is taken", || std::net::TcpStream::connect(server.address).is_err());
    assert_eq!(client.after(), After::Keep, "the handler has not ended");
    // A request that has begun to come is waited for.
    half.send("st: test\r\n\r\n");
    enters.recv_timeout(PATIENCE).unwrap();
    go.store(true, Ordering::SeqCst);
    assert_eq!(client.reply().text(), "finished");
    assert_eq!(client.ends(), After::Close);
    let reply = half.reply();
    assert_eq!((&*reply.text(), reply.header("connection")), ("finished", Some("close")));
    assert!(server.has_ended(PATIENCE));
}

#[test]
fn an_answer_that_begins_after_the_shutdown_says_that_the_connection_ends() {
    let (entered, enters) = mpsc::channel();
    let go = Arc::<AtomicBool>::default();
    let gone_on = go.clone();
    let waits = move |mut io: Io, request: Request| {
        let (entered, go) = (entered.clone(), gone_on.clone());
        async move {
            entered.send(()).unwrap();
            while !go.load(Ordering::SeqCst) {
                io.sleep(Duration::from_millis(1)).await?;
            }
            if request.path() == "/whole" {
                return Ok(Response::text("finished"));
            }
            let mut out = io.respond(ResponseHead::text()).await?;
            out.write(&mut io, "finished").await?;
            Ok(out.end())
        }
    };
    let mut server = Running::with(Router::new().fallback(waits), Backend::new(), patient());
    let mut clients = [server.client(), server.client()];
    for (client, path) in clients.iter_mut().zip(["/whole", "/stream"]) {
        client.send(get(path));
        enters.recv_timeout(PATIENCE).unwrap();
    }
    server.stop();
    eventually("nothing new is taken", || std::net::TcpStream::connect(server.address).is_err());
    go.store(true, Ordering::SeqCst);
    for client in &mut clients {
        let reply = client.reply();
        assert_eq!((&*reply.text(), reply.header("connection")), ("finished", Some("close")));
        assert_eq!(client.ends(), After::Close);
    }
    assert!(server.has_ended(PATIENCE));
}

#[test]
fn a_shutdown_under_load_tears_nothing_that_has_begun() {
    const CLIENTS: usize = 50;
    const PIECES: usize = 40;
    let streams = async |mut io: Io, _: Request| {
        let mut out = io.respond(ResponseHead::text()).await?;
        for number in 0..PIECES {
            out.write(&mut io, format!("{number};{}\n", "x".repeat(4_000))).await?;
            io.sleep(Duration::from_millis(5)).await?;
        }
        Ok(out.end())
    };
    let mut server = Running::with(Router::new().get("/", streams), Backend::new(), patient());
    let address = server.address;
    let begun = Arc::<AtomicUsize>::default();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let begun = begun.clone();
            thread::spawn(move || {
                let mut client = crate::client::Client::connect(address);
                client.send(get("/"));
                assert_eq!(client.head().unwrap().status, 200);
                begun.fetch_add(1, Ordering::SeqCst);
                let mut body = Vec::new();
                loop {
                    match client.chunk().unwrap() {
                        chunk if chunk.is_empty() => return body,
                        chunk => body.extend(chunk),
                    }
                }
            })
        })
        .collect();
    eventually("all have begun", || begun.load(Ordering::SeqCst) == CLIENTS);
    server.stop();
    for client in clients {
        let body = String::from_utf8(client.join().unwrap()).unwrap();
        assert_eq!(body.lines().count(), PIECES);
    }
    assert!(server.has_ended(PATIENCE));
}

#[test]
fn a_handler_that_waits_for_ever_is_stopped_after_the_grace() {
    let (send, ended) = mpsc::channel();
    let waits = move |mut io: Io, request: Request| {
        let send = send.clone();
        async move {
            let mut out = None;
            if request.path() == "/stream" {
                let mut stream = io.respond(ResponseHead::text()).await?;
                stream.write(&mut io, "begun").await?;
                out = Some(stream);
            }
            let error = io.chat_recv("never").await.unwrap_err();
            send.send(error.kind).unwrap();
            match out {
                Some(stream) if request.query("well")?.unwrap_or(false) => Ok(stream.end()),
                Some(_) | None => Err(error.into()),
            }
        }
    };
    let options = ServerOptions { grace: Duration::from_millis(200), ..options() };
    let mut server =
        Running::with(Router::new().get("/", waits.clone()).get("/stream", waits), Backend::new(), options);
    let mut clients = ["/", "/stream", "/stream?well=true"].map(|path| {
        let mut client = server.client();
        client.send(get(path));
        client
    });
    for client in &mut clients[1..] {
        client.head().unwrap();
        client.chunks_until("begun");
    }
    assert_eq!(clients[0].after(), After::Keep);
    server.stop();
    for _ in 0..3 {
        assert_eq!(ended.recv_timeout(PATIENCE).unwrap(), ChatErrorKind::from(StopReason::Shutdown));
    }
    let reply = clients[0].reply();
    assert_eq!((reply.status, reply.header("connection")), (503, Some("close")));
    clients[1].chunk().unwrap_err();
    assert_eq!(clients[2].chunk().unwrap(), b"", "a handler that ends well is let end well");
    assert!(server.has_ended(PATIENCE));
}

#[test]
fn a_stopped_stream_without_framing_is_torn() {
    let endless = async |mut io: Io, _: Request| {
        let mut out = io.respond(ResponseHead::text()).await?;
        out.write(&mut io, "begun").await?;
        let stopped = io.chat_recv("never").await;
        // It does not end when it is asked to.
        io.cleanup().sleep(Duration::from_secs(3_600)).await?;
        stopped?;
        Ok(out.end())
    };
    let options = ServerOptions { cleanup_time: Duration::from_millis(100), ..options() };
    let mut server = Running::with(Router::new().get("/", endless), Backend::new(), options);
    let mut client = server.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    client.head().unwrap();
    server.stop();
    assert!(server.has_ended(PATIENCE));
    assert!(client.rest().is_err(), "it seems whole");
}

#[test]
fn a_handler_that_never_asks_does_not_keep_the_server() {
    logs::collect();
    static FREE: AtomicBool = AtomicBool::new(false);
    static SPINS: AtomicBool = AtomicBool::new(false);
    let spins = async |_: Io, _: Request| {
        SPINS.store(true, Ordering::SeqCst);
        while !FREE.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(Response::text("free"))
    };
    let options = ServerOptions { cleanup_time: Duration::from_millis(100), ..options() };
    let mut server = Running::with(Router::new().get("/", spins), Backend::new(), options);
    let mut client = server.client();
    client.send(get("/"));
    eventually("it spins", || SPINS.load(Ordering::SeqCst));
    server.stop();
    let ended = server.has_ended(PATIENCE);
    FREE.store(true, Ordering::SeqCst);
    assert!(ended, "the server waits for it");
    logs::line_with(&["ERROR", "left behind"]);
}
