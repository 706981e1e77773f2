//! The client over TLS, against certificates that are made for each test.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{Arc, mpsc},
};

use futures_rustls::{
    pki_types::PrivateKeyDer,
    rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring},
};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use segno::{Happened, HttpErrorKind, HttpRequest, smol::HttpClient};

use crate::{
    OK, client, client_with, get, send,
    server::{Server, drain, is_closed, read_request},
    soon,
};

/// A server with a certificate for these names, and that certificate in DER and PEM.
fn secured(
    names: &[&str],
    script: impl Fn(StreamOwned<ServerConnection, TcpStream>) + Send + Sync + 'static,
) -> (Server, [Vec<u8>; 2]) {
    secured_with(parameters(names), script)
}

fn parameters(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().copied().map(String::from).collect::<Vec<_>>()).unwrap()
}

/// A server with a certificate that it has signed itself.
fn secured_with(
    parameters: CertificateParams,
    script: impl Fn(StreamOwned<ServerConnection, TcpStream>) + Send + Sync + 'static,
) -> (Server, [Vec<u8>; 2]) {
    let signing_key = KeyPair::generate().unwrap();
    let cert = parameters.self_signed(&signing_key).unwrap();
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

/// What the client says that is wrong with a server.
fn complaint(client: &HttpClient, url: String) -> String {
    let error = get(client, url.clone()).unwrap_err();
    assert_eq!((error.kind, error.happened), (HttpErrorKind::Tls, Happened::No), "{error}");
    let origin = url.strip_suffix("/?secret").unwrap();
    let message = error.message.strip_prefix(&format!("{origin}: the TLS handshake failed: "));
    message.unwrap_or_else(|| panic!("{error}")).to_owned()
}

#[test]
fn a_certificate_error_says_what_is_wrong() {
    let here = || parameters(&["localhost", "127.0.0.1"]);
    let mut expired = here();
    expired.not_after = date_time_ymd(2001, 2, 3);
    let mut early = here();
    early.not_before = date_time_ymd(4001, 2, 3);
    let mut other_use = here();
    other_use.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let many: Vec<_> = (0..7).map(|n| format!("www{n}.example")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    for (parameters, start, end) in [
        (expired, "the server's certificate expired ", " days ago"),
        (early, "the server's certificate is not valid yet, only in ", " days, if this machine's clock is right"),
        (parameters(&["a.example"]), "the server's certificate is for another name: ", "a.example"),
        (parameters(&["10.0.0.1"]), "the server's certificate is for another name: ", "10.0.0.1"),
        (parameters(&many), "the server's certificate is for another name: www0.example, ", "www4.example and 2 more"),
        (parameters(&[]), "the server's certificate is for another name: ", "it has none"),
        (other_use, "the server's certificate is not valid: ", "client authentication"),
    ] {
        let (server, [certificate, _]) = secured_with(parameters, |mut stream| {
            assert!(stream.read(&mut [0]).is_err());
        });
        let client = client_with(|options| options.root_certificates.push(certificate));
        for url in [by_name(&server), by_address(&server)] {
            let complaint = complaint(&client, url);
            assert!(complaint.starts_with(start) && complaint.ends_with(end), "{complaint}");
        }
    }
    let (server, _) = secured(&["localhost"], |mut stream| drop(stream.read(&mut [0])));
    let unknown = "the server's certificate is signed by no authority that is trusted; ";
    assert!(complaint(&client(), by_name(&server)).starts_with(unknown));
}

#[test]
fn what_speaks_no_tls_is_called_so() {
    let plain = Server::start(|_, mut stream| {
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        drain(&mut stream);
    });
    assert_eq!(complaint(&client(), by_address(&plain)), "what answers there does not speak TLS");
    let closing = Server::start(|_, mut stream| drop(stream.read(&mut [0; 4_096])));
    assert_eq!(complaint(&client(), by_name(&closing)), "the server closed the connection");
    // An alert: it knows no such name.
    let alerting = Server::start(|_, mut stream| {
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.write_all(b"\x15\x03\x03\0\x02\x02\x70").unwrap();
        drain(&mut stream);
    });
    assert_eq!(complaint(&client(), by_name(&alerting)), "the server refuses the handshake: UnrecognisedName");
}

#[test]
fn a_server_is_told_the_name_that_is_meant() {
    let (told, names) = mpsc::channel();
    let (server, [certificate, _]) = secured(&["localhost", "127.0.0.1"], move |mut stream| {
        read_request(&mut stream);
        told.send(stream.conn.server_name().map(String::from)).unwrap();
        assert_eq!(stream.conn.alpn_protocol(), None, "the server did not choose one");
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let client = client_with(|options| options.root_certificates.push(certificate));
    get(&client, by_name(&server)).unwrap();
    assert_eq!(soon(&names).as_deref(), Some("localhost"));
    get(&client, by_address(&server)).unwrap();
    assert_eq!(soon(&names), None, "an address is not sent as a name");
}

#[test]
fn redirects_lead_to_tls_and_not_away_from_it() {
    let plain = Server::repeating(OK);
    let away = format!("HTTP/1.1 307 Away\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", plain.url("/?secret"));
    let (secure, [certificate, _]) = secured(&["127.0.0.1"], move |mut stream| {
        while let Some(request) = read_request(&mut stream) {
            let reply = if request.starts_with(b"GET /away") { &away } else { OK };
            stream.write_all(reply.as_bytes()).unwrap();
        }
    });
    let client = client_with(|options| options.root_certificates.push(certificate));
    let url = |path: &str| format!("https://{}{path}", secure.address);
    let to = |path| Server::once(format!("HTTP/1.1 301 Up\r\nlocation: {}\r\n\r\n", url(path)));

    assert_eq!(get(&client, to("/").url("/")).unwrap().text(), "ok");
    for from in [url("/away"), to("/away").url("/")] {
        let error = get(&client, from).unwrap_err();
        assert_eq!((error.kind, error.happened), (HttpErrorKind::Redirect, Happened::Unknown), "{error}");
        assert!(error.message.contains("it leads from `https` to `http`"), "{error}");
        assert!(!error.message.contains("secret"), "{error}");
    }
    assert_eq!(plain.accepted(), 0);
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
        let error = HttpClient::new(options).unwrap_err();
        assert_eq!((error.kind, error.happened), (HttpErrorKind::Tls, Happened::No));
    }
}

const BODY: usize = 3_000_000;
