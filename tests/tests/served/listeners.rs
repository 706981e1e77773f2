//! Where a server listens.

use std::{
    io::{Read, Write},
    net::TcpListener,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Command, Stdio},
};

use segno::{
    Io, Request, Response, Result, Router,
    smol::{Backend, Listener, Server},
};

use crate::{
    client::{Client, PATIENCE, get},
    server::{Running, eventually, options},
};

async fn hello(_: Io, _: Request) -> Result<Response> {
    Ok(Response::text("hello"))
}

fn serve(listeners: Vec<Listener>) -> Running {
    let first = Server::new(Listener::tcp("127.0.0.1:0").unwrap()).options(options());
    let server = listeners.into_iter().fold(first, Server::listen);
    Running::serve(server, Router::new().get("/", hello), Backend::new())
}

/// What a client of a unix socket is answered.
#[track_caller]
pub(crate) fn ask(path: &Path, target: &str) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(get(target).replace("Host", "Connection: close\r\nHost").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_server_serves_all_its_listeners() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let second = Listener::tcp("127.0.0.1:0").unwrap();
    let address = second.local_address().unwrap();
    let mut server = serve(vec![second, Listener::unix(&path).unwrap()]);
    for _ in 0..3 {
        assert_eq!(server.client().get("/").text(), "hello");
        assert_eq!(Client::connect(address).get("/").text(), "hello");
        assert!(ask(&path, "/").ends_with("hello"));
    }
    server.stop();
    assert!(server.has_ended(PATIENCE));
    assert!(!path.exists(), "the socket's file is left over");
}

#[test]
fn a_server_speaks_ipv6() {
    match Listener::tcp("[::1]:0") {
        Ok(listener) => {
            let address = listener.local_address().unwrap();
            let _server = serve(vec![listener]);
            assert_eq!(Client::connect(address).get("/").text(), "hello");
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{error}");
            eprintln!("skipped: this machine has no IPv6");
        }
    }
}

#[test]
fn listeners_that_others_opened_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    let unix = UnixListener::bind(&path).unwrap();
    let mut server = serve(vec![tcp.into(), unix.into()]);
    assert_eq!(Client::connect(address).get("/").text(), "hello");
    assert!(ask(&path, "/").ends_with("hello"));
    server.stop();
    assert!(server.has_ended(PATIENCE));
    assert!(path.exists(), "it is not ours to remove");
}

#[test]
fn a_socket_s_file_is_replaced_only_if_nobody_serves_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "there is no file to be replaced");
    let mut server = serve(vec![Listener::unix(&path).unwrap()]);
    assert!(ask(&path, "/").ends_with("hello"));

    let refused = Listener::unix(&path).unwrap_err().to_string();
    assert!(refused.contains(path.to_str().unwrap()) && refused.contains("another program listens there"), "{refused}");
    assert!(ask(&path, "/").ends_with("hello"), "the refused one does no harm");

    // Who has taken our place keeps it.
    std::fs::remove_file(&path).unwrap();
    let _next = UnixListener::bind(&path).unwrap();
    server.stop();
    assert!(server.has_ended(PATIENCE));
    assert!(path.exists(), "it is another's");
}

#[test]
fn what_is_no_socket_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter");
    std::fs::write(&path, "dear").unwrap();
    let refused = Listener::unix(&path).unwrap_err().to_string();
    assert!(refused.contains("it is no socket"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "dear");
    let refused = Listener::unix(folder.path().join("no/such/folder")).unwrap_err().to_string();
    assert!(refused.contains("cannot listen on"), "{refused}");
    Listener::unix(folder.path().join("x".repeat(200))).unwrap_err();
}

/// This test is two processes: the second runs it again, and serves until its input ends.
#[test]
fn two_processes_share_a_port() {
    let shared = std::env::var(SHARED).ok();
    let address = shared.clone().unwrap_or_else(|| "127.0.0.1:0".into());
    let server = Server::new(Listener::tcp_shared(&*address).unwrap()).options(options());
    let who = async |_: Io, _: Request| Ok(Response::text(std::process::id().to_string()));
    let running = Running::serve(server, Router::new().get("/", who), Backend::new());
    if shared.is_some() {
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        return;
    }
    let mut second = Command::new(std::env::current_exe().unwrap())
        .args(["listeners::two_processes_share_a_port", "--exact"])
        .env(SHARED, running.address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    for process in [second.id(), std::process::id()] {
        eventually("both get clients", || running.client().get("/").text() == process.to_string());
    }
    drop(second.stdin.take());
    assert!(second.wait().unwrap().success());
}

#[test]
fn a_port_is_not_shared_with_those_who_do_not_share() {
    let alone = Listener::tcp("127.0.0.1:0").unwrap();
    let refused = Listener::tcp_shared(alone.local_address().unwrap()).unwrap_err().to_string();
    assert!(refused.contains("another program listens there"), "{refused}");
}

/// The address that the second process shares.
const SHARED: &str = "SEGNO_TEST_SHARED_ADDRESS";
