//! How many clients are served at a time, and who gives way to whom.

use std::{
    io::Read,
    net::{SocketAddr, TcpStream},
};

use segno::{
    Io, Request, Response, ResponseHead, Result, Router,
    smol::{Backend, Listener, Server, ServerOptions},
};
use socket2::{Domain, Socket, Type};

use crate::{
    client::{After, Client, PATIENCE, get},
    listeners::ask,
    server::{Running, eventually, options},
};

async fn hello(_: Io, _: Request) -> Result<Response> {
    Ok(Response::text("hello"))
}

fn server(options: ServerOptions) -> Running {
    Running::with(Router::new().get("/", hello), Backend::new(), options)
}

#[test]
fn no_more_clients_are_served_than_may_be() {
    let server = server(ServerOptions { max_connections: 2, ..options() });
    let (mut first, mut second) = (server.client(), server.client());
    for client in [&mut first, &mut second] {
        // Before its first request a connection is not taken for idle so soon.
        client.send("GET / HTTP/1.1\r\n");
    }
    // A client that waits for a place does not know.
    let mut third = server.client();
    third.send(get("/"));
    assert_eq!(third.after(), After::Keep);
    second.send("Host: test\r\n\r\n");
    assert_eq!(second.reply().text(), "hello", "who has a place keeps it");
    assert_eq!(third.reply().text(), "hello", "now the second was idle");
    assert_eq!(second.ends(), After::Close);
    first.send("Host: test\r\n\r\n");
    assert_eq!(first.reply().text(), "hello");
}

#[test]
fn one_idle_connection_gives_way_to_one_client() {
    let server = server(ServerOptions { max_connections: 3, ..options() });
    let mut idle: Vec<_> = (0..3).map(|_| server.client()).collect();
    for client in &mut idle {
        assert_eq!(client.get("/").text(), "hello");
    }
    let mut new = server.client();
    assert_eq!(new.get("/").text(), "hello");
    let mut ended = 0;
    eventually("one has ended", || {
        idle.retain_mut(|client| client.after() == After::Keep);
        ended = 3 - idle.len();
        ended > 0
    });
    assert_eq!(ended, 1);
    for client in idle.iter_mut().chain([&mut new]) {
        assert_eq!(client.get("/").text(), "hello");
    }
}

#[test]
fn a_connection_that_never_asked_gives_way_too() {
    let server = server(ServerOptions { max_connections: 1, first_byte_time: PATIENCE * 10, ..options() });
    let mut silent = server.client();
    assert_eq!(silent.after(), After::Keep);
    assert_eq!(server.client().get("/").text(), "hello");
    assert_eq!(silent.ends(), After::Close);
}

#[test]
fn who_is_served_does_not_give_way() {
    let streams = async |mut io: Io, _: Request| {
        let mut out = io.respond(ResponseHead::text()).await?;
        out.write(&mut io, "begun").await?;
        io.chat_recv("go").await?;
        out.write(&mut io, "ended").await?;
        Ok(out.end())
    };
    let goes = async |mut io: Io, _: Request| {
        io.chat_send("go", "on").await?;
        Ok(Response::text("gone"))
    };
    let router = Router::new().get("/stream", streams).get("/go", goes);
    let server = Running::with(router, Backend::new(), ServerOptions { max_connections: 2, ..options() });
    let mut stream = server.client();
    stream.send(get("/stream"));
    stream.head().unwrap();
    assert_eq!(stream.chunks_until("begun"), "begun");
    // Each takes the place of the one before.
    for _ in 0..5 {
        assert_eq!(server.client().get("/go").text(), "gone");
    }
    assert_eq!(stream.chunks_until("ended"), "ended");
}

#[test]
fn one_address_has_no_more_places_than_it_may() {
    let server = server(ServerOptions { max_connections_per_address: Some(2), ..options() });
    let mut served: Vec<_> = (0..2).map(|_| server.client()).collect();
    for client in &mut served {
        assert_eq!(client.get("/").text(), "hello");
    }
    let mut refused = server.client();
    // It was sent nothing.
    let reply = refused.reply();
    assert_eq!(reply.status, 503);
    assert_eq!((reply.header("connection"), reply.header("retry-after")), (Some("close"), Some("5")));
    assert_eq!(refused.ends(), After::Close);
    assert_eq!(from([127, 0, 0, 2], server.address).get("/").text(), "hello", "another address has places of its own");
    served.pop();
    eventually("its place is free", || server.client().get("/").status == 200);
    assert_eq!(served[0].get("/").text(), "hello");
}

#[test]
fn half_of_the_places_are_for_one_address() {
    let options = ServerOptions { max_connections_per_address: None, max_connections: 5, ..options() };
    let server = server(options);
    let mut served: Vec<_> = (0..3).map(|_| server.client()).collect();
    for client in &mut served {
        assert_eq!(client.get("/").text(), "hello");
    }
    assert_eq!(server.client().reply().status, 503);
    assert_eq!(from([127, 0, 0, 2], server.address).get("/").text(), "hello");
}

#[test]
fn those_who_are_sent_away_cost_nobody_a_place() {
    let server = server(ServerOptions { max_connections: 4, max_connections_per_address: Some(1), ..options() });
    let mut served = server.client();
    assert_eq!(served.get("/").text(), "hello");
    // More than are told why at a time; none of them goes away by itself.
    let refused: Vec<_> = (0..400).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    for address in 2..5 {
        assert_eq!(from([127, 0, 0, address], server.address).get("/").text(), "hello");
    }
    assert_eq!(served.get("/").text(), "hello");
    for mut stream in refused {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut said = Vec::new();
        // A reset is as good.
        if stream.read_to_end(&mut said).is_ok() && !said.is_empty() {
            assert!(said.starts_with(b"HTTP/1.1 503 "), "{}", String::from_utf8_lossy(&said));
        }
    }
}

#[test]
fn unix_sockets_have_no_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let limits = ServerOptions { max_connections_per_address: Some(1), ..options() };
    let server = Server::bind("127.0.0.1:0").unwrap().listen(Listener::unix(&path).unwrap()).options(limits);
    let _server = Running::serve(server, Router::new().get("/", hello), Backend::new());
    let _others: Vec<_> = (0..3).map(|_| std::os::unix::net::UnixStream::connect(&path).unwrap()).collect();
    assert!(ask(&path, "/").ends_with("hello"));
}

/// A client with this address.
fn from(address: [u8; 4], server: SocketAddr) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    Client::new(socket.into())
}
