//! The client over TLS, against certificates that are made for each test.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use futures_rustls::{
    pki_types::PrivateKeyDer,
    rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring},
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use segno::{Happened, HttpErrorKind, HttpRequest};

use crate::{
    OK, client, client_with, get, send,
    server::{Server, is_closed, read_request},
};

/// A server with a certificate for these names, and that certificate in DER and PEM.
fn secured(
    names: &[&str],
    script: impl Fn(StreamOwned<ServerConnection, TcpStream>) + Send + Sync + 'static,
) -> (Server, [Vec<u8>; 2]) {
    let names: Vec<_> = names.iter().copied().map(String::from).collect();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let server = Server::start(move |_, stream| {
        script(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream));
    });
    (server, [cert.der().to_vec(), cert.pem().into_bytes()])
}

fn keeping(mut stream: StreamOwned<ServerConnection, TcpStream>) {
    while read_request(&mut stream).is_some() {
        stream.write_all(OK.as_bytes()).unwrap();
    }
}

fn by_name(server: &Server) -> String {
    format!("https://localhost:{}/?secret", server.address.port())
}

fn by_address(server: &Server) -> String {
    format!("https://{}/?secret", server.address)
}

#[test]
fn a_trusted_server_is_talked_to_over_one_connection() {
    let (server, certificates) = secured(&["localhost", "127.0.0.1"], keeping);
    for (index, certificate) in certificates.into_iter().enumerate() {
        let client = client_with(|options| options.root_certificates.push(certificate));
        for _ in 0..3 {
            assert_eq!(get(&client, by_address(&server)).unwrap().text(), "ok");
        }
        assert_eq!(server.accepted(), 2 * index + 1);
        for _ in 0..3 {
            assert_eq!(get(&client, by_name(&server)).unwrap().text(), "ok");
        }
        assert_eq!(server.accepted(), 2 * index + 2);
    }
}

#[test]
fn a_server_that_is_not_trusted_gets_no_request() {
    let (server, [certificate, _]) = secured(&["elsewhere.example"], |mut stream| {
        assert!(stream.read(&mut [0]).is_err());
    });
    let other_name = client_with(|options| options.root_certificates.push(certificate));
    let plain = Server::start(|_, mut stream| {
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let closing = Server::start(|_, _| {});
    for (client, url) in [
        (client(), by_name(&server)),
        (other_name.clone(), by_name(&server)),
        (other_name, by_address(&server)),
        (client(), by_address(&closing)),
        (client(), by_address(&plain)),
    ] {
        let error = get(&client, url).unwrap_err();
        assert_eq!((error.kind, error.happened), (HttpErrorKind::Tls, Happened::No), "{error}");
        assert!(!error.message.contains("secret"));
    }
}

#[test]
fn only_a_proper_end_ends_a_body_without_length() {
    let reply = b"HTTP/1.1 200 OK\r\n\r\nuntil the end";
    let (server, [certificate, _]) = secured(&["127.0.0.1"], move |mut stream| {
        let polite = read_request(&mut stream).unwrap().starts_with(b"GET /polite");
        stream.write_all(reply).unwrap();
        if polite {
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        }
    });
    let client = client_with(|options| options.root_certificates.push(certificate));
    let url = |path| format!("https://{}{path}", server.address);
    assert_eq!(get(&client, url("/polite")).unwrap().text(), "until the end");
    let error = get(&client, url("/cut")).unwrap_err();
    assert_eq!((error.kind, error.happened), (HttpErrorKind::ConnectionLost, Happened::Unknown), "{error}");
}

#[test]
fn large_bodies_go_out_while_the_reply_comes_in() {
    let (server, [certificate, _]) = secured(&["127.0.0.1"], |mut stream| {
        let request = read_request(&mut stream).unwrap();
        let body = &request[request.len() - BODY..];
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {BODY}\r\n\r\n").unwrap();
        stream.write_all(body).unwrap();
        assert!(is_closed(&mut stream.sock));
    });
    let client = client_with(|options| options.root_certificates.push(certificate));
    let body: Vec<u8> = (0..BODY).map(|n| (n % 251) as u8).collect();
    let request = HttpRequest::put(format!("https://{}/", server.address)).body(body.clone());
    assert!(send(&client, request).unwrap().body == body);
}

#[test]
fn what_is_no_certificate_is_refused() {
    for bytes in [&b"\x30\x03abc"[..], b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n"] {
        let options = segno::smol::HttpClientOptions { root_certificates: vec![bytes.to_vec()], ..Default::default() };
        let error = segno::smol::HttpClient::new(options).unwrap_err();
        assert_eq!((error.kind, error.happened), (HttpErrorKind::Tls, Happened::No));
    }
}

const BODY: usize = 3_000_000;
