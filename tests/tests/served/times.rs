//! How long a client may take for what, and that it is not hurried otherwise.

use std::{
    io::Read,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use segno::{
    Io, Request, Response, ResponseHead, Result, Router, WriteErrorKind,
    smol::{Backend, ServerOptions},
};

use crate::{
    client::{After, PATIENCE, get},
    server::{Running, options},
};

async fn hello(_: Io, _: Request) -> Result<Response> {
    Ok(Response::text("hello"))
}

async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    Ok(Response::text(request.body.text(&mut io, 1 << 20).await?))
}

const SHORT: Duration = Duration::from_millis(150);

#[test]
fn a_new_connection_that_says_nothing_is_ended() {
    let options = ServerOptions { first_byte_time: SHORT, idle_time: PATIENCE * 10, ..options() };
    let server = Running::with(Router::new().get("/", hello), Backend::new(), options);
    let mut served = server.client();
    assert_eq!(served.get("/").text(), "hello");
    let mut begun = server.client();
    begun.send("GET / HTTP/1.1\r\n");
    let mut silent = server.client();
    assert_eq!(silent.ends(), After::Close, "it is not told anything");
    assert_eq!(served.get("/").text(), "hello", "the second request may take longer");
    begun.send("Host: test\r\n\r\n");
    assert_eq!(begun.reply().text(), "hello", "what has begun may take longer");
}

#[test]
fn a_body_that_trickles_in_is_given_up() {
    let options = ServerOptions { body_time: SHORT, ..options() };
    let server = Running::with(Router::new().post("/", echo), Backend::new(), options);
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n");
    let begun = Instant::now();
    let mut trickles = client.stream.try_clone().unwrap();
    let trickle = thread::spawn(move || {
        while begun.elapsed() < PATIENCE && std::io::Write::write_all(&mut trickles, b"x").is_ok() {
            thread::sleep(SHORT / 20);
        }
    });
    let reply = client.reply();
    assert_eq!((reply.status, reply.header("connection")), (408, Some("close")));
    trickle.join().unwrap();
    assert!(begun.elapsed() < PATIENCE, "the server reads on");
}

#[test]
fn framing_that_trickles_in_is_given_up_like_a_body() {
    let options = ServerOptions { body_time: SHORT, ..options() };
    let server = Running::with(Router::new().post("/", echo), Backend::new(), options);
    for begins in ["5;", "0\r\na:"] {
        let mut client = server.client();
        client.send(format!("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{begins}"));
        let begun = Instant::now();
        let mut trickles = client.stream.try_clone().unwrap();
        let trickle = thread::spawn(move || {
            while begun.elapsed() < PATIENCE && std::io::Write::write_all(&mut trickles, b"x").is_ok() {
                thread::sleep(SHORT / 20);
            }
        });
        assert_eq!(client.reply().status, 408, "{begins:?}");
        trickle.join().unwrap();
        assert!(begun.elapsed() < PATIENCE, "the server reads on: {begins:?}");
    }
}

#[test]
fn a_head_that_has_begun_gets_no_second_time() {
    let (first_byte_time, head_time) = (SHORT * 9, SHORT * 10);
    let options = ServerOptions { first_byte_time, head_time, ..options() };
    let server = Running::with(Router::new().get("/", hello), Backend::new(), options);
    let mut client = server.client();
    let begun = Instant::now();
    client.send("GET / HTTP/1.1\r\n");
    assert_eq!(client.reply().status, 408);
    assert!(begun.elapsed() < first_byte_time + head_time, "its time began anew: {:?}", begun.elapsed());
}

#[test]
fn a_client_that_sips_at_its_response_is_cut_after_the_deadline() {
    const LENGTH: usize = 64 << 20;
    let long = async |_: Io, _: Request| Ok(Response::text("x".repeat(LENGTH)));
    let options = ServerOptions { deadline: Some(SHORT), cleanup_time: SHORT, ..options() };
    let server = Running::with(Router::new().get("/", long), Backend::new(), options);
    let mut client = server.client();
    client.send(get("/"));
    let (begun, mut taken) = (Instant::now(), 0);
    while begun.elapsed() < PATIENCE {
        match client.stream.read(&mut [0; 4096]) {
            Ok(0) | Err(_) => break,
            Ok(length) => taken += length,
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert!(begun.elapsed() < PATIENCE, "it still sips");
    assert!(taken < LENGTH);
}

#[test]
fn a_handler_may_take_its_time_for_a_body() {
    // Longer than the client has for it.
    let slowly = async |mut io: Io, request: Request| {
        io.sleep(SHORT * 2).await?;
        echo(io, request).await
    };
    let options = ServerOptions { body_time: SHORT, body_idle_time: SHORT, ..options() };
    let server = Running::with(Router::new().post("/", slowly), Backend::new(), options);
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nabcde");
    assert_eq!(client.reply().text(), "abcde");
}

#[test]
fn a_client_that_reads_a_byte_now_and_then_is_cut_off() {
    let (send, ended) = mpsc::channel();
    let floods = move |mut io: Io, _| {
        let send = send.clone();
        async move {
            let mut out = io.respond(ResponseHead::text()).await?;
            loop {
                if let Err(error) = out.write(&mut io, vec![b'x'; 1 << 20]).await {
                    send.send(error.kind).unwrap();
                    return Err(error.into());
                }
            }
        }
    };
    let options = ServerOptions { write_time: SHORT, ..options() };
    let server = Running::with(Router::new().get("/", floods), Backend::new(), options);
    let mut client = server.client();
    client.send(get("/"));
    let begun = Instant::now();
    let error = loop {
        if let Ok(error) = ended.try_recv() {
            break error;
        }
        assert!(begun.elapsed() < PATIENCE, "the server writes on");
        client.stream.read_exact(&mut [0]).unwrap();
        thread::sleep(SHORT / 20);
    };
    assert_eq!(error, WriteErrorKind::Timeout);
}
