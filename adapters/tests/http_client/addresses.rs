//! Whom the client talks to, when it is asked for a stranger.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Mutex, mpsc},
};

use segno::{Happened, HttpErrorKind, HttpRequest, smol::Addresses};

use crate::{
    OK, client, client_with, get, send,
    server::{Server, read_request},
    soon,
};

#[test]
fn public_is_what_the_whole_internet_can_reach() {
    for (public, addresses) in [(true, PUBLIC), (false, NOT_PUBLIC)] {
        for address in addresses.split_whitespace() {
            let address = SocketAddr::new(address.parse().unwrap(), 80);
            assert_eq!(Addresses::public().allow(address), public, "{address}");
            assert!(Addresses::any().allow(address));
        }
    }
}

const PUBLIC: &str = "
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
    169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0
    198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
    2000:: 2001:200:: 2001:4860:4860::8888 2001:db7:ffff:: 2001:db9:: 2003:: 2606:4700:4700::1111 2a00:1450::
    3ffe:: 3fff:1000:: ::ffff:8.8.8.8 64:ff9b::8.8.8.8";

const NOT_PUBLIC: &str = "
    0.0.0.0 0.1.2.3 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255 127.0.0.1
    127.255.255.255 169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192
    192.0.2.1 192.88.99.1 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1
    239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255
    :: ::1 ::2 ::7f00:1 ::8.8.8.8 ::ffff:0.0.0.0 ::ffff:127.0.0.1 ::ffff:10.1.2.3 ::ffff:169.254.169.254
    ::ffff:192.168.1.1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1
    64:ff9b:1::8.8.8.8 64:ff9b:0:0:1::808:808 100::1 100:0:0:1::1 1fff:ffff:: 2001:: 2001:0:4136:e378:8000:63bf:3fff:fdd2
    2001:1::1 2001:2::1 2001:10::1 2001:20::1 2001:1ff:ffff:: 2001:db8::1 2001:db8:ffff:: 2002:7f00:1::
    2002:a00:1:: 2002:c0a8:101:: 2002:808:808:: 3fff::1 3fff:fff:: 4000:: 5f00::1 fc00::1 fd00:ec2::254 fdff:ffff::
    fe80::1 fe80::a9fe:a9fe febf:ffff:: fec0::1 feff:ffff:: ff00:: ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

/// This machine, in all the ways that a URL can say it.
#[test]
fn no_notation_gets_around_it() {
    let server = Server::repeating(OK);
    let port = server.address.port();
    let public = client_with(|options| options.addresses = Addresses::public());
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
        "127\u{3002}0\u{3002}0\u{3002}1",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        // An answer of the resolver.
        "localhost",
        "LOCALHOST",
        "\u{24db}ocalhost",
    ] {
        let url = format!("http://{host}:{port}/?secret");
        let asked = HttpRequest::get(url.clone()).public_only();
        for error in [send(&client(), asked).unwrap_err(), get(&public, url).unwrap_err()] {
            assert_eq!((error.kind, error.happened), (HttpErrorKind::Blocked, Happened::No), "{host}: {error}");
            assert!(!error.message.contains("secret"));
        }
    }
    assert_eq!(server.accepted(), 0);
    assert_eq!(get(&client(), server.url("/")).unwrap().text(), "ok");
}

#[test]
fn a_request_and_its_client_must_both_allow_an_address() {
    let server = Server::repeating(OK);
    let none = client_with(|options| options.addresses = Addresses::only(|_| false));
    let error = get(&none, server.url("/")).unwrap_err();
    assert_eq!((error.kind, error.happened), (HttpErrorKind::Blocked, Happened::No));
    assert!(error.message.ends_with("127.0.0.1 is not one of the client's `addresses`"), "{error}");

    let own = server.address;
    let own = client_with(|options| options.addresses = Addresses::only(move |address| address == own));
    assert_eq!(get(&own, server.url("/")).unwrap().text(), "ok");
    let error = send(&own, HttpRequest::get(server.url("/")).public_only()).unwrap_err();
    assert_eq!((error.kind, error.happened), (HttpErrorKind::Blocked, Happened::No));
    assert!(error.message.ends_with("127.0.0.1 is not public, as the request wants it"), "{error}");
}

#[test]
fn an_idle_connection_is_no_way_around_it() {
    let (server, client) = (Server::repeating(OK), client());
    for url in [server.url("/"), format!("http://localhost:{}/", server.address.port())] {
        assert_eq!(get(&client, url.clone()).unwrap().text(), "ok");
        let connections = server.accepted();
        let error = send(&client, HttpRequest::get(url.clone()).public_only()).unwrap_err();
        assert_eq!((error.kind, error.happened), (HttpErrorKind::Blocked, Happened::No));
        assert_eq!(get(&client, url).unwrap().text(), "ok");
        assert_eq!(server.accepted(), connections, "the connection was kept for those who may use it");
    }
}

#[test]
fn a_redirect_is_no_way_around_it() {
    let inside = Server::repeating(OK);
    let (locations, leads) = mpsc::channel::<String>();
    let leads = Mutex::new(leads);
    let server = Server::start(move |_, mut stream| {
        while read_request(&mut stream).is_some() {
            let location = soon(&leads.lock().unwrap());
            let reply = format!("HTTP/1.1 302 There\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(reply.as_bytes()).unwrap();
        }
    });
    let port = server.address.port();
    let client = client_with(|options| options.addresses = Addresses::only(move |address| address.port() == port));
    for host in ["127.0.0.1", "localhost", "2130706433", "[::1]"] {
        locations.send(format!("http://{host}:{}/", inside.address.port())).unwrap();
        let error = get(&client, server.url("/")).unwrap_err();
        assert_eq!((error.kind, error.happened), (HttpErrorKind::Blocked, Happened::Unknown), "{error}");
    }
    assert_eq!(inside.accepted(), 0);
}

#[test]
fn of_several_addresses_only_those_are_tried_that_are_allowed() {
    let server = Server::repeating(OK);
    let (asked, seen) = mpsc::channel();
    let client = client_with(|options| {
        options.addresses = Addresses::only(move |address| {
            asked.send(address).unwrap();
            address.is_ipv4()
        });
    });
    let url = format!("http://localhost:{}/", server.address.port());
    assert_eq!(get(&client, url).unwrap().text(), "ok");
    assert!(seen.try_iter().any(|address| address == server.address));
}

#[test]
fn a_rule_of_ones_own_sees_ipv4_whatever_its_notation() {
    let this = IpAddr::from(Ipv4Addr::LOCALHOST);
    let others = Addresses::only(move |address| address.ip() != this);
    assert!(!others.allow("127.0.0.1:80".parse().unwrap()));
    assert!(!others.allow("[::ffff:127.0.0.1]:80".parse().unwrap()));
    assert!(others.allow("127.0.0.2:80".parse().unwrap()));
    assert_eq!(others.clone(), others);
    assert_ne!(others, Addresses::only(|_| true));
    assert_ne!(Addresses::any(), Addresses::public());
}
